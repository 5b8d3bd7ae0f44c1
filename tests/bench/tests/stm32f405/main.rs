//! Our driver for the Synopsys OTG core, in the firmware of tests/firmware and of examples/stm32f405-feather, on the
//! emulated STM32F405.

#[path = "../adapter/mod.rs"]
mod adapter;
mod blackpill;
mod bridge;
mod control;
mod echo;
mod packets;
mod power;
#[path = "../rig/mod.rs"]
mod rig;
#[path = "../adapter/stm32.rs"]
mod stm32;
mod suspend;

use rig::{LINE_CODING, data, is_well};
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::soc::stm32f405::Stm32f405;
use usbd_acm_virtual::host::{AcmPort, Host, macos, windows};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000 * MICROSECOND;

type Board = usbd_acm_bench::Board<Stm32f405>;

/// Ours, with this application, that watches VBUS.
fn firmware(app: App) -> Firmware {
    let mut firmware = Firmware::peer("stm32f405-usbd-acm", app);
    firmware.features.push("suite".to_owned());
    firmware
}

/// The same with 8 packets in each direction instead of 2.
fn deep(app: App) -> Firmware {
    let mut firmware = firmware(app);
    firmware.features.push("deep".to_owned());
    firmware
}

/// The echo on a chip that is plugged in.
fn plugged() -> Host<Board> {
    rig::plugged(&firmware(App::Echo))
}

/// Enumerated and opened, as Linux does.
fn opened_with(firmware: &Firmware) -> (Host<Board>, AcmPort) {
    rig::opened(firmware)
}

/// The same with the echo.
fn opened() -> (Host<Board>, AcmPort) {
    opened_with(&firmware(App::Echo))
}

#[test]
fn the_echo_echoes() {
    let (mut host, mut port) = opened();
    assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
    let data = data(50_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    is_well(&mut host);
}

#[test]
fn every_system_enumerates_it() {
    let mut host = plugged();
    windows::enumerate(&mut host).unwrap();
    macos::enumerate(&mut host).unwrap();
    is_well(&mut host);
}
