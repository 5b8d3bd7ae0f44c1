//! The simulated host against the stack, on the virtual controller: full frames, bad cables.

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm::descriptors::{Descriptors, EndpointSet, Power, descriptors};
use usbd_acm::{Port, Storage};
use usbd_acm_virtual::host::{
    AcmPort, Fault, Host, Noise, PacketKind, Rule, SplitMix64, Statistics, Token, Transfer,
    TransferError, linux, macos, request, windows,
};
use usbd_acm_virtual::{
    Board, FullSpeed, HighSpeed, Nanoseconds, Variant, VirtualController, VirtualWire,
};

macro_rules! device {
    ($ports:expr, $high_speed:expr) => {
        descriptors! {
            endpoints: EndpointSet::first(15),
            ports: $ports,
            vendor_id: 0x1209,
            product_id: 0x0001,
            manufacturer: "usbd-acm",
            product: "Device under test",
            serial_number: "0123456789ABCDEF",
            power: Power::Bus { milliamps: 100 },
            remote_wakeup: true,
            high_speed: $high_speed,
        }
    };
}

static ONE_PORT: Descriptors<1> = device!(1, false);
static TWO_PORTS: Descriptors<2> = device!(2, false);
static HIGH_SPEED: Descriptors<1> = device!(1, true);

type Firmware = Box<dyn FnMut(Nanoseconds)>;
type TestHost = Host<Board<Firmware>>;

/// A host with a device on its cable that runs `application` after every poll.
fn plugged<V: Variant + 'static, const PORTS: usize, const SIZE: usize>(
    descriptors: &'static Descriptors<PORTS>,
    mut application: impl FnMut(&mut [Port<4, SIZE>; PORTS]) + 'static,
) -> TestHost {
    let (controller, wire): (VirtualController<V>, VirtualWire) = VirtualController::new(2);
    let storage = Box::leak(Box::new(Storage::<PORTS, 4, SIZE>::new()));
    let (mut device, mut ports) = storage.split(controller, descriptors, ());
    device.connect();
    let firmware: Firmware = Box::new(move |_| {
        device.poll();
        application(&mut ports);
        device.poll();
    });
    let mut host = Host::new(Board::new(wire, firmware));
    host.plug().unwrap();
    host
}

const CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];

