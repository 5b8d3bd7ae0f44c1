//! The doorbell rings when the bus side has something to do that no event will tell it, and only
//! then. A device that is polled by interrupt alone never misses anything.

mod threads;

use usbd_acm::WriteError;
use usbd_acm::class::SerialState;
use usbd_acm_tests::fixture::{Fixture, Options, Polling};
use usbd_acm_tests::probe::{Recorder, bell};
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{Transfer, request};

const MILLISECOND: u64 = 1_000_000;

fn fixture() -> Fixture {
    let options = Options { polling: Polling::OnInterrupt(0), ..Options::default() };
    Fixture::new::<FullSpeed>(options, Recorder::<1, true>)
}

/// How often it rings during this.
fn rings<T>(act: impl FnOnce() -> T) -> u64 {
    let before = bell::rings();
    act();
    bell::rings() - before
}

#[test]
fn a_write_to_an_idle_wire_rings_once() {
    let mut fixture = fixture();
    assert_eq!(rings(|| fixture.port.writer.write(b"first")), 1);
    fixture.host.run(MILLISECOND);
    // In flight: its acknowledgement will make the device look again.
    assert_eq!(rings(|| fixture.port.writer.write(b" second")), 0);
    assert_eq!(fixture.acm.read(&mut fixture.host, 12).unwrap(), b"first second");
    fixture.host.run(MILLISECOND);
    assert_eq!(rings(|| fixture.port.writer.write(b"idle again")), 1);
}

#[test]
fn a_grant_rings_as_a_write_does() {
    let mut fixture = fixture();
    assert_eq!(rings(|| _ = fixture.port.writer.grant().unwrap()), 0);
    assert_eq!(rings(|| fixture.port.writer.grant().unwrap().commit(0)), 0);
    assert_eq!(rings(|| fixture.port.writer.grant().unwrap().commit(1)), 1);
}

#[test]
fn what_changes_nothing_rings_nobody() {
    let mut fixture = fixture();
    assert_eq!(rings(|| fixture.port.writer.write(&[])), 0);
    assert_eq!(rings(|| fixture.port.writer.is_flushed()), 0);
    assert_eq!(rings(|| fixture.port.writer.is_ready()), 0);
    assert_eq!(rings(|| fixture.port.reader.fill_buf().is_ok()), 0);
    assert_eq!(rings(|| fixture.port.reader.read(&mut [0])), 0);
    assert_eq!(rings(|| fixture.port.reader.consume(0)), 0);
    assert_eq!(rings(|| fixture.port.control.next_event()), 0);
    assert_eq!(rings(|| fixture.port.control.request_wakeup()), 0, "the host is awake");
    fixture.host.unplug();
    let _ = fixture.port.writer.is_flushed();
    assert_eq!(rings(|| fixture.port.writer.write(b"x")), 0, "nobody is there");
}

#[test]
fn a_full_fifo_rings_nobody() {
    let mut fixture = fixture();
    while fixture.port.writer.write(&[7; 64]).is_ok() {
        fixture.host.run(1000);
    }
    assert_eq!(rings(|| assert_eq!(fixture.port.writer.write(b"x"), Err(WriteError::Full))), 0);
}

#[test]
fn reading_rings_only_when_the_host_waits_for_a_slot() {
    let mut fixture = fixture();
    fixture.acm.write(&mut fixture.host, &[1; 10]).unwrap();
    // The other slot is still in the controller.
    assert_eq!(rings(|| fixture.port.reader.read(&mut [0; 64])), 0);
    let mut write = Transfer::write(fixture.acm.function().data_out, &[2; 300]);
    fixture.host.exchange(&mut [&mut write], 5 * MILLISECOND);
    assert_eq!(write.moved().len(), 128);
    assert_eq!(rings(|| fixture.port.reader.read(&mut [0; 60])), 0, "no slot is free yet");
    assert_eq!(rings(|| fixture.port.reader.read(&mut [0; 4])), 1);
    fixture.host.exchange(&mut [&mut write], 5 * MILLISECOND);
    assert_eq!(write.moved().len(), 192, "the slot was filled again");
}

#[test]
fn empty_packets_give_their_slots_back() {
    let mut fixture = fixture();
    let data_out = fixture.acm.function().data_out;
    // A terminator in every slot, and then data.
    for _ in 0..10 {
        fixture.host.write(data_out, &[]).unwrap();
        fixture.host.write(data_out, &[]).unwrap();
        assert!(fixture.port.reader.fill_buf().is_err());
    }
    fixture.host.write(data_out, &[]).unwrap();
    fixture.host.write(data_out, &[]).unwrap();
    assert!(!fixture.port.reader.is_ready());
    fixture.acm.write(&mut fixture.host, b"data").unwrap();
    assert_eq!(fixture.port.reader.fill_buf(), Ok(&b"data"[..]));
}

#[test]
fn an_answer_to_the_data_that_began_a_session_goes_at_once() {
    let mut fixture = fixture();
    fixture.set_dtr(true);
    // In flight when the terminal goes, and never acknowledged.
    fixture.port.writer.write(b"stale").unwrap();
    fixture.host.run(MILLISECOND);
    fixture.set_dtr(false);
    // The next one comes without DTR.
    fixture.acm.write(&mut fixture.host, b"hello?").unwrap();
    let _ = fixture.port.writer.is_flushed();
    assert_eq!(fixture.port.writer.write(b"yes"), Ok(3));
    assert_eq!(fixture.acm.read(&mut fixture.host, 3).unwrap(), b"yes");
}

#[test]
fn serial_state_rings() {
    let mut fixture = fixture();
    fixture.acm.start_notifications(&mut fixture.host);
    assert_eq!(rings(|| fixture.port.control.set_carrier(true)), 1);
    assert_eq!(rings(|| fixture.port.control.raise(SerialState::OVERRUN)), 1);
    fixture.host.run(100 * MILLISECOND);
    assert!(fixture.acm.notification(&mut fixture.host).unwrap().is_some());
    assert_eq!(fixture.acm.counters().overruns, 1);
}

#[test]
fn a_suspended_bus_is_rung_for() {
    let mut fixture = fixture();
    let feature = request::set_device_feature(request::DEVICE_REMOTE_WAKEUP);
    fixture.host.control_out(feature, &[]).unwrap();
    fixture.host.suspend();
    fixture.host.run(MILLISECOND);
    assert_eq!(rings(|| fixture.port.writer.write(b"wake")), 1);
    assert_eq!(rings(|| fixture.port.control.request_wakeup()), 1);
    fixture.host.await_remote_wakeup(10 * MILLISECOND).unwrap();
    assert_eq!(fixture.acm.read(&mut fixture.host, 4).unwrap(), b"wake");
    assert_eq!(fixture.violations(), []);
}
