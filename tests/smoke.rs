//! The shortest dialogues: three systems enumerate, and data goes through.

use usbd_acm::class::Event;
use usbd_acm_tests::{echo, full_speed_running, high_speed_running};
use usbd_acm_virtual::host::{AcmPort, linux, macos, windows};

#[test]
fn linux_enumerates_and_echoes() {
    let mut rig = full_speed_running(|[port], _| echo(port));
    rig.host.plug().unwrap();
    let device = linux::enumerate(&mut rig.host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    linux::bind(&mut rig.host, &mut port).unwrap();
    linux::open(&mut rig.host, &mut port, LINE_CODING).unwrap();
    let data: Vec<u8> = (0..1000u32).map(|n| (n % 251) as u8).collect();
    assert_eq!(port.transfer(&mut rig.host, &data, data.len()).unwrap(), data);
    assert_eq!(rig.violations(), []);
}

#[test]
fn windows_and_macos_enumerate() {
    let mut rig = full_speed_running(|_, _| ());
    rig.host.plug().unwrap();
    windows::enumerate(&mut rig.host).unwrap();
    macos::enumerate(&mut rig.host).unwrap();
    assert_eq!(rig.violations(), []);
}

#[test]
fn a_high_speed_device_echoes() {
    let mut rig = high_speed_running(|[port], _| echo(port));
    rig.host.plug().unwrap();
    let device = linux::enumerate(&mut rig.host).unwrap();
    let mut port = AcmPort::all(&device).remove(0);
    let data = vec![0x5A; 4096];
    assert_eq!(port.transfer(&mut rig.host, &data, data.len()).unwrap(), data);
    let first = rig.firmware.borrow_mut().ports[0].control.next_event();
    assert_eq!(first, Some(Event::Configured { milliamps: 100 }));
    assert_eq!(rig.violations(), []);
}

const LINE_CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];
