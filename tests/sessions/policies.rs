//! What DTR means under each policy, and which events tell of it.

use usbd_acm::class::Event;
use usbd_acm::{ReadError, WriteError};
use usbd_acm_tests::fixture::Fixture;
use usbd_acm_virtual::host::{TransferError, request};

use crate::{Ignoring, MILLISECOND, Preferring, Requiring, events, fixture};

const CONFIGURED: Event = Event::Configured { milliamps: 100 };

fn reconfigure(fixture: &mut Fixture) {
    fixture.host.control_out(request::set_address(3), &[]).unwrap();
    fixture.host.control_out(request::set_configuration(1), &[]).unwrap();
}

#[test]
fn ignored_dtr_neither_begins_nor_ends_a_session() {
    let mut fixture = fixture(Ignoring::default());
    assert_eq!(events(&mut fixture), [CONFIGURED, Event::SessionStart]);
    fixture.set_dtr(true);
    assert_eq!(events(&mut fixture), [Event::Rts(true), Event::Dtr(true)]);
    fixture.set_dtr(false);
    assert_eq!(events(&mut fixture), [Event::Rts(false), Event::Dtr(false)]);
    assert_eq!(fixture.port.writer.write(b"still"), Ok(5));
    assert_eq!(fixture.acm.transfer(&mut fixture.host, b"there", 5).unwrap(), b"still");
    assert_eq!(fixture.port.reader.fill_buf(), Ok(&b"there"[..]));
    fixture.host.reset().unwrap();
    assert_eq!(events(&mut fixture), [Event::SessionEnd, Event::Deconfigured]);
}

#[test]
fn preferred_dtr_is_not_needed_but_its_fall_ends_a_session() {
    let mut fixture = fixture(Preferring::default());
    assert_eq!(events(&mut fixture), [CONFIGURED, Event::SessionStart]);
    fixture.set_dtr(true);
    assert_eq!(events(&mut fixture), [Event::Rts(true), Event::Dtr(true)]);
    fixture.set_dtr(false);
    assert_eq!(events(&mut fixture), [Event::Rts(false), Event::Dtr(false), Event::SessionEnd]);
    fixture.set_dtr(true);
    assert_eq!(events(&mut fixture), [Event::Rts(true), Event::Dtr(true), Event::SessionStart]);
}

#[test]
fn where_dtr_is_preferred_data_begins_a_session_without_it() {
    let mut fixture = fixture(Preferring::default());
    fixture.set_dtr(true);
    fixture.set_dtr(false);
    events(&mut fixture);
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Empty));
    fixture.acm.write(&mut fixture.host, b"knock").unwrap();
    assert_eq!(events(&mut fixture), [Event::SessionStart]);
    assert_eq!(fixture.port.reader.fill_buf(), Ok(&b"knock"[..]));
    assert_eq!(fixture.port.writer.write(b"who?"), Ok(4));
    assert_eq!(fixture.acm.read(&mut fixture.host, 4).unwrap(), b"who?");
}

#[test]
fn where_dtr_is_preferred_an_empty_packet_begins_no_session() {
    let mut fixture = fixture(Preferring::default());
    fixture.set_dtr(true);
    fixture.set_dtr(false);
    events(&mut fixture);
    let data_out = fixture.acm.function().data_out;
    fixture.host.write(data_out, &[]).unwrap();
    fixture.host.run(MILLISECOND);
    assert_eq!(events(&mut fixture), []);
}

#[test]
fn required_dtr_is_needed_for_everything() {
    let mut fixture = fixture(Requiring::default());
    assert_eq!(events(&mut fixture), [CONFIGURED]);
    assert_eq!(fixture.port.writer.write(b"x"), Err(WriteError::NotConnected));
    let refused = fixture.acm.write(&mut fixture.host, b"nobody takes this");
    assert_eq!(refused, Err(TransferError::Timeout));
    fixture.set_dtr(true);
    assert_eq!(events(&mut fixture), [Event::Rts(true), Event::Dtr(true), Event::SessionStart]);
    assert_eq!(fixture.port.writer.write(b"ok"), Ok(2));
    assert_eq!(fixture.acm.transfer(&mut fixture.host, b"in", 2).unwrap(), b"ok");
    assert_eq!(fixture.port.reader.fill_buf(), Ok(&b"in"[..]));
    fixture.port.reader.consume(2);
    fixture.set_dtr(false);
    assert_eq!(events(&mut fixture), [Event::Rts(false), Event::Dtr(false), Event::SessionEnd]);
    let refused = fixture.acm.write(&mut fixture.host, b"nor this");
    assert_eq!(refused, Err(TransferError::Timeout));
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Disconnected));
    assert_eq!(fixture.port.reader.fill_buf(), Err(ReadError::Empty));
    assert_eq!(fixture.violations(), []);
}

#[test]
fn where_dtr_is_required_slots_in_the_controller_come_back_at_its_fall() {
    let mut fixture = fixture(Requiring::default());
    for _ in 0..100 {
        fixture.set_dtr(true);
        assert_eq!(fixture.acm.write(&mut fixture.host, &[1; 128]), Ok(()), "two slots are free");
        let _ = fixture.port.reader.fill_buf();
        while fixture.port.reader.fill_buf().is_ok() {
            fixture.port.reader.consume(64);
        }
        fixture.host.run(MILLISECOND);
        fixture.set_dtr(false);
    }
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_session_ends_before_the_configuration_and_begins_after_it() {
    let mut fixture = fixture(Preferring::default());
    fixture.set_dtr(true);
    events(&mut fixture);
    fixture.host.reset().unwrap();
    let end = [Event::SessionEnd, Event::Rts(false), Event::Dtr(false), Event::Deconfigured];
    assert_eq!(events(&mut fixture), end);
    reconfigure(&mut fixture);
    assert_eq!(events(&mut fixture), [CONFIGURED, Event::SessionStart]);
    fixture.host.control_out(request::set_configuration(0), &[]).unwrap();
    assert_eq!(events(&mut fixture), [Event::SessionEnd, Event::Deconfigured]);
    fixture.host.control_out(request::set_configuration(1), &[]).unwrap();
    assert_eq!(events(&mut fixture), [CONFIGURED, Event::SessionStart]);
    fixture.host.unplug();
    assert_eq!(events(&mut fixture), [Event::SessionEnd, Event::Deconfigured]);
    assert_eq!(fixture.port.control.milliamps(), 0);
}

#[test]
fn setting_the_same_configuration_again_ends_no_session() {
    let mut fixture = fixture(Preferring::default());
    events(&mut fixture);
    assert_eq!(fixture.port.writer.write(b"kept"), Ok(4));
    fixture.host.run(MILLISECOND);
    fixture.host.control_out(request::set_configuration(1), &[]).unwrap();
    assert_eq!(events(&mut fixture), []);
    assert_eq!(fixture.acm.read(&mut fixture.host, 4).unwrap(), b"kept");
}
