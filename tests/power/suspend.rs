//! Suspend and resume by the host.

use usbd_acm::class::{Event, SerialState};
use usbd_acm::{ReadError, WriteError};
use usbd_acm_tests::probe::PowerCall::{
    Configured, Deconfigured, Gate, Resumed, Suspended, Ungate,
};
use usbd_acm_tests::probe::{Recorder, power_calls};
use usbd_acm_virtual::host::{Transfer, request};

use crate::{MILLISECOND, fixture, reconfigure};

#[test]
fn the_board_is_told_inside_the_drivers_gate() {
    let mut fixture = fixture(Recorder::<1, true>);
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    assert_eq!(power_calls(), [Gate, Suspended]);
    fixture.host.resume();
    assert_eq!(power_calls(), [Resumed, Ungate]);
    assert_eq!(fixture.violations(), []);
}

#[test]
fn the_application_is_told_in_order() {
    let mut fixture = fixture(Recorder::<1, true>);
    while fixture.port.control.next_event().is_some() {}
    for _ in 0..3 {
        fixture.host.suspend();
        fixture.host.run(MILLISECOND);
        assert!(fixture.port.control.is_suspended());
        assert_eq!(fixture.port.control.next_event(), Some(Event::Suspended));
        fixture.host.resume();
        assert!(!fixture.port.control.is_suspended());
        assert_eq!(fixture.port.control.next_event(), Some(Event::Resumed));
        assert_eq!(fixture.port.control.next_event(), None);
    }
}

#[test]
fn nothing_to_the_host_is_lost() {
    let mut fixture = fixture(Recorder::<1, true>);
    let mut expected = b"before".to_vec();
    fixture.port.writer.write(b"before").unwrap();
    fixture.host.run(MILLISECOND);
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    while let Ok(count) = fixture.port.writer.write(b"while the bus was suspended") {
        expected.extend(&b"while the bus was suspended"[..count]);
        fixture.host.run(1000);
    }
    assert_eq!(fixture.port.writer.write(b"x"), Err(WriteError::Full));
    fixture.host.resume();
    assert_eq!(fixture.acm.read_for(&mut fixture.host, MILLISECOND).unwrap(), expected);
    assert_eq!(fixture.port.writer.is_flushed(), Ok(true));
    assert_eq!(fixture.violations(), []);
}

#[test]
fn nothing_from_the_host_is_lost() {
    let mut fixture = fixture(Recorder::<1, true>);
    let data: Vec<u8> = (0..=255).collect();
    // More than fits: the rest waits on the host's side.
    let mut write = Transfer::write(fixture.acm.function().data_out, &data);
    fixture.host.exchange(&mut [&mut write], MILLISECOND);
    assert_eq!(write.moved().len(), 128);
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    // Slots become free while the driver is gated.
    let mut received: Vec<u8> = Vec::new();
    while let Ok(bytes) = fixture.port.reader.fill_buf() {
        let count = bytes.len();
        received.extend(bytes);
        fixture.port.reader.consume(count);
        fixture.host.run(1000);
    }
    assert_eq!(received, data[..128]);
    fixture.host.resume();
    fixture.host.exchange(&mut [&mut write], 10 * MILLISECOND);
    assert_eq!(write.outcome(), Some(Ok(())));
    for packet in data[128..].chunks(64) {
        assert_eq!(fixture.port.reader.fill_buf(), Ok(packet));
        fixture.port.reader.consume(64);
    }
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Empty));
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_gated_driver_is_left_alone() {
    let mut fixture = fixture(Recorder::<1, true>);
    fixture.acm.write(&mut fixture.host, b"unread").unwrap();
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    fixture.port.writer.write(b"anything").unwrap();
    fixture.port.reader.consume(6);
    fixture.port.control.set_carrier(true);
    fixture.port.control.raise(SerialState::OVERRUN);
    fixture.port.control.request_wakeup();
    fixture.host.run(10 * MILLISECOND);
    assert_eq!(fixture.violations(), []);
    assert_eq!(power_calls(), [Gate, Suspended]);
}

#[test]
fn a_serial_state_of_a_suspended_bus_is_told_after_it() {
    let mut fixture = fixture(Recorder::<1, true>);
    fixture.acm.start_notifications(&mut fixture.host);
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    fixture.port.control.set_carrier(true);
    fixture.port.control.raise(SerialState::OVERRUN);
    fixture.host.run(MILLISECOND);
    fixture.host.resume();
    fixture.host.run(100 * MILLISECOND);
    assert!(fixture.acm.notification(&mut fixture.host).unwrap().is_some());
    assert_eq!(fixture.acm.counters().overruns, 1);
    assert_eq!(fixture.acm.notification(&mut fixture.host).unwrap(), None);
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_reset_ends_suspend_and_everything_else() {
    let mut fixture = fixture(Recorder::<1, true>);
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    power_calls();
    fixture.host.reset().unwrap();
    assert_eq!(power_calls(), [Resumed, Ungate, Deconfigured]);
    assert!(!fixture.port.control.is_suspended());
    reconfigure(&mut fixture);
    assert_eq!(power_calls(), [Configured(100)]);
    let _ = fixture.port.writer.is_flushed();
    fixture.port.writer.write(b"back").unwrap();
    assert_eq!(fixture.acm.read(&mut fixture.host, 4).unwrap(), b"back");
    assert_eq!(fixture.violations(), []);
}

#[test]
fn unplugging_a_suspended_device_leaves_nothing_gated() {
    let mut fixture = fixture(Recorder::<1, true>);
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    power_calls();
    fixture.host.unplug();
    assert_eq!(power_calls(), [Resumed, Ungate, Deconfigured]);
    assert!(!fixture.port.control.is_suspended());
    fixture.host.plug().unwrap();
    fixture.host.reset().unwrap();
    reconfigure(&mut fixture);
    assert_eq!(power_calls(), [Configured(100)]);
    assert_eq!(fixture.violations(), []);
}

#[test]
fn current_may_be_drawn_while_configured() {
    let mut fixture = fixture(Recorder::<1, true>);
    assert_eq!(fixture.port.control.milliamps(), 100);
    // Suspended is not unconfigured; what may be drawn then is 2.5 mA, as the hook says.
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    assert_eq!(fixture.port.control.milliamps(), 100);
    fixture.host.resume();
    power_calls();
    fixture.host.control_out(request::set_configuration(1), &[]).unwrap();
    assert_eq!(power_calls(), [], "it is configured");
    fixture.host.control_out(request::set_configuration(0), &[]).unwrap();
    assert_eq!((power_calls(), fixture.port.control.milliamps()), (vec![Deconfigured], 0));
    fixture.host.control_out(request::set_configuration(1), &[]).unwrap();
    assert_eq!((power_calls(), fixture.port.control.milliamps()), (vec![Configured(100)], 100));
    fixture.host.reset().unwrap();
    assert_eq!((power_calls(), fixture.port.control.milliamps()), (vec![Deconfigured], 0));
}

#[test]
fn a_device_without_configuration_is_suspended_as_well() {
    let mut fixture = fixture(Recorder::<1, true>);
    fixture.host.reset().unwrap();
    power_calls();
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    fixture.host.resume();
    assert_eq!(power_calls(), [Gate, Suspended, Resumed, Ungate]);
    reconfigure(&mut fixture);
    assert_eq!(fixture.violations(), []);
}
