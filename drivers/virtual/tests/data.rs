//! The simulated host against a device written by hand: data, notifications, power.

mod tiny;

use tiny::opened;
use usbd_acm_virtual::host::{
    AcmPort, SplitMix64, Statistics, Transfer, TransferError, linux, request,
};

fn random(seed: u64, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    SplitMix64::new(seed).fill(&mut bytes);
    bytes
}

#[test]
fn bytes_come_back_as_they_went() {
    let (mut host, _, mut port) = opened();
    for count in [1, 63, 64, 65, 128, 1000, 20_000] {
        let sent = random(count as u64, count);
        let received = port.transfer(&mut host, &sent, count).unwrap();
        assert!(received == sent, "{count} bytes");
    }
    assert_eq!(host.port().wire().violations(), []);
}

#[test]
fn writing_then_reading_is_the_same_as_both_at_once() {
    let (mut host, _, mut port) = opened();
    port.write(&mut host, b"hello").unwrap();
    assert_eq!(port.read(&mut host, 2).unwrap(), b"he");
    assert_eq!(port.read_for(&mut host, 1_000_000).unwrap(), b"llo");
    assert_eq!(port.read_for(&mut host, 1_000_000).unwrap(), b"");
}

#[test]
fn a_full_speed_frame_holds_19_packets() {
    let (mut host, _, port) = opened();
    let statistics = host.observe(Statistics::default());
    let sent = random(1, 64 * 500);
    let mut read = Transfer::stream(port.function().data_in, sent.len());
    let mut write = Transfer::write(port.function().data_out, &sent);
    let start = host.now();
    host.exchange(&mut [&mut read, &mut write], 1_000_000_000);
    assert_eq!((read.outcome(), write.outcome()), (Some(Ok(())), Some(Ok(()))));
    assert!(read.moved() == sent);
    let frames = (host.now() - start).div_ceil(1_000_000);
    assert!((1000 / 19..1000 / 19 + 6).contains(&frames), "{frames} frames for 1000 packets");
    let counts = *statistics.borrow();
    assert_eq!(counts.bytes_in, 32_000);
    assert_eq!(counts.bytes_out, counts.packets_out * 64);
    assert!(counts.packets_in + counts.packets_out <= 19 * (counts.frames + 1));
}

#[test]
fn transfers_share_the_frame_fairly_and_go_on_where_they_stopped() {
    let (mut host, _, port) = opened();
    let sent = random(2, 64 * 100);
    let mut write = Transfer::write(port.function().data_out, &sent);
    let mut read = Transfer::stream(port.function().data_in, sent.len());
    for _ in 0..20 {
        host.exchange(&mut [&mut write, &mut read], 1_000_000);
        let ahead = write.moved().len() - read.moved().len();
        assert!(ahead <= 64 * 8, "the reader is {ahead} bytes behind");
    }
    assert_eq!((write.outcome(), read.outcome()), (Some(Ok(())), Some(Ok(()))));
    assert!(read.moved() == sent);
}

#[test]
fn a_device_that_does_not_take_data_makes_a_write_time_out() {
    let (mut host, knobs, mut port) = opened();
    host.run(1_000_000);
    knobs.borrow_mut().idle = true;
    let long = random(3, 4096);
    assert_eq!(port.write(&mut host, &long), Err(TransferError::Timeout));
    knobs.borrow_mut().idle = false;
    // The packets that were acknowledged come back, and no others.
    let received = port.read_for(&mut host, 10_000_000).unwrap();
    assert!(!received.is_empty() && long.starts_with(&received), "{} bytes", received.len());
}

#[test]
fn zero_length_packets_end_transfers() {
    let (mut host, _, port) = opened();
    let statistics = host.observe(Statistics::default());
    let mut terminated = Transfer::write_terminated(port.function().data_out, &[7; 128]);
    host.exchange(&mut [&mut terminated], 10_000_000);
    assert_eq!(terminated.outcome(), Some(Ok(())));
    assert_eq!(statistics.borrow().bytes_out % 64, 0);
    let packets = statistics.borrow().packets_out;
    let mut plain = Transfer::write(port.function().data_out, &[7; 128]);
    host.exchange(&mut [&mut plain], 10_000_000);
    assert!(statistics.borrow().packets_out > packets);
    // The device, too, ends what it sends with a zero-length packet.
    assert_eq!(host.read(port.function().data_in, 4096).unwrap().len(), 256);
}

