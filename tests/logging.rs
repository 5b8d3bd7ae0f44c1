//! The feature `log`: control transfers and session changes.

use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use usbd_acm_tests::fixture::{Fixture, Options};
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::request;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Collector;

impl Log for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("usbd_acm::")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            LINES.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
        }
    }

    fn flush(&self) {}
}

fn said() -> Vec<String> {
    std::mem::take(&mut *LINES.lock().unwrap())
}

/// One test, as a process has one logger.
#[test]
fn control_transfers_and_session_changes_are_logged() {
    log::set_logger(&Collector).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let mut fixture = Fixture::<2, 64>::new::<FullSpeed>(Options::default(), ());
    let lines = said();
    assert!(lines.iter().filter(|line| line.starts_with("TRACE SetupPacket")).count() >= 8);
    // A request is told once its outcome is known, after what it did.
    let [.., session, configured] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(session, "DEBUG EP 1 IN: session open: true");
    assert!(configured.contains("request: 9, value: 1,"), "{configured}");

    fixture.set_dtr(true);
    fixture.set_dtr(false);
    let [open, session, close] = &said()[..] else { panic!("three lines") };
    assert!(open.contains("request: 34, value: 3,") && open.ends_with("stalled: false"), "{open}");
    assert_eq!(session, "DEBUG EP 1 IN: session open: false");
    assert!(close.contains("request: 34, value: 0,"), "{close}");

    fixture.host.control_in(request::get_descriptor(0x42, 0, 8)).unwrap_err();
    let [unknown] = &said()[..] else { panic!("one line") };
    assert!(unknown.ends_with("stalled: true"), "{unknown}");
}
