//! Our driver for the nRF52840, and the firmware of examples/nrf52840-dk, on the emulated chip.

use std::path::PathBuf;
use std::process::Command;

use usbd_acm_bench::Board;
use usbd_acm_bench::cpu::Image;
use usbd_acm_bench::firmware::root;
use usbd_acm_virtual::host::{AcmPort, Config, Host, linux, macos, windows};

/// Builds an example.
fn example(name: &str) -> PathBuf {
    let folder = root().join("examples/nrf52840-dk");
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&folder).env_remove("RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
    cargo.args(["build", "--locked", "--quiet", "--release", "--bin", name]);
    assert!(cargo.status().unwrap().success(), "{name} does not build");
    folder.join("target/thumbv7em-none-eabihf/release").join(name)
}

fn plugged(name: &str) -> Host<Board> {
    let image = Image::load(&example(name)).unwrap();
    let mut host = Host::with_config(Board::new(image).unwrap(), Config::default());
    host.plug().unwrap_or_else(|error| {
        let board = host.port_mut();
        panic!("{error}: {} {:?}", board.core().place(), board.core().hard_faults())
    });
    host
}

fn is_well(host: &mut Host<Board>) {
    let board = host.port_mut();
    assert!(board.fault().is_none() && board.core().hard_faults().is_empty());
    assert_eq!(board.violations(), []);
}

fn echoes(name: &str) {
    let mut host = plugged(name);
    let device = linux::enumerate(&mut host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]).unwrap();
    assert_eq!(port.line_coding(&mut host).unwrap()[..4], [0x00, 0xC2, 0x01, 0x00]);
    let data: Vec<u8> = (0..50_000_u32).map(|index| (index * 7 + index / 251) as u8).collect();
    let echoed = port.transfer(&mut host, &data, data.len()).unwrap();
    assert_eq!(echoed, data);
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

#[test]
fn every_system_enumerates_it() {
    let mut host = plugged("echo");
    windows::enumerate(&mut host).unwrap();
    macos::enumerate(&mut host).unwrap();
    is_well(&mut host);
}
