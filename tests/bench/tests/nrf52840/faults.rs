//! Bad cables, impatient hosts, and people who pull the plug.

use usbd_acm_virtual::host::{AcmPort, Conduct, Fault, Host, PacketKind, Rule, linux, request};

use crate::rig;
use crate::{Board, Failure, LINE_CODING, MILLISECOND, data, is_well, opened, plugged};

/// Enumerates, opens, writes and reads back, as Linux does.
fn converse(host: &mut Host<Board>) -> Result<(), Failure> {
    let device = linux::enumerate(host)?;
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(host, &mut port, LINE_CODING)?;
    let words = data(300);
    assert_eq!(port.transfer(host, &words, words.len())?, words);
    assert_eq!(port.line_coding(host)?, LINE_CODING);
    assert_eq!(port.read_for(host, MILLISECOND)?, [], "more than was written");
    linux::close(host, &mut port)?;
    Ok(())
}

/// One conversation after the other, each broken off some packets later, and a whole one after each.
fn break_off(name: &str, fault: Fault, step: u32) {
    let mut host = plugged(name);
    for packet in (0..).step_by(step as usize) {
        host.faults().add(Rule::new(PacketKind::Any, fault).after(packet));
        let outcome = converse(&mut host);
        let happened = !host.faults().is_pending();
        host.faults().clear();
        if !happened {
            outcome.unwrap();
            assert!(packet > 200);
            return is_well(&mut host);
        }
        assert!(outcome.is_err(), "{fault:?} at packet {packet}");
        if fault == Fault::Unplug {
            host.plug().unwrap();
        }
        converse(&mut host).unwrap_or_else(|error| panic!("{fault:?} at {packet}: {error:?}"));
    }
}

#[test]
fn a_reset_here_and_there() {
    break_off("echo", Fault::Reset, 19);
    break_off("echo-main-loop", Fault::Reset, 61);
}

#[test]
fn an_unplugged_cable_here_and_there() {
    break_off("echo", Fault::Unplug, 29);
    break_off("echo-main-loop", Fault::Unplug, 67);
}

#[test]
fn nothing_is_lost_or_doubled_on_a_bad_cable() {
    echoes_on_a_bad_cable(|| opened("echo"));
}

/// An echo loses and doubles nothing.
pub fn echoes_on_a_bad_cable(opened: impl Fn() -> (Host<Board>, AcmPort)) {
    (0..4).for_each(|seed| rig::echoes_on_a_bad_cable(opened(), seed, 5_000));
}

/// Hosts give control transfers up in the field: 25 of them, and three requests after each.
#[test]
fn a_control_transfer_that_is_given_up_leaves_nothing_behind() {
    let (mut host, port) = opened("echo");
    let transfers = [
        request::get_descriptor(request::CONFIGURATION, 0, 4096),
        request::get_descriptor(request::DEVICE, 0, 18),
        request::get_string(2, 0x0409, 255),
        request::get_line_coding(0),
        request::set_line_coding(0),
    ];
    let device = host.control_in(transfers[1]).unwrap();
    let mut failures = 0;
    for (setup, packets) in transfers.into_iter().flat_map(|t| (0..5).map(move |n| (t, n))) {
        let data = if setup == transfers[4] { LINE_CODING.as_slice() } else { &[] };
        // Given up or, with fewer packets, completed: either is fine.
        let _ = host.control(setup, data, Conduct::AbortAfter(packets));
        host.run(10_000 * packets as u64);
        failures += u32::from(host.control_in(transfers[1]) != Ok(device.clone()));
        failures += u32::from(port.set_line_coding(&mut host, LINE_CODING).is_err());
        failures += u32::from(port.line_coding(&mut host) != Ok(LINE_CODING));
    }
    assert_eq!(failures, 0, "of 75");
    is_well(&mut host);
}

#[test]
fn a_brown_out_in_the_middle_of_a_transfer() {
    let (mut host, mut port) = opened("echo");
    let words = data(1_000);
    assert_eq!(port.transfer(&mut host, &words, words.len()).unwrap(), words);
    host.port_mut().reset(usbd_acm_bench::soc::ResetCause::BrownOut);
    host.plug().unwrap();
    converse(&mut host).unwrap();
    is_well(&mut host);
}

#[test]
fn a_plug_pulled_in_the_middle_of_a_dma() {
    let (mut host, mut port) = opened("echo");
    for length in [64, 1, 63] {
        port.write(&mut host, &data(length)).unwrap();
        // The packet was taken a moment ago; its DMA is next.
        let is_active = (0..1_000).any(|_| {
            host.run(100);
            host.port().soc().usbd.dma_is_active()
        });
        assert!(is_active);
        host.unplug();
        host.run(10 * MILLISECOND);
        host.plug().unwrap();
        converse(&mut host).unwrap();
        let device = linux::enumerate(&mut host).unwrap();
        port = AcmPort::all(&device).remove(0);
        linux::open(&mut host, &mut port, LINE_CODING).unwrap();
    }
    is_well(&mut host);
}

#[test]
fn firmware_that_never_reads_makes_the_host_wait_and_nothing_else() {
    let (mut host, port) = opened("log");
    assert!(port.write(&mut host, &data(2_000)).is_err(), "more than there is room for");
    assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
    host.port_mut().core().account().clear();
    host.run(100 * MILLISECOND);
    // A tick each millisecond, and nothing that the waiting packet does.
    let exceptions = host.port_mut().core().account().exceptions;
    assert!((90..150).contains(&exceptions), "{exceptions}");
    is_well(&mut host);
}
