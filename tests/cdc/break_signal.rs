//! SEND_BREAK (PSTN 1.2 §6.3.13).

use usbd_acm::class::{Break, Event};
use usbd_acm_tests::TokenHost;
use usbd_acm_tests::model::Answer;
use usbd_acm_virtual::host::request::send_break;

use super::events;

fn send(host: &mut TokenHost, milliseconds: u16) -> Vec<Event> {
    assert_eq!(host.control(send_break(0, milliseconds)), Answer::Ack);
    events(host, 0)
}

fn timed(milliseconds: u16) -> Break {
    Break::For(milliseconds.try_into().expect("not zero"))
}

fn configured() -> TokenHost {
    let mut host = TokenHost::configured();
    events(&mut host, 0);
    host
}

#[test]
fn cdc_7_every_duration_arrives_whole() {
    let mut host = configured();
    for milliseconds in 0..=u16::MAX {
        let seen = send(&mut host, milliseconds);
        let expected = match milliseconds {
            0 => Break::Off,
            0xFFFF => Break::On,
            other => timed(other),
        };
        assert_eq!(host.ports[0].control.break_request(), expected);
        match milliseconds {
            0 => assert_eq!(seen, [], "there was no break to end"),
            _ => assert_eq!(seen, [Event::Break(expected)]),
        }
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_7_break_until_told_otherwise() {
    let mut host = configured();
    assert_eq!(send(&mut host, 0xFFFF), [Event::Break(Break::On)]);
    assert_eq!(send(&mut host, 0), [Event::Break(Break::Off)]);
    assert_eq!(send(&mut host, 0), []);
}

#[test]
fn cdc_7_a_new_break_replaces_the_one_before() {
    let mut host = configured();
    assert_eq!(send(&mut host, 500), [Event::Break(timed(500))]);
    assert_eq!(send(&mut host, 500), [Event::Break(timed(500))], "it starts anew");
    assert_eq!(send(&mut host, 256), [Event::Break(timed(256))]);
    assert_eq!(send(&mut host, 0xFFFF), [Event::Break(Break::On)]);
    assert_eq!(send(&mut host, 1), [Event::Break(timed(1))]);
    assert_eq!(send(&mut host, 0), [Event::Break(Break::Off)]);
}

#[test]
fn cdc_7_a_short_break_is_not_missed() {
    let mut host = configured();
    for milliseconds in [0xFFFF, 0] {
        assert_eq!(host.control(send_break(0, milliseconds)), Answer::Ack);
    }
    let seen = events(&mut host, 0);
    assert_eq!(seen, [Event::Break(Break::On), Event::Break(Break::Off)]);
}

#[test]
fn cdc_7_a_reset_ends_the_break() {
    let mut host = configured();
    send(&mut host, 0xFFFF);
    host.reset();
    assert!(events(&mut host, 0).contains(&Event::Break(Break::Off)));
    assert_eq!(host.ports[0].control.break_request(), Break::Off);
}