#[test]
fn reading_less_than_a_packet_is_babble() {
    let (mut host, _, port) = opened();
    host.write(port.function().data_out, &[7; 20]).unwrap();
    assert_eq!(host.read(port.function().data_in, 10), Err(TransferError::Babble));
}

#[test]
fn a_halted_endpoint_stalls_until_cleared() {
    let (mut host, _, mut port) = opened();
    port.transfer(&mut host, &[1; 64], 64).unwrap();
    let (pipe_in, pipe_out) = (port.function().data_in, port.function().data_out);
    for pipe in [pipe_in, pipe_out] {
        host.control_out(request::set_halt(pipe.address), &[]).unwrap();
    }
    assert_eq!(host.write(pipe_out, b"x"), Err(TransferError::Stall));
    assert_eq!(host.read(pipe_in, 64), Err(TransferError::Stall));
    for pipe in [pipe_in, pipe_out] {
        host.control_out(request::clear_halt(pipe.address), &[]).unwrap();
    }
    port.read_for(&mut host, 1_000_000).unwrap();
    assert_eq!(port.transfer(&mut host, b"again", 5).unwrap(), b"again");
}

#[test]
fn notifications_arrive_in_fragments_at_their_interval() {
    let (mut host, knobs, mut port) = opened();
    knobs.borrow_mut().notification = vec![0xA1, 0x20, 0, 0, 0, 0, 2, 0, 0x43, 0];
    host.run(12_000_000);
    let state = port.notification(&mut host).unwrap().unwrap();
    assert!(state.carrier() && state.data_set_ready() && state.overrun());
    assert_eq!(port.notification(&mut host), Ok(None));
    assert_eq!((port.counters().carrier, port.counters().overruns), (1, 1));
    linux::close(&mut host, &mut port).unwrap();
    assert_eq!(port.notification(&mut host), Err(TransferError::NotPolled));
    assert_eq!(knobs.borrow().lines, 0);
}

#[test]
fn a_suspended_bus_carries_nothing_and_resumes_where_it_was() {
    let (mut host, knobs, mut port) = opened();
    let statistics = host.observe(Statistics::default());
    host.suspend();
    host.run(50_000_000);
    assert!(knobs.borrow().suspended);
    assert_eq!(statistics.borrow().frames, 0);
    assert_eq!(port.write(&mut host, b"x"), Err(TransferError::Suspended));
    host.resume();
    assert!(!knobs.borrow().suspended);
    assert_eq!(port.transfer(&mut host, b"x", 1).unwrap(), b"x");
    assert!(statistics.borrow().frames > 0);
}

#[test]
fn remote_wakeup_resumes_the_bus() {
    let (mut host, knobs, mut port) = opened();
    host.control_out(request::set_device_feature(request::DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    host.suspend();
    host.run(100_000_000);
    assert_eq!(host.await_remote_wakeup(10_000_000), Err(TransferError::Timeout));
    knobs.borrow_mut().wake = true;
    host.await_remote_wakeup(10_000_000).unwrap();
    assert_eq!(port.transfer(&mut host, b"x", 1).unwrap(), b"x");
    assert_eq!(host.port().wire().violations(), []);
}

#[test]
fn an_unplugged_device_is_gone_and_comes_back_new() {
    let (mut host, knobs, mut port) = opened();
    host.unplug();
    assert_eq!(port.read(&mut host, 1), Err(TransferError::Detached));
    let resets = knobs.borrow().resets;
    host.plug().unwrap();
    assert_eq!(port.read(&mut host, 1), Err(TransferError::Detached), "not before a reset");
    let device = linux::enumerate(&mut host).unwrap();
    assert_eq!(knobs.borrow().resets, resets + 2);
    let mut port = AcmPort::all(&device).remove(0);
    assert_eq!(port.transfer(&mut host, b"new", 3).unwrap(), b"new");
}
