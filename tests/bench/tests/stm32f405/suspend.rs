//! The sleeper of the Feather, which has its clocks off while the host sleeps.

use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::Chip;
use usbd_acm_bench::soc::stm32f405::Stm32f405;
use usbd_acm_virtual::host::{AcmPort, Host, linux, request};

use crate::rig::{self, LINE_CODING, is_well};
use crate::{Board, MILLISECOND};

/// PB8, to ground.
const BUTTON: u32 = 24;
/// PC1, lit when high.
const LED: u32 = 33;

fn opened() -> (Host<Board>, AcmPort) {
    rig::opened(&Firmware::example(Stm32f405::EXAMPLES, "suspend"))
}

fn press(host: &mut Host<Board>, pressed: bool) {
    host.port_mut().core().with_soc(|soc, _, _| soc.gpio.drive(BUTTON, !pressed));
}

/// The host wakes up, and is told why.
fn a_press_wakes(host: &mut Host<Board>, port: &mut AcmPort) {
    press(host, true);
    host.await_remote_wakeup(50 * MILLISECOND).unwrap();
    press(host, false);
    assert_eq!(port.read(host, 9).unwrap(), b"pressed\r\n");
}

#[test]
fn it_sleeps_with_the_host_and_goes_on_after_it() {
    let (mut host, port) = opened();
    for _ in 0..3 {
        assert!(host.port().soc().has_crystal());
        host.suspend();
        host.run(20 * MILLISECOND);
        let chip = host.port().soc();
        assert!(!chip.has_crystal() && chip.otg.clock_is_stopped() && !chip.gpio.level(LED));
        host.resume();
        host.run(5 * MILLISECOND);
        let chip = host.port().soc();
        assert!(chip.has_crystal() && !chip.otg.clock_is_stopped());
        assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
    }
    is_well(&mut host);
}

#[test]
fn the_led_blinks_while_the_host_is_awake() {
    let (mut host, _) = opened();
    let mut levels = Vec::new();
    for _ in 0..8 {
        host.run(250 * MILLISECOND);
        levels.push(host.port().soc().gpio.level(LED));
    }
    assert!(levels.windows(2).all(|pair| pair[0] != pair[1]), "{levels:?}");
    is_well(&mut host);
}

#[test]
fn suspended_it_executes_nothing() {
    let (mut host, _port) = opened();
    host.suspend();
    host.run(10 * MILLISECOND);
    host.port_mut().core().account().clear();
    host.run(1000 * MILLISECOND);
    assert_eq!(host.port_mut().core().account().instructions, 0);
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
    for _ in 0..3 {
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
    for microseconds in [0, 20, 100, 500, 1_000, 3_000] {
        host.suspend();
        host.run(microseconds * 1_000);
        a_press_wakes(&mut host, &mut port);
        host.run(20 * MILLISECOND);
        is_well(&mut host);
    }
}

#[test]
fn a_button_does_not_wake_the_host_that_did_not() {
    let (mut host, _port) = opened();
    host.suspend();
    host.run(20 * MILLISECOND);
    press(&mut host, true);
    assert!(host.await_remote_wakeup(50 * MILLISECOND).is_err());
    is_well(&mut host);
}
