//! The model counts because firmware that knows nothing of it runs on it: the peers' from crates.io,
//! unmodified.

mod rig;

use rig::{LINE_CODING, data, runs};
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::soc::Chip;
use usbd_acm_bench::soc::nrf52840::Nrf52840;
use usbd_acm_virtual::host::{AcmPort, linux, macos, windows};

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
