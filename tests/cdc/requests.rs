//! Which class requests are answered (3.3).

use usbd_acm::State::{Address, Configured, Default};
use usbd_acm::{SetupPacket, State};
use usbd_acm_tests::{Subject, each_device_in};
use usbd_acm_virtual::host::request;

const OUT: u8 = 0x21;
const IN: u8 = 0xA1;

fn class(request_type: u8, request: u8, interface: u8, length: u16) -> SetupPacket {
    SetupPacket { request_type, request, value: 0, index: u16::from(interface), length }
}

/// What bmCapabilities 0x06 promises, for one interface.
fn use_everything(subject: &mut Subject, interface: u8) {
    let coding = subject.read(request::get_line_coding(interface));
    let set = request::set_line_coding(interface);
    assert_eq!(subject.host.control_out(set, &coding), Ok(()));
    subject.accepts(request::set_control_line_state(interface, true, true));
    subject.accepts(request::set_control_line_state(interface, false, false));
    subject.accepts(request::send_break(interface, 100));
    subject.accepts(request::send_break(interface, 0));
}

#[test]
fn cdc_2_every_advertised_request_completes() {
    each_device_in(&[Configured], |subject| {
        for port in 0..subject.golden.ports {
            use_everything(subject, 2 * port);
        }
    });
}

#[test]
fn cdc_2_every_unadvertised_request_stalls() {
    let advertised = [(OUT, 0x20), (IN, 0x21), (OUT, 0x22), (OUT, 0x23)];
    each_device_in(&[Configured], |subject| {
        for port in 0..subject.golden.ports {
            for (kind, request) in (0..=255).flat_map(|request| [(OUT, request), (IN, request)]) {
                if advertised.contains(&(kind, request)) {
                    continue;
                }
                for length in [0, 7] {
                    subject.refuses_any(class(kind, request, 2 * port, length));
                }
            }
            use_everything(subject, 2 * port);
        }
    });
}

/// Listed as required for ACM, and without a command set in bInterfaceProtocol refused.
#[test]
fn cdc_2_encapsulated_commands_stall() {
    each_device_in(&[Configured], |subject| {
        for length in [0, 1, 8, 64, 255] {
            subject.refuses_any(class(OUT, 0x00, 0, length));
            subject.refuses_any(class(IN, 0x01, 0, length));
        }
    });
}

#[test]
fn cdc_2_comm_features_stall() {
    each_device_in(&[Configured], |subject| {
        for feature in 0..=2 {
            subject.refuses_any(SetupPacket { value: feature, ..class(OUT, 0x02, 0, 2) });
            subject.refuses_any(SetupPacket { value: feature, ..class(IN, 0x03, 0, 2) });
            subject.refuses_any(SetupPacket { value: feature, ..class(OUT, 0x04, 0, 0) });
        }
    });
}

#[test]
fn cdc_2_only_the_communication_interface_answers() {
    each_device_in(&[Configured], |subject| {
        let communication = [0, 2].into_iter().take(usize::from(subject.golden.ports));
        let communication: Vec<u16> = communication.collect();
        for index in (0..=0x1FF).filter(|index| !communication.contains(index)) {
            subject.refuses_any(SetupPacket { index, ..request::get_line_coding(0) });
            subject.refuses_any(SetupPacket { index, ..request::set_line_coding(0) });
            subject.refuses_any(SetupPacket { index, ..request::send_break(0, 1) });
            let lines = request::set_control_line_state(0, true, true);
            subject.refuses_any(SetupPacket { index, ..lines });
        }
    });
}

#[test]
fn cdc_2_only_interfaces_are_recipients() {
    each_device_in(&[Configured], |subject| {
        for recipient in (0..32).filter(|recipient| *recipient != 1) {
            subject.refuses_any(class(0x20 | recipient, 0x20, 0, 7));
            subject.refuses_any(class(0xA0 | recipient, 0x21, 0, 7));
            subject.refuses_any(class(0x20 | recipient, 0x22, 0, 0));
            subject.refuses_any(class(0x20 | recipient, 0x23, 0, 0));
        }
    });
}

#[test]
fn cdc_2_no_class_request_before_configuration() {
    let states: [State; 2] = [Default, Address];
    each_device_in(&states, |subject| {
        for interface in 0..4 {
            subject.refuses_any(request::get_line_coding(interface));
            subject.refuses_any(request::set_line_coding(interface));
            subject.refuses_any(request::set_control_line_state(interface, true, true));
            subject.refuses_any(request::send_break(interface, 1));
        }
    });
}
