//! Remote wake-up: only when bmAttributes offers it, the host enabled it, the bus is suspended, and
//! somebody wants it.

use usbd_acm::Storage;
use usbd_acm::descriptors::{Descriptors, EndpointSet, Power, descriptors};
use usbd_acm_tests::fixture::Fixture;
use usbd_acm_tests::probe::PowerCall::{
    Gate, RemoteWakeup, Resumed, Suspended, Ungate, WakeupRequested,
};
use usbd_acm_tests::probe::{Recorder, power_calls, tell_suspend_again};
use usbd_acm_virtual::host::{Host, TransferError, linux, request};
use usbd_acm_virtual::{Board, FullSpeed, VirtualController};

use crate::{MILLISECOND, allow_remote_wakeup, fixture, reconfigure};

const NEVER: Result<(), TransferError> = Err(TransferError::Timeout);

fn suspend(fixture: &mut Fixture) {
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
}

/// Whether the host is woken within 100 ms.
fn wakes(fixture: &mut Fixture) -> bool {
    fixture.host.await_remote_wakeup(100 * MILLISECOND).is_ok()
}

#[test]
fn a_write_wakes_the_host_that_allowed_it() {
    let mut fixture = fixture(Recorder::<1, true>);
    allow_remote_wakeup(&mut fixture);
    suspend(&mut fixture);
    assert_eq!(power_calls(), [Gate, Suspended]);
    fixture.port.writer.write(b"wake up").unwrap();
    assert!(wakes(&mut fixture));
    assert_eq!(power_calls(), [Resumed, Ungate, WakeupRequested, RemoteWakeup]);
    assert_eq!(fixture.acm.read(&mut fixture.host, 7).unwrap(), b"wake up");
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_grant_wakes_it_as_a_write_does() {
    let mut fixture = fixture(Recorder::<1, true>);
    allow_remote_wakeup(&mut fixture);
    suspend(&mut fixture);
    let mut grant = fixture.port.writer.grant().unwrap();
    grant[0] = b'!';
    grant.commit(1);
    assert!(wakes(&mut fixture));
}

#[test]
fn writing_nothing_wakes_nobody() {
    let mut fixture = fixture(Recorder::<1, true>);
    allow_remote_wakeup(&mut fixture);
    suspend(&mut fixture);
    assert_eq!(fixture.port.writer.write(&[]), Ok(0));
    fixture.port.writer.grant().unwrap().commit(0);
    let _ = fixture.port.writer.grant().unwrap();
    assert!(!wakes(&mut fixture));
}

#[test]
fn it_comes_no_earlier_than_5_ms_after_the_bus_went_idle() {
    let mut fixture = fixture(Recorder::<1, true>);
    allow_remote_wakeup(&mut fixture);
    let idle = fixture.host.now();
    suspend(&mut fixture);
    fixture.port.writer.write(b"at once").unwrap();
    // One step of a microsecond at a time, to see when.
    while !usbd_acm_virtual::DevicePort::wakeup_signalled(fixture.host.port()) {
        fixture.host.run(1000);
        assert!(fixture.host.now() < idle + 100 * MILLISECOND);
    }
    assert!(fixture.host.now() >= idle + 5 * MILLISECOND);
}

#[test]
fn a_host_that_did_not_allow_it_is_not_woken() {
    let mut fixture = fixture(Recorder::<1, true>);
    suspend(&mut fixture);
    fixture.port.writer.write(b"wake up").unwrap();
    fixture.port.control.request_wakeup();
    assert!(!wakes(&mut fixture));
    assert_eq!(power_calls(), [Gate, Suspended]);
}

#[test]
fn the_host_may_take_it_back_and_a_reset_does() {
    let mut fixture = fixture(Recorder::<1, true>);
    allow_remote_wakeup(&mut fixture);
    let back = request::clear_device_feature(request::DEVICE_REMOTE_WAKEUP);
    fixture.host.control_out(back, &[]).unwrap();
    suspend(&mut fixture);
    fixture.port.control.request_wakeup();
    assert!(!wakes(&mut fixture));
    fixture.host.resume();
    allow_remote_wakeup(&mut fixture);
    fixture.host.reset().unwrap();
    reconfigure(&mut fixture);
    let status = fixture.host.control_in(request::get_device_status()).unwrap();
    assert_eq!(status, [0, 0]);
    suspend(&mut fixture);
    fixture.port.control.request_wakeup();
    assert!(!wakes(&mut fixture));
}

#[test]
fn a_new_configuration_does_not_disable_it() {
    let mut fixture = fixture(Recorder::<1, true>);
    allow_remote_wakeup(&mut fixture);
    fixture.host.control_out(request::set_configuration(0), &[]).unwrap();
    fixture.host.control_out(request::set_configuration(1), &[]).unwrap();
    suspend(&mut fixture);
    fixture.port.control.request_wakeup();
    assert!(wakes(&mut fixture));
}

#[test]
fn by_policy_a_write_wakes_nobody_but_a_request_does() {
    let mut fixture = fixture(Recorder::<1, false>);
    allow_remote_wakeup(&mut fixture);
    suspend(&mut fixture);
    fixture.port.writer.write(b"later").unwrap();
    assert!(!wakes(&mut fixture));
    fixture.port.control.request_wakeup();
    assert!(wakes(&mut fixture));
    assert_eq!(fixture.acm.read(&mut fixture.host, 5).unwrap(), b"later");
}

#[test]
fn what_was_written_before_suspend_wakes_nobody() {
    let mut fixture = fixture(Recorder::<1, true>);
    allow_remote_wakeup(&mut fixture);
    fixture.port.writer.write(b"unread").unwrap();
    fixture.port.control.request_wakeup();
    suspend(&mut fixture);
    assert!(!wakes(&mut fixture));
    fixture.host.resume();
    // Nor does what was written in the last suspend, in the next.
    suspend(&mut fixture);
    assert!(!wakes(&mut fixture));
    assert_eq!(fixture.violations(), []);
}

#[test]
fn what_was_refused_in_one_suspend_is_forgotten_in_the_next() {
    let mut fixture = fixture(Recorder::<1, true>);
    suspend(&mut fixture);
    fixture.port.writer.write(b"not allowed").unwrap();
    assert!(!wakes(&mut fixture));
    fixture.host.resume();
    allow_remote_wakeup(&mut fixture);
    suspend(&mut fixture);
    assert!(!wakes(&mut fixture));
}

#[test]
fn an_awake_host_is_not_woken() {
    let mut fixture = fixture(Recorder::<1, true>);
    allow_remote_wakeup(&mut fixture);
    fixture.port.control.request_wakeup();
    fixture.port.writer.write(b"x").unwrap();
    fixture.host.run(10 * MILLISECOND);
    assert_eq!(power_calls(), []);
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_host_that_ignores_it_is_woken_again() {
    let mut fixture = fixture(Recorder::<1, true>);
    allow_remote_wakeup(&mut fixture);
    suspend(&mut fixture);
    power_calls();
    fixture.port.control.request_wakeup();
    fixture.host.run(MILLISECOND);
    let wakeup = [Resumed, Ungate, WakeupRequested, RemoteWakeup];
    assert_eq!(power_calls(), wakeup);
    // The driver sees the bus idle again: the chip is gated, and the wish stands.
    tell_suspend_again();
    fixture.host.run(MILLISECOND);
    assert_eq!(power_calls()[..2], [Gate, Suspended]);
    fixture.host.run(MILLISECOND);
    assert!(wakes(&mut fixture));
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_device_without_configuration_can_wake_as_well() {
    let mut fixture = fixture(Recorder::<1, true>);
    fixture.host.control_out(request::set_configuration(0), &[]).unwrap();
    allow_remote_wakeup(&mut fixture);
    suspend(&mut fixture);
    fixture.port.control.request_wakeup();
    assert!(wakes(&mut fixture));
}

static NO_WAKEUP: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(15),
    ports: 1,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Device that sleeps on",
    serial_number: "0",
    power: Power::Bus { milliamps: 100 },
    remote_wakeup: false,
    high_speed: false,
};

#[test]
fn a_device_that_does_not_offer_it_cannot_be_allowed_to() {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let storage = Box::leak(Box::new(Storage::<1, 2, 64>::new()));
    let (mut device, [mut port]) = storage.split(controller, &NO_WAKEUP, Recorder::<1, true>);
    device.connect();
    let mut host = Host::new(Board::new(wire, move |_| device.poll()));
    host.plug().unwrap();
    linux::enumerate(&mut host).unwrap();
    let feature = request::set_device_feature(request::DEVICE_REMOTE_WAKEUP);
    assert_eq!(host.control_out(feature, &[]), Err(TransferError::Stall));
    host.suspend();
    port.control.request_wakeup();
    assert_eq!(host.await_remote_wakeup(100 * MILLISECOND), NEVER);
}
