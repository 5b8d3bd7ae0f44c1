//! SET_CONTROL_LINE_STATE (PSTN 1.2 §6.3.12).

use usbd_acm::SetupPacket;
use usbd_acm::class::{ControlLineState, Event};
use usbd_acm_tests::TokenHost;
use usbd_acm_tests::model::Answer;
use usbd_acm_virtual::host::request::{set_configuration, set_control_line_state};

use super::events;

#[test]
fn cdc_3_3_dtr_and_rts_are_wvalue_d0_and_d1() {
    let mut host = TokenHost::configured();
    for value in 0..=u16::MAX {
        // D15..2 are reserved: ignored.
        let setup = SetupPacket { value, ..set_control_line_state(0, false, false) };
        assert_eq!(host.control(setup), Answer::Ack);
        let lines = host.ports[0].control.control_lines();
        assert_eq!(lines.contains(ControlLineState::DTR), value & 1 != 0, "{value:#06x}");
        assert_eq!(lines.contains(ControlLineState::RTS), value & 2 != 0, "{value:#06x}");
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_3_3_changes_of_lines_are_events() {
    let mut host = TokenHost::configured();
    events(&mut host, 0);
    let mut set = |dtr, rts| {
        assert_eq!(host.control(set_control_line_state(0, dtr, rts)), Answer::Ack);
        let mut events = events(&mut host, 0);
        events.retain(|event| matches!(event, Event::Dtr(_) | Event::Rts(_)));
        events
    };
    assert_eq!(set(false, false), []);
    assert_eq!(set(true, false), [Event::Dtr(true)]);
    assert_eq!(set(true, false), []);
    assert_eq!(set(true, true), [Event::Rts(true)]);
    assert_eq!(set(false, true), [Event::Dtr(false)]);
    assert_eq!(set(false, false), [Event::Rts(false)]);
}

#[test]
fn cdc_3_3_a_pulse_of_dtr_is_not_missed() {
    let mut host = TokenHost::configured();
    host.control(set_control_line_state(0, true, false));
    events(&mut host, 0);
    // The boot loader's reset: DTR falls and rises before the application looks.
    for dtr in [false, true] {
        host.control(set_control_line_state(0, dtr, false));
    }
    let mut seen = events(&mut host, 0);
    seen.retain(|event| matches!(event, Event::Dtr(_)));
    assert_eq!(seen, [Event::Dtr(false), Event::Dtr(true)]);
}

#[test]
fn cdc_3_3_lines_drop_with_the_configuration() {
    for by_reset in [true, false] {
        let mut host = TokenHost::configured();
        host.control(set_control_line_state(0, true, true));
        events(&mut host, 0);
        match by_reset {
            true => host.reset(),
            false => assert_eq!(host.control(set_configuration(0)), Answer::Ack),
        }
        assert_eq!(host.ports[0].control.control_lines(), ControlLineState::empty());
        let seen = events(&mut host, 0);
        for event in [Event::Dtr(false), Event::Rts(false), Event::Deconfigured] {
            assert_eq!(seen.iter().filter(|e| **e == event).count(), 1, "{event:?}: {seen:?}");
        }
    }
}

#[test]
fn cdc_3_3_dtr_opens_and_closes_the_session() {
    let mut host = TokenHost::configured();
    assert_eq!(
        events(&mut host, 0),
        [Event::Configured { milliamps: 100 }, Event::SessionStart],
        "programs that never set DTR are served"
    );
    host.control(set_control_line_state(0, true, true));
    assert!(!events(&mut host, 0).contains(&Event::SessionStart));
    host.control(set_control_line_state(0, false, false));
    assert!(events(&mut host, 0).contains(&Event::SessionEnd));
    host.control(set_control_line_state(0, true, false));
    assert!(events(&mut host, 0).contains(&Event::SessionStart));
}
