//! The STM32H743: firmware for its Nucleo, with our driver and with somebody else's.

#[path = "../adapter/mod.rs"]
mod adapter;
mod bridge;
mod high_speed;
mod ports;
#[path = "../rig/mod.rs"]
mod rig;
#[path = "../adapter/stm32.rs"]
mod stm32;
mod suspend;

use rig::{LINE_CODING, data, is_well, runs};
use usbd_acm::Speed;
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::soc::Violation;
use usbd_acm_bench::soc::stm32h743::Stm32h743;
use usbd_acm_virtual::host::{macos, windows};

fn example(name: &str) -> Firmware {
    Firmware::example("stm32h743-nucleo", name)
}

#[test]
fn the_echo_echoes() {
    let (mut host, mut port) = rig::opened::<Stm32h743>(&example("echo"));
    assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
    let data = data(50_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    is_well(&mut host);
}

#[test]
fn every_system_enumerates_the_echo() {
    let mut host = rig::plugged::<Stm32h743>(&example("echo"));
    windows::enumerate(&mut host).unwrap();
    macos::enumerate(&mut host).unwrap();
    is_well(&mut host);
}

/// Its driver does some things against the manual.
#[test]
fn the_echo_on_synopsys_usb_otg_echoes() {
    let mut firmware = example("echo-synopsys-usb-otg");
    firmware.features.push("synopsys-usb-otg".to_owned());
    let (mut host, mut port) = rig::opened::<Stm32h743>(&firmware);
    let data = data(50_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    runs(&mut host);
}

/// On OTG_HS1, with what it does against the manual.
fn echoes_at(speed: Speed, firmware: &Firmware) -> Vec<Violation> {
    let (mut host, mut port) = rig::opened::<Stm32h743>(firmware);
    assert_eq!(host.speed(), speed);
    let data = data(200_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    runs(&mut host);
    host.port().violations().into_iter().map(|(violation, _)| violation).collect()
}

/// The model counts at high speed too because firmware that knows nothing of it runs on it.
#[test]
fn embassy_usb_on_embassy_stm32_echoes_at_high_speed() {
    let firmware = Firmware::peer("stm32h743-embassy", App::Echo);
    assert_eq!(echoes_at(Speed::High, &firmware), [Violation::ReceiveWithoutEnable]);
}

#[test]
fn ours_echoes_at_high_speed() {
    let firmware = Firmware::peer("stm32h743-usbd-acm", App::Echo);
    assert_eq!(echoes_at(Speed::High, &firmware), []);
}

#[test]
fn ours_echoes_at_full_speed_on_the_same_core() {
    let mut firmware = Firmware::peer("stm32h743-usbd-acm", App::Echo);
    firmware.features.push("full-speed".to_owned());
    assert_eq!(echoes_at(Speed::Full, &firmware), []);
}