fn opened(host: &mut TestHost) -> AcmPort {
    let device = linux::enumerate(host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(host, &mut port, CODING).unwrap();
    port
}

fn echo<const SIZE: usize>(port: &mut Port<4, SIZE>) {
    while let Ok(bytes) = port.reader.fill_buf() {
        let Ok(count) = port.writer.write(bytes) else { break };
        port.reader.consume(count);
    }
}

/// Sends as much as there is room for.
fn source<const SIZE: usize>(port: &mut Port<4, SIZE>) {
    while port.writer.write(&[0x55; 512]).is_ok() {}
}

/// Takes everything.
fn sink<const SIZE: usize>(port: &mut Port<4, SIZE>) {
    while let Ok(bytes) = port.reader.fill_buf() {
        let count = bytes.len();
        port.reader.consume(count);
    }
}

fn clean(host: &TestHost) {
    assert_eq!(host.port().wire().violations(), []);
}

/// Packets that a transfer moved in `frames` frames or microframes.
fn packets_in(host: &mut TestHost, transfer: &mut Transfer, frames: u64) -> usize {
    let statistics = host.observe(Statistics::default());
    while statistics.borrow().frames == 0 {
        host.exchange(&mut [&mut *transfer], 1_000);
    }
    let before = transfer.moved().len();
    while statistics.borrow().frames <= frames {
        host.exchange(&mut [&mut *transfer], 1_000);
        assert_eq!(transfer.outcome(), None);
    }
    transfer.moved().len() - before
}

#[test]
fn every_full_speed_frame_carries_19_packets_either_way() {
    let mut host = plugged::<FullSpeed, 1, 64>(&ONE_PORT, |[port]| source(port));
    let port = opened(&mut host);
    let mut read = Transfer::stream(port.function().data_in, usize::MAX);
    let bytes = packets_in(&mut host, &mut read, 100);
    // The notification endpoint is polled in some frames, where a packet less fits.
    assert!((100 * 18 * 64..=100 * 19 * 64).contains(&bytes), "{} packets", bytes / 64);

    let mut host = plugged::<FullSpeed, 1, 64>(&ONE_PORT, |[port]| sink(port));
    let port = opened(&mut host);
    port.stop_notifications(&mut host);
    let mut write = Transfer::write(port.function().data_out, &[0xAA; 200 * 19 * 64]);
    assert_eq!(packets_in(&mut host, &mut write, 100), 100 * 19 * 64);
    clean(&host);
}

#[test]
fn every_microframe_carries_13_packets() {
    let mut host = plugged::<HighSpeed, 1, 512>(&HIGH_SPEED, |[port]| source(port));
    let port = opened(&mut host);
    port.stop_notifications(&mut host);
    let mut read = Transfer::stream(port.function().data_in, usize::MAX);
    assert_eq!(packets_in(&mut host, &mut read, 100), 100 * 13 * 512);
    clean(&host);
}

#[test]
fn two_ports_talk_at_once() {
    let mut host = plugged::<FullSpeed, 2, 64>(&TWO_PORTS, |ports| ports.iter_mut().for_each(echo));
    let device = linux::enumerate(&mut host).unwrap();
    let [mut one, mut two] = <[AcmPort; 2]>::try_from(AcmPort::all(&device)).unwrap();
    linux::open(&mut host, &mut one, CODING).unwrap();
    linux::open(&mut host, &mut two, CODING).unwrap();
    let (ones, twos) = (vec![1; 5000], vec![2; 5000]);
    let mut transfers = [
        Transfer::write(one.function().data_out, &ones),
        Transfer::write(two.function().data_out, &twos),
        Transfer::stream(one.function().data_in, 5000),
        Transfer::stream(two.function().data_in, 5000),
    ];
    let mut all: Vec<&mut Transfer> = transfers.iter_mut().collect();
    host.exchange(&mut all, 1_000_000_000);
    assert!(transfers.iter().all(|transfer| transfer.outcome() == Some(Ok(()))));
    assert!(transfers[2].moved() == ones && transfers[3].moved() == twos);
    clean(&host);
}

#[test]
fn an_echo_over_a_noisy_cable_is_exact() {
    let noise = Noise { drop: 800, corrupt: 800, duplicate: 800, nak_storm: 300, delay: 500 };
    for seed in 0..40 {
        let mut host = plugged::<FullSpeed, 1, 64>(&ONE_PORT, |[port]| echo(port));
        let mut port = opened(&mut host);
        host.faults().add_noise(seed, noise);
        let mut sent = vec![0; 5000];
        SplitMix64::new(seed).fill(&mut sent);
        assert!(port.transfer(&mut host, &sent, 5000).unwrap() == sent, "seed {seed}");
        assert_eq!(port.line_coding(&mut host), Ok(CODING), "seed {seed}");
        clean(&host);
    }
}

#[test]
fn a_fault_at_any_packet_of_an_enumeration_leaves_a_device_that_enumerates() {
    let enumerations = [linux::enumerate, windows::enumerate, macos::enumerate];
    let faults = [Fault::Drop, Fault::Duplicate, Fault::Reset, Fault::Unplug];
    for (enumerate, fault) in enumerations.iter().flat_map(|e| faults.map(|fault| (e, fault))) {
        for after in 0.. {
            let mut host = plugged::<FullSpeed, 1, 64>(&ONE_PORT, |[port]| echo(port));
            host.faults().add(Rule::new(PacketKind::Any, fault).after(after));
            let outcome = enumerate(&mut host);
            if host.faults().is_pending() {
                outcome.unwrap();
                break;
            }
            if fault == Fault::Unplug {
                host.plug().unwrap();
            }
            let mut port = opened(&mut host);
            assert_eq!(port.transfer(&mut host, b"alive", 5).unwrap(), b"alive", "{fault:?}");
            clean(&host);
        }
    }
}

#[test]
fn a_reset_at_any_token_of_a_session_ends_it_and_nothing_of_it_is_seen_again() {
    for after in 0..200 {
        let mut host = plugged::<FullSpeed, 1, 64>(&ONE_PORT, |[port]| echo(port));
        let mut port = opened(&mut host);
        host.faults().add(Rule::new(PacketKind::AnyToken, Fault::Reset).after(after));
        let outcome = port.transfer(&mut host, &[0xEE; 20_000], 20_000);
        assert_eq!(outcome, Err(TransferError::BusReset), "token {after}");
        let mut port = opened(&mut host);
        assert_eq!(port.transfer(&mut host, b"new", 3).unwrap(), b"new", "token {after}");
        assert_eq!(port.read_for(&mut host, 5_000_000).unwrap(), b"", "token {after}");
        clean(&host);
    }
}

/// A device that writes what it is told, and whoever tells it.
fn speaker() -> (TestHost, Rc<RefCell<Option<&'static [u8]>>>) {
    let word = Rc::new(RefCell::new(None::<&[u8]>));
    let spoken = word.clone();
    let host = plugged::<FullSpeed, 1, 64>(&ONE_PORT, move |[port]| {
        let bytes = *spoken.borrow();
        if bytes.is_some_and(|bytes| port.writer.write(bytes) == Ok(bytes.len())) {
            *spoken.borrow_mut() = None;
        }
    });
    (host, word)
}

#[test]
fn writing_wakes_a_suspended_host_that_allowed_it() {
    let (mut host, word) = speaker();
    let mut port = opened(&mut host);
    host.suspend();
    *word.borrow_mut() = Some(b"not allowed");
    assert_eq!(host.await_remote_wakeup(100_000_000), Err(TransferError::Timeout));
    host.resume();
    assert_eq!(port.read(&mut host, 11).unwrap(), b"not allowed");
    host.control_out(request::set_device_feature(request::DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    host.suspend();
    *word.borrow_mut() = Some(b"wake up");
    host.await_remote_wakeup(100_000_000).unwrap();
    assert_eq!(port.read(&mut host, 7).unwrap(), b"wake up");
    clean(&host);
}

#[test]
fn a_reset_takes_the_permission_to_wake_back() {
    let (mut host, word) = speaker();
    opened(&mut host);
    host.control_out(request::set_device_feature(request::DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    opened(&mut host);
    host.suspend();
    *word.borrow_mut() = Some(b"wake up");
    assert_eq!(host.await_remote_wakeup(100_000_000), Err(TransferError::Timeout));
    clean(&host);
}

#[test]
fn bytes_that_nobody_read_do_not_reach_the_next_session() {
    let (mut host, word) = speaker();
    let mut port = opened(&mut host);
    *word.borrow_mut() = Some(&[b'o'; 100]);
    host.run(5_000_000);
    linux::close(&mut host, &mut port).unwrap();
    linux::open(&mut host, &mut port, CODING).unwrap();
    *word.borrow_mut() = Some(b"new");
    assert_eq!(port.read_for(&mut host, 5_000_000).unwrap(), b"new");
    clean(&host);
}

#[test]
fn a_halt_in_mid_transfer_loses_nothing() {
    let mut host = plugged::<FullSpeed, 1, 64>(&ONE_PORT, |[port]| echo(port));
    let port = opened(&mut host);
    let pipes = [port.function().data_in, port.function().data_out];
    let mut sent = vec![0; 30_000];
    SplitMix64::new(1).fill(&mut sent);
    let mut read = Transfer::stream(pipes[0], sent.len());
    let mut written = 0;
    while written < sent.len() {
        let mut write = Transfer::write(pipes[1], &sent[written..]);
        host.exchange(&mut [&mut read, &mut write], 1_500_000);
        assert!(!write.moved().is_empty() && !matches!(read.outcome(), Some(Err(_))), "{read:?}");
        written += write.moved().len();
        // CLEAR_FEATURE between packets must set both sides to DATA0 and drop nothing.
        for pipe in pipes {
            host.control_out(request::set_halt(pipe.address), &[]).unwrap();
            host.control_out(request::clear_halt(pipe.address), &[]).unwrap();
            host.control_out(request::clear_halt(pipe.address), &[]).unwrap();
        }
    }
    host.exchange(&mut [&mut read], 100_000_000);
    assert_eq!(read.outcome(), Some(Ok(())));
    assert!(read.moved() == sent);
    clean(&host);
}

#[test]
fn tokens_that_are_not_for_the_device_find_nobody() {
    use usbd_acm_virtual::{DevicePort, Handshake};
    let mut host = plugged::<FullSpeed, 1, 64>(&ONE_PORT, |[port]| echo(port));
    let mut port = opened(&mut host);
    let address = host.address();
    // USB 2.0 §8.4.6.4, §9.2.6: other addresses, SETUP to other endpoints.
    let setup = request::get_device_status().to_bytes();
    assert_eq!(host.port_mut().setup(address + 1, 0, setup), Handshake::NoResponse);
    assert_eq!(host.port_mut().setup(address, 1, setup), Handshake::NoResponse);
    host.faults().add(Rule::new(PacketKind::Token(Token::Setup), Fault::Drop).times(3));
    assert_eq!(port.line_coding(&mut host), Err(TransferError::NoResponse));
    assert_eq!(port.transfer(&mut host, b"alive", 5).unwrap(), b"alive");
}
