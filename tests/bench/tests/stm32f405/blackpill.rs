//! Firmware for the black pill, whose STM32F411 has nothing that the STM32F405 lacks, on that one with the
//! crystal of this board. It has 96 MHz here too, as far as USB and the USART are concerned.

use usbd_acm_bench::firmware::{Firmware, root};
use usbd_acm_bench::soc::Chip;
use usbd_acm_bench::soc::stm32f405::Stm32f405;
use usbd_acm_virtual::host::{AcmPort, Host, request};

use crate::rig::{self, data, is_well, runs};
use crate::{Board, MILLISECOND};

/// The button, PA0.
const KEY: u32 = 0;
/// 1 Mbit/s, 8N1.
const FAST: [u8; 7] = [0x40, 0x42, 0x0F, 0x00, 0, 0, 8];

fn opened(name: &str, features: &[&str]) -> (Host<Board>, AcmPort) {
    let features = features.iter().map(|&feature| feature.to_owned()).collect();
    let firmware = Firmware { features, ..Firmware::example("stm32f411-blackpill", name) };
    rig::open(rig::plugged_with(Stm32f405::with_crystal(25_000_000), &firmware))
}

#[test]
fn its_echo_echoes() {
    let (mut host, mut port) = opened("echo", &[]);
    let data = data(50_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    is_well(&mut host);
}

#[test]
fn its_echo_on_synopsys_usb_otg_echoes() {
    let (mut host, mut port) = opened("echo-synopsys-usb-otg", &["synopsys-usb-otg"]);
    let data = data(5_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    runs(&mut host);
}

#[test]
fn a_file_goes_round_its_serial_adapter() {
    let (mut host, mut port) = opened("bridge", &[]);
    host.port_mut().core().with_soc(|soc, _, _| soc.loop_back_uart());
    port.set_line_coding(&mut host, FAST).unwrap();
    host.run(MILLISECOND);
    // USART2.
    assert_eq!(host.port().soc().usarts[0].format().baud(), 1_000_000);
    let file = std::fs::read(root().join("LICENSE-APACHE")).unwrap();
    assert!(port.transfer(&mut host, &file, file.len()).unwrap() == file);
    is_well(&mut host);
}

#[test]
fn its_button_wakes_the_host() {
    let (mut host, mut port) = opened("suspend", &[]);
    host.control_out(request::set_device_feature(request::DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    host.suspend();
    host.run(20 * MILLISECOND);
    assert!(!host.port().soc().has_crystal());
    assert!(host.await_remote_wakeup(50 * MILLISECOND).is_err(), "before the button");
    host.port_mut().core().with_soc(|soc, _, _| soc.gpio.drive(KEY, false));
    host.await_remote_wakeup(50 * MILLISECOND).unwrap();
    assert!(host.port().soc().has_crystal());
    assert_eq!(port.read(&mut host, 9).unwrap(), b"pressed\r\n");
    is_well(&mut host);
}
