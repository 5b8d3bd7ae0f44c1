//! Our driver for the nRF52840, in the firmware of examples/nrf52840-dk, on the emulated chip.

#[path = "../adapter/mod.rs"]
mod adapter;
mod bridge;
mod faults;
mod figures;
mod ports;
mod power;
#[path = "../rig/mod.rs"]
mod rig;
mod two_packets;

use rig::{LINE_CODING, data, is_well, runs};
use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::Chip;
use usbd_acm_bench::soc::nrf52840::Nrf52840;
use usbd_acm_virtual::host::{AcmPort, Host, macos, windows};

const MILLISECOND: u64 = 1_000_000;

type Board = usbd_acm_bench::Board<Nrf52840>;

/// The host gave up, and has to start over.
type Failure = Box<dyn std::error::Error>;

/// An example.
fn example(name: &str) -> Firmware {
    Firmware::example(Nrf52840::EXAMPLES, name)
}

/// An example on a chip that is plugged in.
fn plugged(name: &str) -> Host<Board> {
    rig::plugged(&example(name))
}

/// Enumerated and opened, as Linux does.
fn opened(name: &str) -> (Host<Board>, AcmPort) {
    rig::opened(&example(name))
}

fn echoes(name: &str) {
    let (mut host, mut port) = opened(name);
    assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
    let data = data(50_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    is_well(&mut host);
}

#[test]
fn the_echo_echoes() {
    echoes("echo");
}

#[test]
fn the_echo_without_interrupts_echoes() {
    echoes("echo-main-loop");
}

/// Somebody else's driver, which does some things against the manual.
#[test]
fn the_echo_on_nrf_usbd_echoes() {
    let (mut host, mut port) = opened("echo-nrf-usbd");
    let data = data(5_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    runs(&mut host);
}

#[test]
fn a_stack_that_overflows_starts_the_device_anew() {
    rig::starts_anew_when_its_stack_overflows::<Nrf52840>(&example("echo"));
}

#[test]
fn every_system_enumerates_it() {
    let mut host = plugged("echo");
    windows::enumerate(&mut host).unwrap();
    macos::enumerate(&mut host).unwrap();
    is_well(&mut host);
}

#[test]
fn the_log_says_where_how_many_bytes_are_missing() {
    let (mut host, mut port) = opened("log");
    // Not read for a while, it has to drop lines.
    host.run(2_000 * MILLISECOND);
    let text = port.read_for(&mut host, 500 * MILLISECOND).unwrap();
    let text = String::from_utf8(text).unwrap();
    const WHOLE: &str = " ms: all is well";
    let (text, _) = text.rsplit_once(WHOLE).unwrap();
    let (mut lost, mut received, mut time, mut is_cut) = (0, 0, 0, false);
    for line in format!("{text}{WHOLE}").split("\r\n") {
        if let Some(count) = line.strip_prefix('[').and_then(|l| l.strip_suffix(" bytes lost]")) {
            lost += count.parse::<usize>().unwrap();
            is_cut = false;
        } else if let Some(milliseconds) = line.strip_suffix(WHOLE) {
            assert!(!is_cut, "{line:?} follows what is cut");
            time = milliseconds.trim_start().parse::<usize>().unwrap();
            received += line.len() + 2;
        } else if line.starts_with(' ') {
            is_cut = true;
            received += line.len();
        }
    }
    assert!(lost > 2_000, "{text}");
    // A line each 10 ms, since power-on.
    assert_eq!(lost + received, (time / 10 + 1) * (10 + WHOLE.len() + 2), "{text}");
    is_well(&mut host);
}
