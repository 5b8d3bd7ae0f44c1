//! The program behind `cargo xtask run` and `bench`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use usbd_acm_bench::firmware::{App, Firmware};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usbd-acm-bench"));
    command.env("RUST_BACKTRACE", "0").args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    program(&[&["run"], arguments].concat()).output().unwrap()
}

/// What it says of this when it fails, as it does.
fn refused(arguments: &[&str]) -> String {
    let output = program(arguments).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// A path that nobody else has.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("usbd-acm-bench-{}-{name}", std::process::id()))
}

#[test]
fn it_says_what_the_device_is_and_that_it_echoes_and_writes_a_capture() {
    let elf = Firmware::peer("nrf52840-usbd-acm", App::Echo).build().unwrap();
    let capture = path("capture.pcapng");
    let output =
        run(&["nrf52840", "--elf", &elf.to_string_lossy(), "--pcap", &capture.to_string_lossy()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for part in [
        "GET_DESCRIPTOR(device) of 18 bytes -> 18 bytes: 12 01 00 02",
        "SET_CONFIGURATION(1) -> ACK",
        "usbd-acm Serial port at address 5",
        "4096 bytes sent, and they came back",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    // The block that a pcapng file begins with, and packets.
    let bytes = fs::read(&capture).unwrap();
    fs::remove_file(&capture).unwrap();
    assert!(bytes.starts_with(&[0x0A, 0x0D, 0x0D, 0x0A]) && bytes.len() > 4096);
}

#[test]
fn what_is_no_firmware_is_refused_with_its_name() {
    let text = refused(&["run", "nrf52840", "--elf", "Cargo.toml"]);
    assert!(text.contains("Cargo.toml is no firmware"), "{text}");
}

#[test]
fn every_chip_runs_the_example_of_its_board() {
    for (chip, product) in [
        ("stm32f405", "STM32F405 echo"),
        ("stm32f411", "STM32F411 echo"),
        ("stm32h743", "STM32H743 echo"),
    ] {
        let output = run(&[chip, "--quiet"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        assert!(text.starts_with(&format!("usbd-acm {product} at address 5\n")), "{text}");
        assert!(text.contains("4096 bytes sent, and they came back"), "{text}");
    }
}

#[test]
fn an_example_that_is_not_there_is_refused_with_those_that_are() {
    let text = refused(&["run", "nrf52840", "--app", "nope"]);
    for part in ["there is no example nope", "bridge", "echo-main-loop", "log", "suspend"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn an_example_on_the_driver_of_somebody_else_is_an_example_too() {
    let output = run(&["nrf52840", "--quiet", "--app", "echo-nrf-usbd"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("4096 bytes sent, and they came back"), "{text}");
}

#[test]
fn what_is_not_for_a_cortex_m_is_no_firmware() {
    let elf = Firmware::peer("nrf52840-usbd-acm", App::Echo).build().unwrap();
    let mut bytes = fs::read(elf).unwrap();
    // e_machine: EM_386.
    bytes[18..20].copy_from_slice(&3_u16.to_le_bytes());
    let other = path("x86.elf");
    fs::write(&other, bytes).unwrap();
    let text = refused(&["run", "nrf52840", "--elf", &other.to_string_lossy()]);
    fs::remove_file(&other).unwrap();
    assert!(text.contains("is no firmware"), "{text}");
}

/// The end of the commands ends it.
#[test]
fn offered_to_qemu_it_says_in_the_end_what_the_firmware_did() {
    let elf = Firmware::peer("nrf52840-usbd-acm", App::Echo).build().unwrap();
    let (elf, socket) = (elf.to_string_lossy(), path("socket"));
    let socket = socket.to_string_lossy();
    let arguments = ["run", "nrf52840", "--elf", &elf, "--usbredir", &socket, "--commands"];
    let output = program(&arguments).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains(" instructions in "), "{text}");
}

/// Nor are the figures of the last time written over.
#[test]
fn a_stack_that_is_not_there_is_not_measured_in_silence() {
    let file = path("figures.json");
    let output = file.to_string_lossy();
    let text = refused(&["measure", "--stack", "ours", "--stack", "nope", "--output", &output]);
    assert!(!file.exists());
    assert!(text.contains("no stack nope; there are embassy-usb, ours, "), "{text}");
}
