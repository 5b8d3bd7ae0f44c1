//! The 1200-baud touch: DTR falls at 1200 bit/s, and the board restarts in its bootloader, once the
//! host has the acknowledgement.

use std::cell::Cell;
use std::rc::Rc;

use usbd_acm::class::Event;
use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_tests::probe::Recorder;
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{Conduct, request};

use crate::Asking;

const SLOW: [u8; 7] = [0xB0, 0x04, 0, 0, 0, 0, 8];
const FAST: [u8; 7] = [0, 0xC2, 1, 0, 0, 0, 8];

fn fixture() -> (Fixture, Rc<Cell<Option<usize>>>) {
    let hooks = Asking::<1>::default();
    let touched = hooks.touched.clone();
    (Fixture::new::<FullSpeed>(Options::default(), hooks), touched)
}

#[test]
fn dtr_falling_at_1200_baud_is_a_touch() {
    let (mut fixture, touched) = fixture();
    fixture.acm.set_line_coding(&mut fixture.host, SLOW).unwrap();
    fixture.set_dtr(true);
    assert_eq!(touched.take(), None);
    fixture.set_dtr(false);
    assert_eq!(touched.take(), Some(0));
    assert_eq!(fixture.port.control.touches(), 1);
    let events: Vec<_> = std::iter::from_fn(|| fixture.port.control.next_event()).collect();
    assert_eq!(events.last(), Some(&Event::Touch1200));
    // It does not fall twice.
    fixture.set_dtr(false);
    assert_eq!((touched.take(), fixture.port.control.touches()), (None, 1));
}

#[test]
fn nothing_else_is_one() {
    let (mut fixture, touched) = fixture();
    fixture.set_dtr(true);
    fixture.set_dtr(false);
    fixture.acm.set_line_coding(&mut fixture.host, SLOW).unwrap();
    fixture.set_dtr(false);
    fixture.set_dtr(true);
    fixture.acm.set_line_coding(&mut fixture.host, FAST).unwrap();
    fixture.set_dtr(false);
    fixture.acm.set_line_coding(&mut fixture.host, SLOW).unwrap();
    // RTS falls, DTR stays.
    fixture.acm.set_control_line_state(&mut fixture.host, true, true).unwrap();
    fixture.acm.set_control_line_state(&mut fixture.host, true, false).unwrap();
    // The lines fall with a reset; nobody asked for that.
    fixture.host.reset().unwrap();
    assert_eq!((touched.take(), fixture.port.control.touches()), (None, 0));
}

#[test]
fn it_is_not_acted_on_before_the_host_has_the_acknowledgement() {
    let (mut fixture, touched) = fixture();
    fixture.acm.set_line_coding(&mut fixture.host, SLOW).unwrap();
    fixture.set_dtr(true);
    // SETUP, and no status stage: the host changes its mind.
    let interface = fixture.acm.function().control_interface;
    let setup = request::set_control_line_state(interface, false, false);
    fixture.host.control(setup, &[], Conduct::AbortAfter(0)).unwrap();
    fixture.host.run(10_000_000);
    assert_eq!((touched.take(), fixture.port.control.touches()), (None, 0));
    fixture.host.control_in(request::get_device_status()).unwrap();
    assert_eq!((touched.take(), fixture.port.control.touches()), (None, 0));
    assert_eq!(fixture.violations(), []);
}

#[test]
fn a_board_that_does_not_ask_for_it_is_not_touched() {
    let mut fixture = Fixture::<2, 64>::new::<FullSpeed>(Options::default(), Recorder::<1>);
    fixture.acm.set_line_coding(&mut fixture.host, SLOW).unwrap();
    fixture.set_dtr(true);
    fixture.set_dtr(false);
    assert_eq!(fixture.port.control.touches(), 0);
}
