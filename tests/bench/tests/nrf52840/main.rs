//! Our driver for the nRF52840, in the firmware of examples/nrf52840-dk, on the emulated chip.

mod bridge;
mod faults;
mod figures;
mod power;

use std::path::PathBuf;
use std::process::Command;

use usbd_acm_bench::Board;
use usbd_acm_bench::cpu::Image;
use usbd_acm_bench::firmware::root;
use usbd_acm_virtual::host::{AcmPort, Config, Host, linux, macos, windows};

const LINE_CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];
const MILLISECOND: u64 = 1_000_000;

/// The host gave up, and has to start over.
type Failure = Box<dyn std::error::Error>;

/// Builds an example.
fn example(name: &str) -> PathBuf {
    let folder = root().join("examples/nrf52840-dk");
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&folder).env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
    let features = if name == "echo-nrf-usbd" { "nrf-usbd" } else { "" };
    cargo.args([
        "build",
        "--locked",
        "--quiet",
        "--release",
        "--features",
        features,
        "--bin",
        name,
    ]);
    assert!(cargo.status().unwrap().success(), "{name} does not build");
    folder.join("target/thumbv7em-none-eabihf/release").join(name)
}

/// An example on a chip that is plugged in.
fn plugged(name: &str) -> Host<Board> {
    let image = Image::load(&example(name)).unwrap();
    let mut host = Host::with_config(Board::new(image).unwrap(), Config::default());
    host.plug().unwrap_or_else(|error| {
        let board = host.port_mut();
        panic!("{error}: {} {:?}", board.core().place(), board.core().hard_faults())
    });
    host
}

/// Enumerated and opened, as Linux does.
fn opened(name: &str) -> (Host<Board>, AcmPort) {
    let mut host = plugged(name);
    let device = linux::enumerate(&mut host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, LINE_CODING).unwrap();
    (host, port)
}

/// So many bytes that do not repeat soon.
fn data(length: u32) -> Vec<u8> {
    (0..length).map(|index| (index * 7 + index / 251).to_le_bytes()[0]).collect()
}

/// Nothing crashed, and nothing was done against the manual.
fn is_well(host: &mut Host<Board>) {
    let board = host.port_mut();
    assert!(board.fault().is_none(), "{:?}", board.fault());
    assert!(board.core().hard_faults().is_empty());
    assert_eq!(board.violations(), []);
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
    let board = host.port_mut();
    assert!(board.fault().is_none() && board.core().hard_faults().is_empty());
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
