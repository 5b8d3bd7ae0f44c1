//! The model counts because firmware that knows nothing of it runs on it: the peers' from crates.io,
//! unmodified.

use usbd_acm_bench::Board;
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_virtual::host::{AcmPort, Config, Host, linux, macos, windows};

fn plugged(package: &'static str) -> Host<Board> {
    let image = Firmware::peer(package, App::Echo).image().unwrap();
    let mut host = Host::with_config(Board::new(image).unwrap(), Config::default());
    host.plug().unwrap_or_else(|error| {
        let board = host.port_mut();
        panic!("{error}: {} {:?}", board.core().place(), board.core().hard_faults())
    });
    host
}

fn enumerates_and_echoes(package: &'static str) {
    let mut host = plugged(package);
    let device = linux::enumerate(&mut host).unwrap();
    assert_eq!(device.product.as_deref(), Some("Serial port"));
    let mut port = AcmPort::all(&device).remove(0);
    linux::open(&mut host, &mut port, [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]).unwrap();
    assert_eq!(port.line_coding(&mut host).unwrap()[..4], [0x00, 0xC2, 0x01, 0x00]);

    let data: Vec<u8> = (0..5000_u32).map(|index| (index * 7 + index / 251) as u8).collect();
    let echoed = port.transfer(&mut host, &data, data.len()).unwrap();
    assert_eq!(echoed, data);
    let board = host.port_mut();
    assert!(board.fault().is_none() && board.core().hard_faults().is_empty());
}

#[test]
fn usbd_serial_on_nrf_usbd_enumerates_and_echoes() {
    enumerates_and_echoes("nrf52840-usbd-serial");
}

#[test]
fn embassy_usb_on_embassy_nrf_enumerates_and_echoes() {
    enumerates_and_echoes("nrf52840-embassy");
}

#[test]
fn every_system_enumerates_them() {
    for package in ["nrf52840-usbd-serial", "nrf52840-embassy"] {
        let mut host = plugged(package);
        windows::enumerate(&mut host).unwrap();
        macos::enumerate(&mut host).unwrap();
    }
}
