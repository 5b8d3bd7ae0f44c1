//! Bytes both ways: packets, zero-length packets, flush, faults, and runners that are dropped.

use embedded_io_async::{Read, Write};
use usbd_acm::policy::DropNewest;
use usbd_acm_embassy::Flush;
use usbd_acm_virtual::host::Noise;

use crate::rig::{DATA_IN, Options, Parts, Rig, start};
use crate::{Shared, echo, shared};

const MEBIBYTE: usize = 1 << 20;

fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

/// A device that writes this, flushes, and then says so.
fn writing<const SLOTS: usize>(options: Options, data: Vec<u8>) -> (Rig, Shared<bool>) {
    let done = shared(false);
    let flag = done.clone();
    let rig = start::<SLOTS>(options, |mut parts| {
        let mut writer = parts.port().writer;
        parts.executor.spawn(async move {
            writer.connected().await;
            Write::write_all(&mut writer, &data).await.unwrap();
            writer.flush().await.unwrap();
            *flag.borrow_mut() = true;
        });
    });
    (rig, done)
}

#[test]
fn embassy_a_mebibyte_to_the_host_is_16384_packets_and_a_zero_length_one() {
    for flush in [Flush::Taken, Flush::Acknowledged] {
        let mut options = Options::default();
        options.config.flush = flush;
        let (mut rig, done) = writing::<2>(options, pattern(MEBIBYTE));
        let mut port = rig.open();
        assert_eq!(port.read(&mut rig.host, MEBIBYTE).unwrap(), pattern(MEBIBYTE));
        assert_eq!(port.read_for(&mut rig.host, 10_000_000).unwrap(), []);
        assert!(*done.borrow());
        let packets = rig.packets();
        assert_eq!(packets.len(), 16_385);
        assert_eq!(packets.last(), Some(&0));
        assert!(packets[..16_384].iter().all(|length| *length == 64));
    }
}

#[test]
fn embassy_a_mebibyte_from_the_host() {
    let received = shared(Vec::<u8>::new());
    let sink = received.clone();
    let mut rig = start::<2>(Options::default(), |mut parts| {
        let mut reader = parts.port().reader;
        parts.executor.spawn(async move {
            let mut buffer = [0; 100];
            loop {
                let count = Read::read(&mut reader, &mut buffer).await.unwrap();
                assert!(count > 0, "Ok(0) is the end of a file");
                sink.borrow_mut().extend(&buffer[..count]);
            }
        });
    });
    let port = rig.open();
    port.write(&mut rig.host, &pattern(MEBIBYTE)).unwrap();
    rig.host.run(1_000_000);
    assert!(*received.borrow() == pattern(MEBIBYTE), "{} bytes", received.borrow().len());
}

#[test]
fn embassy_a_zero_length_packet_follows_full_packets_alone() {
    for count in [1, 63, 64, 65, 127, 128, 129, 640] {
        let mut options = Options::default();
        options.config.flush = Flush::Taken;
        let (mut rig, _) = writing::<4>(options, pattern(count));
        let mut port = rig.open();
        assert_eq!(port.read_for(&mut rig.host, 10_000_000).unwrap(), pattern(count));
        let packets = rig.packets();
        assert_eq!(
            packets.iter().filter(|length| **length == 0).count(),
            usize::from(count % 64 == 0)
        );
        assert!(packets.last().unwrap() < &64, "{packets:?}");
    }
}

#[test]
fn embassy_flushed_means_that_the_host_has_every_byte() {
    let mut rounds = 0;
    for seed in 0..20 {
        let flushed = shared(0);
        let count = flushed.clone();
        let options = Options { seed, ..Options::default() };
        let mut rig = start::<2>(options, |mut parts| {
            let (mut writer, chip, whims) = (parts.port().writer, parts.chip, parts.whims);
            parts.executor.spawn(async move {
                writer.connected().await;
                let mut written = 0;
                loop {
                    let data = pattern(1 + whims.below(200));
                    Write::write_all(&mut writer, &data).await.unwrap();
                    written += data.len();
                    writer.flush().await.unwrap();
                    let at_host: usize =
                        chip.borrow().endpoints[0][DATA_IN].acknowledged.iter().sum();
                    assert_eq!(at_host, written);
                    *count.borrow_mut() += 1;
                }
            });
        });
        let mut port = rig.open();
        // Nobody reads yet: nothing is flushed.
        rig.host.run(10_000_000);
        assert_eq!(*flushed.borrow(), 0);
        port.read_for(&mut rig.host, 20_000_000).unwrap();
        rounds += *flushed.borrow();
    }
    println!("{rounds} flushes, each acknowledged");
    assert!(rounds > 1000);
}

