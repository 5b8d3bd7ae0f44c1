//! The model counts because firmware that knows nothing of it runs on it: the peers' from crates.io,
//! unmodified.

mod rig;

use rig::{LINE_CODING, data, runs};
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::soc::nrf52840::Nrf52840;
use usbd_acm_bench::soc::stm32f405::Stm32f405;
use usbd_acm_bench::soc::{Chip, Violation};
use usbd_acm_virtual::host::{AcmPort, EnumerationError, TransferError, linux, macos, windows};

fn enumerates_and_echoes<C: Chip>(package: &str) {
    let mut host = rig::plugged::<C>(&Firmware::peer(package, App::Echo));
    let device = linux::enumerate(&mut host).unwrap();
    assert_eq!(device.product.as_deref(), Some("Serial port"));
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, LINE_CODING).unwrap();
    assert_eq!(port.line_coding(&mut host).unwrap()[..4], LINE_CODING[..4]);

    let data = data(5_000);
    let echoed = port.transfer(&mut host, &data, data.len()).unwrap();
    assert_eq!(echoed, data);
    runs(&mut host);
}

fn every_system_enumerates<C: Chip>(package: &str) {
    let mut host = rig::plugged::<C>(&Firmware::peer(package, App::Echo));
    windows::enumerate(&mut host).unwrap();
    macos::enumerate(&mut host).unwrap();
    runs(&mut host);
}

#[test]
fn usbd_serial_on_nrf_usbd_enumerates_and_echoes() {
    enumerates_and_echoes::<Nrf52840>("nrf52840-usbd-serial");
}

#[test]
fn embassy_usb_on_embassy_nrf_enumerates_and_echoes() {
    enumerates_and_echoes::<Nrf52840>("nrf52840-embassy");
}

#[test]
fn every_system_enumerates_them() {
    every_system_enumerates::<Nrf52840>("nrf52840-usbd-serial");
    every_system_enumerates::<Nrf52840>("nrf52840-embassy");
}

#[test]
fn usbd_serial_on_synopsys_usb_otg_enumerates_and_echoes() {
    enumerates_and_echoes::<Stm32f405>("stm32f405-usbd-serial");
}

#[test]
fn embassy_usb_on_embassy_stm32_enumerates_and_echoes() {
    enumerates_and_echoes::<Stm32f405>("stm32f405-embassy");
}

#[test]
fn every_system_enumerates_usbd_serial_on_synopsys_usb_otg() {
    every_system_enumerates::<Stm32f405>("stm32f405-usbd-serial");
}

/// macOS gives up a read after its first packet. `embassy_usb_driver::ControlPipe` asks of a driver that
/// it returns when a SETUP comes; embassy-usb-synopsys-otg waits for a status stage that never comes.
#[test]
fn windows_enumerates_embassy_usb_on_embassy_stm32_and_macos_does_not() {
    let mut host = rig::plugged::<Stm32f405>(&Firmware::peer("stm32f405-embassy", App::Echo));
    windows::enumerate(&mut host).unwrap();
    let failure = macos::enumerate(&mut host);
    assert_eq!(failure, Err(EnumerationError::Transfer(TransferError::Timeout)));
    runs(&mut host);
}

/// Many bytes, a suspended bus, a reset, and bytes again. Returns what was done against the manual.
fn goes_on_after_suspend_and_reset(package: &str, length: u32) -> Vec<Violation> {
    let firmware = Firmware::peer(package, App::Echo);
    let (mut host, mut port) = rig::opened::<Stm32f405>(&firmware);
    let long = data(length);
    assert_eq!(port.transfer(&mut host, &long, long.len()).unwrap(), long);
    host.suspend();
    host.run(50_000_000);
    host.resume();
    let short = data(1_000);
    assert_eq!(port.transfer(&mut host, &short, short.len()).unwrap(), short);
    host.reset().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, LINE_CODING).unwrap();
    assert_eq!(port.transfer(&mut host, &short, short.len()).unwrap(), short);
    runs(&mut host);
    host.port().violations().into_iter().map(|(violation, _)| violation).collect()
}

#[test]
fn usbd_serial_on_synopsys_usb_otg_goes_on_after_suspend_and_reset() {
    let violations = goes_on_after_suspend_and_reset("stm32f405-usbd-serial", 1 << 18);
    let known = [
        // EP0 IN is set up again by what follows an aborted or a finished transfer alike.
        Violation::TransferSizeWhileEnabled,
        // OUT endpoints are enabled with a packet count of 0, before the end of a transfer is read.
        Violation::TransferSizeWrong,
        Violation::EnableBeforeComplete,
        Violation::DisableWithoutNak,
        Violation::ReceiveWithoutEnable,
        // STUPCNT is written once.
        Violation::SetupCountExhausted,
    ];
    assert_eq!(violations, known);
}

#[test]
fn embassy_usb_on_embassy_stm32_goes_on_after_suspend_and_reset() {
    let violations = goes_on_after_suspend_and_reset("stm32f405-embassy", 1 << 20);
    // OUT endpoints are enabled once, and their NAK cleared after each packet.
    assert_eq!(violations, [Violation::ReceiveWithoutEnable]);
}
