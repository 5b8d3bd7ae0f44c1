//! The program behind `cargo xtask run` and `bench`.

use std::fs;
use std::process::{Command, Output};

use usbd_acm_bench::firmware::{App, Firmware};

fn program(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usbd-acm-bench"));
    command.env("RUST_BACKTRACE", "0").args(arguments).output().unwrap()
}

fn run(arguments: &[&str]) -> Output {
    program(&[&["run"], arguments].concat())
}

/// What it says of this when it fails, as it does.
fn refused(arguments: &[&str]) -> String {
    let output = program(arguments);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn it_says_what_the_device_is_and_that_it_echoes_and_writes_a_capture() {
    let elf = Firmware::peer("nrf52840-usbd-acm", App::Echo).build().unwrap();
    let name = format!("usbd-acm-bench-{}.pcapng", std::process::id());
    let capture = std::env::temp_dir().join(name);
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

/// It says which there are, and of no target that is missing.
#[test]
fn an_example_that_a_board_does_not_have_is_refused() {
    let text = refused(&["run", "stm32f405", "--app", "log"]);
    assert!(text.contains("log does not build, of examples/stm32f405-feather"), "{text}");
    assert!(text.contains("usb-serial-bridge") && !text.contains("rustup"), "{text}");
}

/// Nor are the figures of the last time written over.
#[test]
fn a_stack_that_is_not_there_is_not_measured() {
    let output = std::env::temp_dir().join(format!("usbd-acm-bench-{}.json", std::process::id()));
    let text = refused(&["measure", "--stack", "uors", "--output", &output.to_string_lossy()]);
    assert!(text.contains("there is no stack uors; there are embassy-usb, "), "{text}");
    assert!(!output.exists());
}
