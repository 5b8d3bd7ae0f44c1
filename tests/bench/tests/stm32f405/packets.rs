//! Bulk packets.

use usbd_acm_bench::firmware::App;
use usbd_acm_virtual::host::{AcmPort, Host, TransferError, linux, request};

use crate::rig;
use crate::{Board, LINE_CODING, MILLISECOND, data, deep, firmware, is_well, opened, opened_with};

/// What the source sends, from the byte on that would come after `before`.
fn counts_up(bytes: &[u8], before: u8) -> bool {
    let mut last = before;
    bytes.iter().all(|byte| {
        last = last.wrapping_add(1);
        *byte == last
    })
}

/// A firmware that never reads: the two slots take two packets, and the rest waits with the host. That
/// blocks nothing else, and interrupts nobody.
#[test]
fn packets_without_a_slot_are_refused_in_silence_and_block_no_setup() {
    let (mut host, mut port) = opened_with(&firmware(App::Source));
    let taken = accepted(&mut host, &port);
    assert_eq!(taken, 2);
    assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
    host.port_mut().core().account().clear();
    assert_eq!(port.write(&mut host, &data(64)), Err(TransferError::Timeout));
    assert_eq!(host.port_mut().core().account().exceptions, 0, "nobody is interrupted");
    // Data to the host goes on as before.
    let bytes = port.read(&mut host, 1_000).unwrap();
    assert!(counts_up(&bytes, 255));
    is_well(&mut host);
}

/// How many full packets the device takes before it refuses one.
fn accepted(host: &mut Host<Board>, port: &AcmPort) -> u32 {
    (0..100).take_while(|_| port.write(host, &data(64)).is_ok()).count().try_into().unwrap()
}

/// With 8 slots and 8 packets in the FIFO, back to back: transfers of more than one packet.
#[test]
fn waiting_packets_go_as_one_transfer_with_one_interrupt() {
    let exceptions = |firmware| {
        let (mut host, mut port) = opened_with(&firmware);
        let first = port.read(&mut host, 6_400).unwrap();
        assert!(counts_up(&first, 255));
        host.port_mut().core().account().clear();
        let bytes = port.read(&mut host, 64_000).unwrap();
        assert!(counts_up(&bytes, *first.last().unwrap()));
        let exceptions = host.port_mut().core().account().exceptions;
        is_well(&mut host);
        exceptions
    };
    let (deep, shallow) = (exceptions(deep(App::Source)), exceptions(firmware(App::Source)));
    // The doorbell interrupts too, as the application is slower than the bus.
    assert!(deep * 5 < shallow * 2, "{deep} instead of {shallow}, for 1000 packets");
}

#[test]
fn as_many_packets_are_let_in_as_there_are_slots() {
    let (mut host, port) = opened_with(&deep(App::Source));
    assert_eq!(accepted(&mut host, &port), 8);
    is_well(&mut host);
}

/// Lost, corrupt and repeated packets, with transfers of one packet and of several.
#[test]
fn nothing_is_lost_or_doubled_on_a_bad_cable() {
    for (seed, firmware) in (0..).zip([firmware(App::Echo), deep(App::Echo)]) {
        rig::echoes_on_a_bad_cable(opened_with(&firmware), seed, 10_000);
    }
}

/// USB 2.0 §9.4.5: what was queued when the halt began is sent after it, each byte once, from DATA0 on.
#[test]
fn a_halt_loses_no_packet_to_the_host() {
    for firmware in [firmware(App::Source), deep(App::Source)] {
        let (mut host, mut port) = opened_with(&firmware);
        let data_in = port.function().data_in;
        let mut last = 255;
        for round in 0..20 {
            let bytes = port.read(&mut host, 64 * (1 + round % 3)).unwrap();
            assert!(counts_up(&bytes, last), "{round}");
            last = *bytes.last().unwrap();
            host.run(round as u64 * 7_000);
            host.control_out(request::set_halt(data_in.address), &[]).unwrap();
            assert_eq!(host.read(data_in, 64), Err(TransferError::Stall));
            host.control_out(request::clear_halt(data_in.address), &[]).unwrap();
        }
        is_well(&mut host);
    }
}

/// The same from the host; and an endpoint that is not halted has its toggle reset too.
#[test]
fn a_halt_loses_no_packet_from_the_host() {
    let (mut host, mut port) = opened();
    let data_out = port.function().data_out;
    for round in 0..20 {
        let halts = round % 2 == 0;
        let bytes = data(40 + round % 10 * 13);
        port.write(&mut host, &bytes).unwrap();
        host.run(u64::from(round) * 7_000);
        if halts {
            host.control_out(request::set_halt(data_out.address), &[]).unwrap();
            assert_eq!(host.write(data_out, &[1]), Err(TransferError::Stall));
        }
        host.control_out(request::clear_halt(data_out.address), &[]).unwrap();
        let more = data(100);
        let both = [&bytes[..], &more].concat();
        assert_eq!(port.transfer(&mut host, &more, both.len()).unwrap(), both, "{round}");
    }
    is_well(&mut host);
}

/// USB 2.0 §9.1.1.5, §9.4.5: SET_CONFIGURATION sets every toggle to DATA0, whatever they were, and so does what
/// comes before it.
#[test]
fn toggles_begin_anew_with_the_configuration() {
    let (mut host, mut port) = opened();
    for round in 0..8 {
        // An odd number of packets each way, and an even one.
        for _ in 0..1 + round % 2 {
            assert_eq!(port.transfer(&mut host, &[round; 3], 3).unwrap(), [round; 3]);
        }
        match round / 2 {
            0 => {}
            1 => host.control_out(request::set_configuration(0), &[]).unwrap(),
            2 => host.reset().map(drop).unwrap(),
            _ => {
                host.unplug();
                host.plug().unwrap();
            }
        }
        if round / 2 > 1 {
            linux::enumerate(&mut host).unwrap();
        } else {
            host.control_out(request::set_configuration(1), &[]).unwrap();
        }
        linux::open(&mut host, &mut port, LINE_CODING).unwrap();
    }
    assert_eq!(port.transfer(&mut host, &[8; 3], 3).unwrap(), [8; 3]);
    is_well(&mut host);
}

/// A hang-up takes packets back out of the FIFO: what waits there is not for the next session.
#[test]
fn a_hang_up_takes_packets_out_of_the_fifo() {
    for firmware in [firmware(App::Source), deep(App::Source)] {
        let (mut host, mut port) = opened_with(&firmware);
        let mut last = 255;
        for round in 0..10u32 {
            let bytes = port.read(&mut host, 128).unwrap();
            assert!(counts_up(&bytes, bytes[0].wrapping_sub(1)), "{round}");
            // Those that waited are gone.
            assert!(round == 0 || bytes[0] != u8::wrapping_add(last, 1), "{round}");
            last = *bytes.last().unwrap();
            host.run(u64::from(round) * 11_000);
            port.set_control_line_state(&mut host, false, false).unwrap();
            host.run(MILLISECOND);
            assert_eq!(port.read_for(&mut host, MILLISECOND).unwrap(), []);
            port.set_control_line_state(&mut host, true, false).unwrap();
        }
        is_well(&mut host);
    }
}
