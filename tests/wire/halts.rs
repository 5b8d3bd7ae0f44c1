//! 3.1: halts, toggles, and that no armed packet is lost with them (USB 2.0 §9.4.5).

use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{EndpointAddress, EndpointSet, SetupPacket};
use usbd_acm_tests::TokenHost;
use usbd_acm_tests::model::Answer;
use usbd_acm_virtual::host::request;
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Pid, VirtualController};

const ADDRESS: u8 = 5;

static THREE_PORTS: Descriptors<3> = descriptors! {
    endpoints: EndpointSet::first(6),
    ports: 3,
    vendor_id: 0x1209,
};

fn endpoint(byte: u8) -> EndpointAddress {
    EndpointAddress::from_byte(byte).expect("an endpoint")
}

/// The requests that set the toggles of the data endpoints to DATA0, or of this one.
fn toggle_resets(byte: u8) -> [SetupPacket; 3] {
    [
        request::clear_halt(endpoint(byte)),
        request::set_interface(1, 0),
        request::set_configuration(1),
    ]
}

fn bulk_in(host: &mut TokenHost) -> InResponse {
    let response = host.wire.in_token(ADDRESS, 1, true);
    host.poll();
    response
}

fn bulk_out(host: &mut TokenHost, pid: Pid, data: &[u8]) -> Handshake {
    let handshake = host.wire.out_token(ADDRESS, 1, pid, data);
    host.poll();
    handshake
}

fn data(pid: Pid, byte: u8, length: usize) -> InResponse {
    InResponse::Data { pid, bytes: vec![byte; length] }
}

fn read_all(host: &mut TokenHost) -> Vec<u8> {
    let mut all = Vec::new();
    while let Ok(bytes) = host.ports[0].reader.fill_buf() {
        all.extend(bytes);
        let count = bytes.len();
        host.ports[0].reader.consume(count);
    }
    host.poll();
    all
}

#[test]
fn wire_3_1_clear_feature_resets_the_in_toggle_and_loses_nothing() {
    for halted in [false, true] {
        for reset in toggle_resets(0x81) {
            let mut host = TokenHost::configured();
            // One packet on its way, one armed, and the rest in the FIFO.
            assert_eq!(host.ports[0].writer.write(&[1; 64]), Ok(64));
            host.poll();
            assert_eq!(host.ports[0].writer.write(&[2; 64]), Ok(64));
            host.poll();
            assert_eq!(bulk_in(&mut host), data(Pid::Data0, 1, 64));
            assert_eq!(host.ports[0].writer.write(&[3; 10]), Ok(10));
            host.poll();
            if halted {
                assert_eq!(host.control(request::set_halt(endpoint(0x81))), Answer::Ack);
                assert_eq!(bulk_in(&mut host), InResponse::Stall);
                assert_eq!(bulk_in(&mut host), InResponse::Stall);
            }
            assert_eq!(host.control(reset), Answer::Ack);
            assert_eq!(bulk_in(&mut host), data(Pid::Data0, 2, 64), "{reset:?}");
            assert_eq!(bulk_in(&mut host), data(Pid::Data1, 3, 10), "{reset:?}");
            assert_eq!(bulk_in(&mut host), InResponse::Nak);
            assert_eq!(host.violations(), []);
        }
    }
}

#[test]
fn wire_3_1_clear_feature_resets_the_out_toggle_and_loses_nothing() {
    for halted in [false, true] {
        for reset in toggle_resets(0x01) {
            let mut host = TokenHost::configured();
            assert_eq!(bulk_out(&mut host, Pid::Data0, &[1; 5]), Handshake::Ack);
            if halted {
                assert_eq!(host.control(request::set_halt(endpoint(0x01))), Answer::Ack);
                assert_eq!(bulk_out(&mut host, Pid::Data1, &[9; 5]), Handshake::Stall);
                assert_eq!(bulk_out(&mut host, Pid::Data0, &[9; 5]), Handshake::Stall);
            }
            assert_eq!(host.control(reset), Answer::Ack);
            assert_eq!(bulk_out(&mut host, Pid::Data0, &[2; 5]), Handshake::Ack);
            assert_eq!(read_all(&mut host), [[1; 5], [2; 5]].concat(), "{reset:?}");
            assert_eq!(bulk_out(&mut host, Pid::Data1, &[3; 5]), Handshake::Ack);
            assert_eq!(read_all(&mut host), [3; 5]);
            assert_eq!(host.violations(), []);
        }
    }
}

