//! Suspend, resume, remote wake-up.

use usbd_acm_virtual::host::{AcmPort, linux, request};

use crate::{MILLISECOND, data, is_well, opened, plugged};

#[test]
fn it_sleeps_with_the_host_and_goes_on_after_it() {
    for name in ["echo", "echo-main-loop", "suspend"] {
        let (mut host, mut port) = opened(name);
        for _ in 0..3 {
            host.suspend();
            host.run(20 * MILLISECOND);
            assert!(host.port().soc().usbd.is_in_low_power(), "{name}");
            assert!(!host.port().soc().has_crystal(), "{name}");
            host.resume();
            host.run(MILLISECOND);
            assert!(!host.port().soc().usbd.is_in_low_power());
            assert!(host.port().soc().has_crystal());
            assert_eq!(port.line_coding(&mut host).unwrap(), crate::LINE_CODING);
            if name != "suspend" {
                let data = data(1000);
                assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
            }
        }
        is_well(&mut host);
    }
}

#[test]
fn suspended_it_executes_nothing() {
    let (mut host, _port) = opened("suspend");
    host.suspend();
    host.run(10 * MILLISECOND);
    host.port_mut().core().account().clear();
    host.run(1000 * MILLISECOND);
    assert_eq!(host.port_mut().core().account().instructions, 0);
}

#[test]
fn a_reset_wakes_it() {
    let (mut host, _) = opened("echo");
    host.suspend();
    host.run(20 * MILLISECOND);
    let device = linux::enumerate(&mut host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, crate::LINE_CODING).unwrap();
    let data = data(1000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    is_well(&mut host);
}

/// P0.11 of the board.
const BUTTON: u32 = 11;

#[test]
fn a_button_wakes_the_host_that_allowed_it() {
    let (mut host, mut port) = opened("suspend");
    host.control_out(request::set_device_feature(request::DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    for _ in 0..3 {
        host.suspend();
        host.run(20 * MILLISECOND);
        assert!(host.await_remote_wakeup(50 * MILLISECOND).is_err(), "before the button");
        host.port_mut().core().with_soc(|soc, _, _| soc.gpio.drive(BUTTON, false));
        host.await_remote_wakeup(50 * MILLISECOND).unwrap();
        host.port_mut().core().with_soc(|soc, _, _| soc.gpio.drive(BUTTON, true));
        assert_eq!(port.read(&mut host, 9).unwrap(), b"pressed\r\n");
        host.run(20 * MILLISECOND);
    }
    is_well(&mut host);
}

#[test]
fn every_press_is_told_to_whoever_has_the_port_open() {
    let (mut host, mut port) = opened("suspend");
    for session in 1..=3 {
        host.port_mut().core().with_soc(|soc, _, _| soc.gpio.drive(BUTTON, false));
        assert_eq!(port.read(&mut host, 9).unwrap(), b"pressed\r\n", "{session}");
        host.port_mut().core().with_soc(|soc, _, _| soc.gpio.drive(BUTTON, true));
        host.run(MILLISECOND);
        linux::close(&mut host, &mut port).unwrap();
        linux::open(&mut host, &mut port, crate::LINE_CODING).unwrap();
    }
    is_well(&mut host);
}

/// USB 2.0 §7.1.7.7: the bus is idle for 5 ms first, of which the firmware is told after 3.
#[test]
fn a_button_pressed_at_once_wakes_the_host_no_sooner_than_it_may() {
    let (mut host, mut port) = opened("suspend");
    host.control_out(request::set_device_feature(request::DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    host.suspend();
    host.port_mut().core().with_soc(|soc, _, _| soc.gpio.drive(BUTTON, false));
    assert!(host.await_remote_wakeup(MILLISECOND).is_err());
    host.await_remote_wakeup(5 * MILLISECOND).unwrap();
    assert_eq!(port.read(&mut host, 9).unwrap(), b"pressed\r\n");
    is_well(&mut host);
}

#[test]
fn a_button_does_not_wake_the_host_that_did_not() {
    let (mut host, _port) = opened("suspend");
    host.suspend();
    host.run(20 * MILLISECOND);
    host.port_mut().core().with_soc(|soc, _, _| soc.gpio.drive(BUTTON, false));
    assert!(host.await_remote_wakeup(50 * MILLISECOND).is_err());
    is_well(&mut host);
}

#[test]
fn unplugged_it_lets_go_of_the_crystal() {
    let mut host = plugged("echo");
    assert!(host.port().soc().has_crystal());
    host.unplug();
    host.run(10 * MILLISECOND);
    assert!(!host.port().soc().has_crystal());
    host.plug().unwrap();
    linux::enumerate(&mut host).unwrap();
    is_well(&mut host);
}
