//! Firmware for the STM32F405 on rsemu's model of the Synopsys core, with rsemu's host.

use rsemu::bus::usb::{SetupPacket, Status, host};
use usbd_acm_second_opinion::firmware::{App, Firmware};
use usbd_acm_second_opinion::{Host, Refusal};

/// 115200 baud, 8N1.
const LINE_CODING: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8];

fn class_request(request_type: u8, request: u8, value: u16, length: u16) -> SetupPacket {
    SetupPacket { request_type, request, value, index: 0, length }
}

/// Numbers of the bulk endpoints, by the configuration descriptor: OUT and IN.
fn bulk_endpoints(configuration: &[u8]) -> (u8, u8) {
    let (mut out, mut in_) = (0, 0);
    let mut rest = configuration;
    while let [length, kind, ..] = *rest {
        let (descriptor, behind) = rest.split_at(usize::from(length));
        match (kind, descriptor) {
            (5, [_, _, address, 2, ..]) if address & 0x80 == 0 => out = *address,
            (5, [_, _, address, 2, ..]) => in_ = address & 0x0F,
            _ => {}
        }
        rest = behind;
    }
    assert!(out != 0 && in_ != 0, "{configuration:02x?}");
    (out, in_)
}

/// As Linux does; the bulk endpoints.
fn enumerate(device: &mut Host) -> (u8, u8) {
    let head = device.control_in(host::get_descriptor(1, 0, 64)).unwrap();
    assert_eq!((head.len(), head[..2].to_vec(), head[7]), (18, vec![18, 1], 64));
    device.reset().unwrap();
    device.set_address(5).unwrap();
    assert_eq!(device.control_in(host::get_descriptor(1, 0, 18)).unwrap(), head);
    let configuration = device.control_in(host::get_descriptor(2, 0, 9)).unwrap();
    let total = u16::from_le_bytes([configuration[2], configuration[3]]);
    let configuration = device.control_in(host::get_descriptor(2, 0, total)).unwrap();
    assert_eq!(configuration.len(), usize::from(total));
    for string in 0..=2 {
        let language = if string == 0 { 0 } else { 0x0409 };
        let setup = SetupPacket { index: language, ..host::get_descriptor(3, string, 255) };
        let text = device.control_in(setup).unwrap();
        assert_eq!((usize::from(text[0]), text[1]), (text.len(), 3));
    }
    device.control_out(host::set_configuration(1), &[]).unwrap();
    bulk_endpoints(&configuration)
}

fn enumerates_and_echoes(package: &str) {
    let image = Firmware::peer(package, App::Echo).image().unwrap();
    let mut device = Host::plugged(&image).unwrap();
    let (out, in_) = enumerate(&mut device);

    device.control_out(class_request(0x21, 0x20, 0, 7), &LINE_CODING).unwrap();
    device.control_out(class_request(0x21, 0x22, 3, 0), &[]).unwrap();
    assert_eq!(device.control_in(class_request(0xA1, 0x21, 0, 7)).unwrap(), LINE_CODING);
    // A descriptor that no full-speed device has, and the device lives on.
    let refused = device.control_in(host::get_descriptor(6, 0, 10)).unwrap_err();
    assert_eq!(refused.downcast::<Refusal>().unwrap(), Refusal(Status::Stall));

    // Packets of every length, so that every remainder of a word is among them.
    let mut echoed = Vec::new();
    let mut sent = Vec::new();
    for length in (1..=64).chain([64; 64]) {
        let packet: Vec<u8> = (0..length).map(|n| (sent.len() + n * 7) as u8).collect();
        device.write(out, &packet).unwrap();
        sent.extend(packet);
        echoed.extend(device.read(in_).unwrap().unwrap_or_default());
    }
    for _ in 0..1_000 {
        echoed.extend(device.read(in_).unwrap().unwrap_or_default());
    }
    assert_eq!(echoed, sent);
    assert_eq!(device.control_in(class_request(0xA1, 0x21, 0, 7)).unwrap(), LINE_CODING);
}

/// The model and its corrections count because firmware that knows nothing of either runs on them.
#[test]
fn usbd_serial_on_synopsys_usb_otg_enumerates_and_echoes() {
    enumerates_and_echoes("stm32f405-usbd-serial");
}

#[test]
fn ours_enumerates_and_echoes() {
    enumerates_and_echoes("stm32f405-usbd-acm");
}

#[test]
fn ours_on_synopsys_usb_otg_enumerates_and_echoes() {
    enumerates_and_echoes("stm32f405-usbd-acm-synopsys-usb-otg");
}
