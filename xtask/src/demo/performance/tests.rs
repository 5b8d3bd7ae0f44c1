//! The demo runs, and says what is true.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;

const COUNT: usize = 512 * 1024;

fn performed(plan: &Plan) -> (Outcome<Vec<u8>>, Vec<String>) {
    let lines = Rc::new(RefCell::new(Vec::new()));
    let heard = lines.clone();
    let voice = Voice::new(move |text| heard.borrow_mut().push(text.to_owned()));
    let outcome = perform(plan, &voice, &ProgressBar::hidden(), Vec::new()).unwrap();
    (outcome, lines.take())
}

fn plan(speed: Speed) -> Plan {
    Plan {
        speed,
        file: (0..5000u32).map(|n| ((n * n) >> 3) as u8).collect(),
        rate: 115_200,
        all_descriptors: false,
        count: COUNT,
        capture_all: false,
        most_captured: u64::MAX,
    }
}

#[test]
fn a_file_goes_over_the_uart_in_the_time_of_its_characters() {
    let plan = plan(Speed::Full);
    let (outcome, _) = performed(&plan);
    let trip = outcome.round_trip;
    assert_eq!((trip.bytes, trip.characters, trip.difference), (5000, 5000, None));
    assert_eq!(trip.sent_sha256, trip.received_sha256);
    // 10 bits a character; what USB adds is less than 2 ms.
    let line = 5000 * 10 * 1_000_000_000 / 115_200;
    assert!((line..line + 2_000_000).contains(&trip.duration), "{} of {line}", trip.duration);
}

#[test]
fn throughput_is_near_the_limit_of_the_bus_and_never_above() {
    for speed in [Speed::Full, Speed::High] {
        let (outcome, _) = performed(&plan(speed));
        let [out, in_, both_out, both_in, both] = &outcome.flows[..] else { panic!("5 flows") };
        for flow in [out, in_, both_out, both_in] {
            assert_eq!(flow.bytes, COUNT as u64);
        }
        for flow in [out, in_, both] {
            let percent = flow.percent(speed);
            assert!((90.0..=100.0).contains(&percent), "{}: {percent} %", flow.direction);
        }
    }
}

#[test]
fn the_simulation_is_deterministic() {
    let first = performed(&plan(Speed::Full));
    let second = performed(&plan(Speed::Full));
    assert_eq!(first.1, second.1);
    assert!(first.0.capture == second.0.capture);
}

#[test]
fn what_is_said_is_the_conversation() {
    let (outcome, lines) = performed(&plan(Speed::Full));
    let has = |part: &str| lines.iter().any(|line| line.contains(part));
    assert!(has("SET_ADDRESS(5) -> ACK"));
    assert!(has("GET_DESCRIPTOR(device) of 18 bytes -> 18 bytes: 12 01 00 02"));
    assert!(has("device: configured 100 mA"));
    assert!(has("device: line-coding 115200 8 none 1") || has("device: dtr on"));
    assert!(has("SEND_BREAK(250 ms) -> ACK"));
    assert!(has("device: break 250 ms"));
    assert!(has("SERIAL_STATE DCD DSR break"));
    // It was over long before the unplugging that would have ended it.
    assert!(!has("device: break off"));
    assert!(has("identical: 5000 bytes compared"));
    assert!(outcome.captured_packets > 1000);
}

#[test]
fn the_serial_state_is_told_when_it_crosses_the_wire() {
    let (_, lines) = performed(&plan(Speed::Full));
    let times = |part: &str| -> Vec<f64> {
        let said = lines.iter().filter(|line| line.contains(part));
        said.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
    };
    let start = times("SEND_BREAK")[0];
    let [opened, broken] = times("SERIAL_STATE")[..] else { panic!("two notifications") };
    // bInterval is 16 ms.
    assert!(opened > start && opened < start + 17.5, "{opened}, {start}");
    assert!(broken > opened + 15.0 && broken < opened + 17.0, "{broken}, {opened}");
}

#[test]
fn a_capture_grows_no_larger_than_it_may() {
    let all = Plan { rate: 1200, ..plan(Speed::Full) };
    let (outcome, _) = performed(&Plan { most_captured: 5000, ..all });
    assert!(outcome.capture_is_cut);
    // It is looked at every 20 ms.
    assert!((5000..10_000).contains(&outcome.captured_packets), "{}", outcome.captured_packets);
    assert_eq!(outcome.round_trip.difference, None);
    let (whole, _) = performed(&plan(Speed::Full));
    assert!(!whole.capture_is_cut);
    assert!(whole.captured_packets > 10_000);
}

#[test]
fn an_empty_file_goes_round_as_well() {
    let (outcome, _) = performed(&Plan { file: Vec::new(), ..plan(Speed::High) });
    assert_eq!((outcome.round_trip.bytes, outcome.round_trip.difference), (0, None));
}
