//! Two ports in one device: what is done to one is not done to the other.

use usbd_acm::class::{Break, ControlLineState, Event, SerialState};
use usbd_acm_tests::model::{Answer, DEFAULT_LINE_CODING};
use usbd_acm_tests::{TWO_PORTS, TokenHost, echo, two_ports_running};
use usbd_acm_virtual::host::{AcmPort, Transfer, linux, request};
use usbd_acm_virtual::{DevicePort, InResponse, VirtualController};

use super::events;

type TwoPorts = TokenHost<VirtualController, (), 2>;

fn configured() -> TwoPorts {
    let (controller, wire) = VirtualController::new(2);
    let mut host = TokenHost::new(controller, wire, &TWO_PORTS, ());
    host.configure();
    for port in 0..2 {
        events(&mut host, port);
    }
    host
}

#[test]
fn cdc_two_ports_have_a_line_coding_each() {
    let mut host = configured();
    for (port, interface) in [(0, 0), (1, 2)] {
        let coding = [1 + interface; 7];
        assert_eq!(host.control_with(request::set_line_coding(interface), &coding), Answer::Ack);
        let answer = host.control(request::get_line_coding(interface));
        assert_eq!(answer, Answer::Data(coding.into()));
        assert_eq!(host.ports[port].control.line_coding().to_bytes(), coding);
        if port == 0 {
            let other = host.control(request::get_line_coding(2));
            assert_eq!(other, Answer::Data(DEFAULT_LINE_CODING.into()));
            assert_eq!(events(&mut host, 1), []);
        }
    }
    let first = host.control(request::get_line_coding(0));
    assert_eq!(first, Answer::Data(vec![1; 7]));
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_two_ports_have_lines_and_break_each() {
    for (port, other, interface) in [(0, 1, 0), (1, 0, 2)] {
        let mut host = configured();
        host.control(request::set_control_line_state(interface, true, true));
        host.control(request::send_break(interface, 0xFFFF));
        assert_eq!(host.ports[port].control.control_lines(), ControlLineState::all());
        assert_eq!(host.ports[other].control.control_lines(), ControlLineState::empty());
        assert_eq!(host.ports[port].control.break_request(), Break::On);
        assert_eq!(host.ports[other].control.break_request(), Break::Off);
        let seen = events(&mut host, port);
        let expected = [Event::Rts(true), Event::Dtr(true), Event::Break(Break::On)];
        assert_eq!(seen, expected);
        assert_eq!(events(&mut host, other), []);
    }
}

/// The next notification waits until the host has the one before, and is told apart from data of the same port.
#[test]
fn cdc_two_ports_notify_again_and_again() {
    let mut host = configured();
    for (port, endpoint) in [(0, 2), (1, 4), (0, 2), (1, 4)] {
        for _ in 0..2 {
            host.ports[port].control.raise(SerialState::RING_SIGNAL);
            host.poll();
            let notification = host.wire.in_token(host.address, endpoint, true);
            assert!(matches!(notification, InResponse::Data { bytes, .. } if bytes.len() == 10));
            host.poll();
            assert_eq!(host.wire.in_token(host.address, endpoint, true), InResponse::Nak);
        }
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_two_ports_notify_with_their_own_interface() {
    let mut host = configured();
    for (port, endpoint, interface) in [(0, 2, 0), (1, 4, 2)] {
        host.ports[port].control.raise(SerialState::RING_SIGNAL);
        host.poll();
        let quiet = if endpoint == 2 { 4 } else { 2 };
        assert_eq!(host.wire.in_token(host.address, quiet, true), InResponse::Nak);
        let InResponse::Data { bytes, .. } = host.wire.in_token(host.address, endpoint, true)
        else {
            panic!("port {port} has something to tell");
        };
        assert_eq!(bytes, [0xA1, 0x20, 0, 0, interface, 0, 2, 0, 8, 0]);
        host.poll();
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn cdc_two_ports_end_their_sessions_apart() {
    let mut host = configured();
    host.control(request::set_control_line_state(0, true, false));
    host.control(request::set_control_line_state(0, false, false));
    assert!(events(&mut host, 0).contains(&Event::SessionEnd));
    assert!(!host.ports[0].writer.is_connected());
    assert!(host.ports[1].writer.is_connected());
    assert_eq!(events(&mut host, 1), []);
}

#[test]
fn cdc_two_ports_move_data_at_the_same_time() {
    let mut rig = two_ports_running(|ports, _| ports.iter_mut().for_each(echo));
    rig.host.plug().unwrap();
    let device = linux::enumerate(&mut rig.host).unwrap();
    let functions: Vec<_> = AcmPort::all(&device).iter().map(|port| *port.function()).collect();
    let data: [Vec<u8>; 2] = [vec![0xAA; 5000], (0..=255).cycle().take(5000).collect()];
    let mut out: Vec<Transfer> =
        functions.iter().zip(&data).map(|(f, data)| Transfer::write(f.data_out, data)).collect();
    let mut into: Vec<Transfer> =
        functions.iter().map(|f| Transfer::read(f.data_in, 8192)).collect();
    let mut received = [Vec::new(), Vec::new()];
    while received.iter().zip(&data).any(|(received, data)| received.len() < data.len()) {
        let before = rig.host.now();
        let mut all: Vec<&mut Transfer> = out.iter_mut().chain(&mut into).collect();
        rig.host.exchange(&mut all, 1_000_000);
        assert!(rig.host.now() < 1_000_000_000, "{before} ns: it hangs");
        for (index, read) in into.iter_mut().enumerate() {
            // A short packet ends a read; the next one follows.
            if read.outcome().is_some() {
                let next = Transfer::read(functions[index].data_in, 8192);
                received[index].extend(std::mem::replace(read, next).into_moved());
            }
        }
    }
    assert_eq!(received, data);
    assert_eq!(rig.violations(), []);
}

#[test]
fn cdc_two_ports_a_full_port_does_not_block_the_other() {
    // Nobody reads port 0; port 1 echoes.
    let mut rig = two_ports_running(|[_, port], _| echo(port));
    rig.host.plug().unwrap();
    let device = linux::enumerate(&mut rig.host).unwrap();
    let mut ports = AcmPort::all(&device);
    let mut stuck = Transfer::write(ports[0].function().data_out, &[1; 1000]);
    rig.host.exchange(&mut [&mut stuck], 10_000_000);
    assert_eq!(stuck.outcome(), None, "NAK: nobody reads");
    let data: Vec<u8> = (0..200).collect();
    assert_eq!(ports[1].transfer(&mut rig.host, &data, 200), Ok(data));
    assert_eq!(rig.violations(), []);
}
