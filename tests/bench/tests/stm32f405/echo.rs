//! The echoes of the Feather: on our driver, and on that of the HAL.

use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::Chip;
use usbd_acm_bench::soc::stm32f405::Stm32f405;
use usbd_acm_virtual::host::{AcmPort, Host, macos, windows};

use crate::Board;
use crate::rig::{self, LINE_CODING, data, is_well, runs};

fn example(name: &str) -> Firmware {
    Firmware::example(Stm32f405::EXAMPLES, name)
}

#[test]
fn the_example_echoes() {
    let (mut host, mut port): (Host<Board>, AcmPort) = rig::opened(&example("echo"));
    assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
    let data = data(50_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    is_well(&mut host);
}

#[test]
fn a_stack_that_overflows_starts_the_device_anew() {
    rig::starts_anew_when_its_stack_overflows::<Stm32f405>(&example("echo"));
}

#[test]
fn every_system_enumerates_the_example() {
    let mut host: Host<Board> = rig::plugged(&example("echo"));
    windows::enumerate(&mut host).unwrap();
    macos::enumerate(&mut host).unwrap();
    is_well(&mut host);
}

/// Somebody else's driver, which may do things against the manual.
#[test]
fn the_echo_on_synopsys_usb_otg_echoes() {
    let firmware = example("echo-synopsys-usb-otg");
    let (mut host, mut port): (Host<Board>, AcmPort) = rig::opened(&firmware);
    let data = data(5_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    runs(&mut host);
}