#[test]
fn embassy_a_driver_that_took_the_last_packet_is_no_proof_that_the_host_has_it() {
    // What `Flush::Taken` promises, and why it is not the default.
    let mut options = Options::default();
    options.config.flush = Flush::Taken;
    let (mut rig, done) = writing::<2>(options, pattern(10));
    rig.open();
    rig.host.run(1_000_000);
    assert!(*done.borrow());
    assert_eq!(rig.packets(), []);
}

#[test]
fn embassy_flush_of_nothing_returns_at_once_and_sends_nothing() {
    let (mut rig, done) = writing::<2>(Options::default(), Vec::new());
    let mut port = rig.open();
    rig.host.run(1_000_000);
    assert!(*done.borrow());
    assert_eq!(port.read_for(&mut rig.host, 1_000_000).unwrap(), []);
    assert_eq!(rig.packets(), []);
}

#[test]
fn embassy_nothing_is_lost_or_doubled_with_faults_and_dropped_runners() {
    let noise = Noise { drop: 600, corrupt: 600, duplicate: 600, nak_storm: 300, delay: 600 };
    let mut faults = 0;
    for seed in 0..40 {
        let options = Options { seed, drops_runner: seed % 2 == 1, ..Options::default() };
        let mut rig = start::<2>(options, |mut parts| {
            let port = parts.port();
            echo(parts.executor, port);
        });
        let mut port = rig.open();
        rig.host.faults().add_noise(seed, noise);
        let data = pattern(20_000);
        let back = port.transfer(&mut rig.host, &data, data.len()).unwrap();
        assert!(back == data, "seed {seed}: {} bytes", back.len());
        faults += rig.host.faults().hits();
        rig.host.faults().clear();
        assert_eq!(port.read_for(&mut rig.host, 10_000_000).unwrap(), [], "seed {seed}");
    }
    println!("{faults} faults");
    assert!(faults > 1000);
}

#[test]
fn embassy_a_full_port_holds_up_nothing_else() {
    // Nobody reads from the first port, and the host does not read from it either.
    let mut rig = start::<2>(Options { ports: 2, ..Options::default() }, |parts| {
        let Parts { executor, mut ports, .. } = parts;
        echo(executor, ports.remove(1));
        let mut writer = ports.remove(0).writer;
        executor.spawn(async move {
            loop {
                writer.connected().await;
                let _ = Write::write_all(&mut writer, &pattern(1000)).await;
            }
        });
    });
    let mut ports = rig.enumerate().1;
    assert_eq!(ports[1].transfer(&mut rig.host, &pattern(5000), 5000).unwrap(), pattern(5000));
    let stuck = ports[0].write(&mut rig.host, &pattern(1000));
    assert_eq!(stuck, Err(usbd_acm_virtual::host::TransferError::Timeout));
    assert_eq!(ports[1].transfer(&mut rig.host, &pattern(500), 500).unwrap(), pattern(500));
}

#[test]
fn embassy_a_writer_with_a_policy_never_waits_and_counts_what_it_loses() {
    let mut writer = None;
    let mut rig = start::<2>(Options::default(), |mut parts| writer = Some(parts.port().writer));
    let mut port = rig.open();
    let mut writer = writer.unwrap().into_inner().with_policy(DropNewest);
    let data = pattern(1000);
    for part in data.chunks(100) {
        writer.write(part).unwrap();
        rig.host.run(100_000);
    }
    let came = port.read_for(&mut rig.host, 10_000_000).unwrap();
    assert_eq!(came.len() + usize::try_from(writer.lost()).unwrap(), data.len());
    assert_eq!(came, data[..came.len()], "the newest are lost");
    assert!(came.len() >= 2 * 64);
}
