//! Suspend, resume and remote wake-up.

use std::iter::from_fn;

use usbd_acm_embassy::{Event, Port};
use usbd_acm_virtual::host::{TransferError, request};

use crate::rig::{Options, Rig, by_hand};

const MILLISECOND: u64 = 1_000_000;

fn events(port: &mut Port<2, 64>) -> Vec<Event> {
    from_fn(|| port.control.next_event()).collect()
}

/// Suspends the bus, and lets the device notice.
fn suspend(rig: &mut Rig) {
    rig.host.suspend();
    rig.host.run(MILLISECOND);
}

#[test]
fn embassy_suspend_keeps_the_session_and_what_was_written() {
    let (mut rig, mut port) = by_hand(Options::default());
    let mut acm = rig.open();
    events(&mut port);
    suspend(&mut rig);
    assert_eq!(events(&mut port), [Event::Suspended]);
    assert!(port.control.is_suspended() && port.writer.is_connected());
    port.writer.write(b"in my sleep").unwrap();
    rig.host.run(MILLISECOND);
    rig.host.resume();
    assert_eq!(events(&mut port), [Event::Resumed]);
    assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"in my sleep");
}

#[test]
fn embassy_a_reset_ends_a_suspend() {
    let (mut rig, mut port) = by_hand(Options::default());
    rig.open();
    suspend(&mut rig);
    rig.host.reset().unwrap();
    assert!(!port.control.is_suspended());
    assert_eq!(events(&mut port).last(), Some(&Event::Deconfigured));
}

#[test]
fn embassy_wakes_the_host_where_it_is_allowed_and_wanted() {
    for (allowed, on_write) in [(true, true), (true, false), (false, true)] {
        let mut options = Options::default();
        options.config.wake_on_write = on_write;
        let (mut rig, mut port) = by_hand(options);
        let mut acm = rig.open();
        // More than once: every suspend counts.
        for _ in 0..3 {
            let feature = request::DEVICE_REMOTE_WAKEUP;
            let setup = match allowed {
                true => request::set_device_feature(feature),
                false => request::clear_device_feature(feature),
            };
            rig.host.control_out(setup, &[]).unwrap();
            suspend(&mut rig);
            port.writer.write(b"wake up").unwrap();
            let woken = rig.host.await_remote_wakeup(100 * MILLISECOND);
            let expected = if allowed && on_write { Ok(()) } else { Err(TransferError::Timeout) };
            assert_eq!(woken, expected, "{allowed} {on_write}");
            if woken.is_err() {
                port.control.request_wakeup();
                let woken = rig.host.await_remote_wakeup(100 * MILLISECOND);
                assert_eq!(woken.is_ok(), allowed);
            }
            if !allowed {
                rig.host.resume();
            }
            assert_eq!(acm.read_for(&mut rig.host, 10 * MILLISECOND).unwrap(), b"wake up");
        }
    }
}