/// A configured device of three ports, each endpoint of which is halted.
fn all_halted() -> TokenHost<VirtualController, (), 3> {
    let (controller, wire) = VirtualController::new(2);
    let mut host = TokenHost::new(controller, wire, &THREE_PORTS, ());
    host.configure();
    for address in endpoints() {
        assert_eq!(host.control(request::set_halt(address)), Answer::Ack);
    }
    host
}

/// Those of the three ports.
fn endpoints() -> impl Iterator<Item = EndpointAddress> {
    let ports = THREE_PORTS.ports().iter();
    ports.flat_map(|port| [port.notification, port.data_in, port.data_out])
}

/// What the device answers of its three ports.
fn status(host: &mut TokenHost<VirtualController, (), 3>) -> Vec<Answer> {
    endpoints().map(|address| host.control(request::get_endpoint_status(address))).collect()
}

/// USB 2.0 §9.4.5: SET_CONFIGURATION ends every halt, those of the last port too.
#[test]
fn wire_3_1_set_configuration_ends_the_halts_of_every_port() {
    let mut host = all_halted();
    assert_eq!(status(&mut host), vec![Answer::Data(vec![1, 0]); 9]);
    assert_eq!(host.control(request::set_configuration(1)), Answer::Ack);
    assert_eq!(status(&mut host), vec![Answer::Data(vec![0, 0]); 9]);
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_1_clear_feature_is_for_one_direction() {
    let mut host = TokenHost::configured();
    host.ports[0].writer.write(&[1; 3]).unwrap();
    host.poll();
    assert_eq!(bulk_in(&mut host), data(Pid::Data0, 1, 3));
    assert_eq!(bulk_out(&mut host, Pid::Data0, &[1]), Handshake::Ack);
    assert_eq!(host.control(request::clear_halt(endpoint(0x01))), Answer::Ack);
    host.ports[0].writer.write(&[2; 3]).unwrap();
    host.poll();
    assert_eq!(bulk_in(&mut host), data(Pid::Data1, 2, 3), "the IN toggle stays");
    assert_eq!(host.control(request::clear_halt(endpoint(0x81))), Answer::Ack);
    assert_eq!(bulk_out(&mut host, Pid::Data0, &[2]), Handshake::Ack);
    assert_eq!(bulk_out(&mut host, Pid::Data0, &[2]), Handshake::Ack, "a repetition");
    assert_eq!(read_all(&mut host), [1, 2], "the OUT toggle stayed, and repetitions are dropped");
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_1_clear_feature_of_the_notification_endpoint() {
    let mut host = TokenHost::configured();
    host.ports[0].control.set_carrier(true);
    host.poll();
    let notification =
        |pid, bits| InResponse::Data { pid, bytes: vec![0xA1, 0x20, 0, 0, 0, 0, 2, 0, bits, 0] };
    assert_eq!(host.wire.in_token(ADDRESS, 2, true), notification(Pid::Data0, 3));
    host.poll();
    host.ports[0].control.set_carrier(false);
    host.poll();
    assert_eq!(host.control(request::set_halt(endpoint(0x82))), Answer::Ack);
    assert_eq!(host.wire.in_token(ADDRESS, 2, true), InResponse::Stall);
    assert_eq!(host.control(request::clear_halt(endpoint(0x82))), Answer::Ack);
    assert_eq!(host.wire.in_token(ADDRESS, 2, true), notification(Pid::Data0, 0));
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_1_set_configuration_again_ends_every_halt() {
    let mut host = TokenHost::configured();
    let halted = [0x01, 0x81, 0x82].map(endpoint);
    for halt in halted {
        assert_eq!(host.control(request::set_halt(halt)), Answer::Ack);
    }
    assert_eq!(host.control(request::set_configuration(1)), Answer::Ack);
    for halt in halted {
        let status = host.control(request::get_endpoint_status(halt));
        assert_eq!(status, Answer::Data(vec![0, 0]));
    }
    assert_eq!(bulk_out(&mut host, Pid::Data0, &[7]), Handshake::Ack);
    assert_eq!(read_all(&mut host), [7]);
    assert_eq!(host.violations(), []);
}

/// USB 2.0 §9.4.5: SET_INTERFACE ends the halts of its interface, and of no other one.
#[test]
fn wire_3_1_set_interface_ends_the_halts_of_that_interface() {
    let ports = THREE_PORTS.ports().iter();
    let interfaces =
        ports.flat_map(|port| [vec![port.notification], vec![port.data_in, port.data_out]]);
    for (interface, own) in (0..).zip(interfaces) {
        let mut host = all_halted();
        assert_eq!(host.control(request::set_interface(interface, 0)), Answer::Ack);
        let halts = endpoints().map(|address| u8::from(!own.contains(&address)));
        let expected: Vec<_> = halts.map(|halt| Answer::Data(vec![halt, 0])).collect();
        assert_eq!(status(&mut host), expected, "{interface}");
        assert_eq!(host.violations(), []);
    }
}

#[test]
fn wire_3_1_a_lost_ack_brings_the_same_packet_again() {
    let mut host = TokenHost::configured();
    host.ports[0].writer.write(&[1; 64]).unwrap();
    host.poll();
    host.ports[0].writer.write(&[2; 20]).unwrap();
    for _ in 0..5 {
        host.poll();
        assert_eq!(host.wire.in_token(ADDRESS, 1, false), data(Pid::Data0, 1, 64));
    }
    assert_eq!(bulk_in(&mut host), data(Pid::Data0, 1, 64));
    assert_eq!(bulk_in(&mut host), data(Pid::Data1, 2, 20));
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_1_deconfigured_endpoints_answer_nothing() {
    let mut host = TokenHost::configured();
    assert_eq!(host.control(request::set_configuration(0)), Answer::Ack);
    assert_eq!(bulk_in(&mut host), InResponse::NoResponse);
    assert_eq!(bulk_out(&mut host, Pid::Data0, &[1]), Handshake::NoResponse);
    assert_eq!(host.wire.in_token(ADDRESS, 2, true), InResponse::NoResponse);
    // A SETUP to an endpoint other than EP0 is answered by nobody.
    assert_eq!(host.control(request::set_configuration(1)), Answer::Ack);
    assert_eq!(host.wire.setup(ADDRESS, 1, [0; 8]), Handshake::NoResponse);
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_1_halts_end_with_the_configuration() {
    for by_reset in [true, false] {
        let mut host = TokenHost::configured();
        for byte in [0x01, 0x81, 0x82] {
            assert_eq!(host.control(request::set_halt(endpoint(byte))), Answer::Ack);
        }
        if by_reset {
            host.reset();
            host.configure();
        } else {
            assert_eq!(host.control(request::set_configuration(0)), Answer::Ack);
            assert_eq!(host.control(request::set_configuration(1)), Answer::Ack);
        }
        for byte in [0x01, 0x81, 0x82] {
            let status = host.control(request::get_endpoint_status(endpoint(byte)));
            assert_eq!(status, Answer::Data(vec![0, 0]), "{byte:#x}");
        }
        assert_eq!(bulk_out(&mut host, Pid::Data0, &[7]), Handshake::Ack);
        assert_eq!(read_all(&mut host), [7]);
        assert_eq!(host.violations(), []);
    }
}
