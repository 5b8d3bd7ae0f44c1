//! The number of packets of long transfers.

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm::{Port, Speed};
use usbd_acm_tests::fixture::{Application, OnePort, Options, Polling, board};
use usbd_acm_tests::ledger::byte;
use usbd_acm_tests::traffic::InTraffic;
use usbd_acm_virtual::host::{AcmPort, Transfer, linux};
use usbd_acm_virtual::{FullSpeed, HighSpeed};

/// Writes bytes 0 to `total` of stream 7, as many as fit whenever it runs.
fn source<const SLOTS: usize, const SIZE: usize>(
    mut port: Port<SLOTS, SIZE>,
    total: usize,
) -> Application {
    let data: Vec<u8> = (0..total).map(|index| byte(7, index)).collect();
    let mut written = 0;
    Box::new(move |_| {
        while written < total {
            match port.writer.write(&data[written..]) {
                Ok(count) => written += count,
                Err(_) => break,
            }
        }
    })
}

/// Reads `total` bytes; packets with data and without.
fn read<V: OnePort, const SLOTS: usize, const SIZE: usize>(
    options: Options,
    total: usize,
) -> (usize, usize) {
    let mut host = board::<V, _, SLOTS, SIZE>(options, (), |port| source(port, total));
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    let acm = AcmPort::all(&device).remove(0);
    let pipe = acm.function().data_in;
    let traffic = InTraffic::new(pipe.address.number(), pipe.max_packet_size);
    let traffic = host.observe(traffic);
    // More than there is: the zero-length packet ends it.
    let mut transfer = Transfer::read(pipe, 2 * total);
    host.exchange(&mut [&mut transfer], 5_000_000_000);
    assert_eq!(transfer.outcome(), Some(Ok(())));
    assert!(transfer.moved().iter().enumerate().all(|(index, &have)| have == byte(7, index)));
    assert_eq!(transfer.moved().len(), total);
    host.run(10_000_000);
    assert_eq!(host.port().wire().violations(), []);
    let traffic = traffic.borrow();
    (traffic.data_packets(), traffic.zero_length_packets())
}

const MIB: usize = 1 << 20;

#[test]
fn a_mebibyte_is_16384_packets_and_a_zero_length_one() {
    for depth in [1, 2, 4] {
        for polling in [Polling::Always, Polling::OnInterrupt(0)] {
            let options = Options { depth, polling, host: Speed::Full };
            assert_eq!(read::<FullSpeed, 2, 64>(options, MIB), (16_384, 1), "{options:?}");
        }
    }
    // An interrupt that is served late is made up for by more slots.
    let options = Options { polling: Polling::OnInterrupt(25_000), ..Options::default() };
    assert_eq!(read::<FullSpeed, 4, 64>(options, MIB), (16_384, 1));
    assert_eq!(read::<FullSpeed, 8, 64>(options, MIB), (16_384, 1));
}

#[test]
fn at_high_speed_it_is_2048() {
    assert_eq!(read::<HighSpeed, 2, 512>(Options::default(), MIB), (2_048, 1));
    assert_eq!(read::<HighSpeed, 4, 512>(Options::default(), MIB), (2_048, 1));
}

#[test]
fn the_zero_length_packet_follows_from_the_real_packet_size() {
    // 512-byte slots at full speed: packets of 64.
    let options = Options { host: Speed::Full, ..Options::default() };
    for (total, packets) in [(64, (1, 1)), (448, (7, 1)), (512, (8, 1)), (500, (8, 0)), (1, (1, 0))]
    {
        assert_eq!(read::<HighSpeed, 2, 512>(options, total), packets, "{total} bytes");
    }
}

#[test]
fn a_transfer_that_ends_on_a_full_packet_ends_with_one_zero_length_packet() {
    for total in 1..=260 {
        let (data, zero) = read::<FullSpeed, 2, 64>(Options::default(), total);
        assert_eq!((data, zero), (total.div_ceil(64), usize::from(total % 64 == 0)), "{total}");
    }
    for total in [511, 512, 513, 1023, 1024, 1536] {
        let (data, zero) = read::<HighSpeed, 2, 512>(Options::default(), total);
        assert_eq!((data, zero), (total.div_ceil(512), usize::from(total % 512 == 0)), "{total}");
    }
}

#[test]
fn data_that_follows_at_once_needs_no_zero_length_packet() {
    let books = Rc::new(RefCell::new(Vec::new()));
    let written = books.clone();
    let mut host = board::<FullSpeed, _, 2, 64>(Options::default(), (), |mut port| {
        Box::new(move |_| {
            // Full packets only, one after the other, and then a byte.
            let length = if written.borrow().len() < 640 { 64 } else { 1 };
            if written.borrow().len() <= 640 && port.writer.write(&vec![7; length]) == Ok(length) {
                written.borrow_mut().extend(vec![7; length]);
            }
        })
    });
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    let pipe = AcmPort::all(&device)[0].function().data_in;
    let traffic = host.observe(InTraffic::new(pipe.address.number(), 64));
    assert_eq!(host.read(pipe, 6400).unwrap(), *books.borrow());
    assert_eq!(traffic.borrow().data_packets(), 11);
    assert_eq!(traffic.borrow().zero_length_packets(), 0);
}

#[test]
fn a_long_stream_is_flushed_at_its_end_only() {
    const TOTAL: usize = 5 << 16;
    let [endpoints] = FullSpeed::descriptors().ports();
    let traffic = InTraffic::new(endpoints.data_in.number(), 64);
    let traffic = Rc::new(RefCell::new(traffic));
    let acknowledged = traffic.clone();
    let mut host = board::<FullSpeed, _, 2, 64>(Options::default(), (), |mut port| {
        let (mut written, data) = (0, vec![7; TOTAL]);
        Box::new(move |_| {
            // Byte by byte, to see every count that a wrapping counter goes through.
            while written < TOTAL && port.writer.write(&data[written..=written]) == Ok(1) {
                written += 1;
                assert_eq!(port.writer.is_flushed(), Ok(false), "after {written} bytes");
            }
            if port.writer.is_flushed() == Ok(true) {
                assert_eq!(acknowledged.borrow().bytes().len(), written);
            }
        })
    });
    host.observe(traffic.clone());
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    let pipe = AcmPort::all(&device)[0].function().data_in;
    let mut transfer = Transfer::read(pipe, 2 * TOTAL);
    host.exchange(&mut [&mut transfer], 1_000_000_000);
    assert_eq!(traffic.borrow().bytes().len(), TOTAL);
}
