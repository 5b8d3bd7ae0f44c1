//! The sleeper of the Nucleo, which has its clocks off while the host sleeps.

use usbd_acm_bench::Board;
use usbd_acm_bench::soc::stm32h743::Stm32h743;
use usbd_acm_virtual::host::{AcmPort, Host, linux, request};

use crate::rig::{self, LINE_CODING, is_well};

const MILLISECOND: u64 = 1_000_000;

/// PC13, high when pressed.
const BUTTON: u32 = 45;

/// With the button up, which is the first thing that is seen of it.
fn opened() -> (Host<Board<Stm32h743>>, AcmPort) {
    let mut host = rig::plugged(&crate::example("suspend"));
    press(&mut host, false);
    rig::open(host)
}

fn press(host: &mut Host<Board<Stm32h743>>, pressed: bool) {
    host.port_mut().core().with_soc(|soc, _, _| soc.gpio.drive(BUTTON, pressed));
}

/// The host wakes up, and is told why.
fn a_press_wakes(host: &mut Host<Board<Stm32h743>>, port: &mut AcmPort) {
    press(host, true);
    host.await_remote_wakeup(50 * MILLISECOND).unwrap();
    press(host, false);
    let line = port.read_for(host, 20 * MILLISECOND).unwrap();
    assert!(line.ends_with(b"pressed\r\n"), "{line:?}");
}

#[test]
fn it_sleeps_with_the_host_and_goes_on_after_it() {
    let (mut host, port) = opened();
    for _ in 0..3 {
        assert!(host.port().soc().has_crystal());
        host.suspend();
        host.run(20 * MILLISECOND);
        assert!(!host.port().soc().has_crystal());
        host.port_mut().core().account().clear();
        host.run(100 * MILLISECOND);
        assert_eq!(host.port_mut().core().account().instructions, 0);
        host.resume();
        host.run(5 * MILLISECOND);
        assert!(host.port().soc().has_crystal());
        assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
    }
    is_well(&mut host);
}

#[test]
fn a_reset_wakes_it() {
    let (mut host, _) = opened();
    host.suspend();
    host.run(20 * MILLISECOND);
    let device = linux::enumerate(&mut host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, LINE_CODING).unwrap();
    assert!(host.port().soc().has_crystal());
    is_well(&mut host);
}

#[test]
fn a_button_wakes_the_host_that_allowed_it() {
    let (mut host, mut port) = opened();
    host.control_out(request::set_device_feature(request::DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    for _ in 0..2 {
        host.suspend();
        host.run(20 * MILLISECOND);
        assert!(host.await_remote_wakeup(50 * MILLISECOND).is_err(), "before the button");
        a_press_wakes(&mut host, &mut port);
        host.run(20 * MILLISECOND);
    }
    is_well(&mut host);
}

/// USB 2.0 §7.1.7.7: not before 5 ms of idle, and for 1 to 15 ms, which the chip looks at.
#[test]
fn a_button_that_is_pressed_as_the_bus_falls_asleep_wakes_the_host_in_time() {
    let (mut host, mut port) = opened();
    host.control_out(request::set_device_feature(request::DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    for microseconds in [0, 100, 1_000, 3_000] {
        host.suspend();
        host.run(microseconds * 1_000);
        a_press_wakes(&mut host, &mut port);
        is_well(&mut host);
    }
}
