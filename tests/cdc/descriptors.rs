//! Functional descriptors (CDC 1.2 §5.2.3, PSTN 1.2 §5.3).

use usbd_acm::State::Configured;
use usbd_acm_tests::each_device_in;
use usbd_acm_virtual::host::request::{CONFIGURATION, get_descriptor};

/// The descriptors after the communication interface descriptor of a port, up to the endpoint.
fn functional(configuration: &[u8], interface: u8) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = configuration;
    while let [length, ..] = *rest {
        let (part, after) = rest.split_at(usize::from(length));
        parts.push(part);
        rest = after;
    }
    let after = parts.iter().position(|p| p[1] == 4 && p[2] == interface).expect("the interface");
    parts[after + 1..].iter().copied().take_while(|part| part[1] == 0x24).collect()
}

#[test]
fn cdc_1_functional_descriptors() {
    each_device_in(&[Configured], |subject| {
        let configuration = subject.read(get_descriptor(CONFIGURATION, 0, 4096));
        for port in 0..subject.golden.ports {
            let (communication, data) = (2 * port, 2 * port + 1);
            let functional = functional(&configuration, communication);
            let [header, call_management, acm, union] = functional[..] else {
                panic!("{functional:?}");
            };
            // The header comes first; bcdCDC 1.20.
            assert_eq!(header, [5, 0x24, 0x00, 0x20, 0x01]);
            // No call management, so no data interface for it is used.
            assert_eq!(call_management, [5, 0x24, 0x01, 0x00, data]);
            // D1: line coding, lines, serial state. D2: break. Reserved bits and the rest: 0.
            assert_eq!(acm, [4, 0x24, 0x02, 0x06]);
            assert_eq!(union, [5, 0x24, 0x06, communication, data]);
        }
    });
}

#[test]
fn cdc_1_interface_classes_and_notification_endpoint() {
    each_device_in(&[Configured], |subject| {
        let configuration = subject.read(get_descriptor(CONFIGURATION, 0, 4096));
        for port in 0..usize::from(subject.golden.ports) {
            let function = &configuration[9 + 66 * port..9 + 66 * (port + 1)];
            // ACM without AT commands: protocol 0, for encapsulated commands are refused.
            assert_eq!(function[8 + 5..8 + 8], [0x02, 0x02, 0x00]);
            let notification = &function[36..43];
            assert_eq!((notification[1], notification[3]), (5, 3), "interrupt");
            // A SERIAL_STATE is one packet, and the host asks at least every 32 ms.
            assert!(u16::from_le_bytes([notification[4], notification[5]]) >= 10);
            assert_eq!(function[43 + 5..43 + 8], [0x0A, 0x00, 0x00]);
        }
    });
}
