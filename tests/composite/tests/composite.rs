//! Two ports and a keyboard.

use usbd_acm::class::{Event, LineCoding, SerialState};
use usbd_acm::{EndpointAddress, SetupPacket, TransferType};
use usbd_acm_composite::{Subject, on_bus, on_controller};
use usbd_acm_virtual::host::request::{self, DEVICE_REMOTE_WAKEUP};
use usbd_acm_virtual::host::{
    AcmPort, Host, KnownDevice, Pipe, Transfer, TransferError, linux, macos, windows,
};
use usbd_acm_virtual::{DevicePort, Manners};
use usbd_hid::descriptor::{KeyboardReport, SerializedDescriptor};

/// Interface of the keyboard, between the ports.
const KEYBOARD: u8 = 2;
/// Bytes of its interface, HID, and two endpoint descriptors.
const KEYBOARD_LENGTH: usize = 9 + 9 + 7 + 7;
const CODING: [u8; 7] = [0x80, 0x25, 0, 0, 2, 1, 7];
const SECOND: u64 = 1_000_000_000;

/// Something to do on each of them.
trait Test {
    fn run<W: DevicePort>(&self, subject: &mut Subject<W>);
}

/// Runs it on a stock driver and on one of our controllers.
fn each_bus(test: &impl Test) {
    let mut stock = on_bus(Manners::GOOD);
    stock.host.plug().expect("the device attaches");
    test.run(&mut stock);
    let mut ours = on_controller();
    ours.host.plug().expect("the device attaches");
    test.run(&mut ours);
    assert_eq!(ours.host.port().wire().violations(), []);
}

macro_rules! on_each_bus {
    ($($(#[$doc:meta])* fn $name:ident($subject:ident) $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            struct This;
            impl Test for This {
                fn run<W: DevicePort>(&self, $subject: &mut Subject<W>) $body
            }
            each_bus(&This);
        }
    )*};
}

fn ports(device: &KnownDevice) -> [AcmPort; 2] {
    let ports = AcmPort::all(device);
    ports.try_into().unwrap_or_else(|ports: Vec<_>| panic!("{} ports", ports.len()))
}

/// The interrupt endpoint of the keyboard: endpoint descriptor after its HID descriptor (0x21).
fn keyboard(device: &KnownDevice) -> Pipe {
    let mut rest = device.configuration.as_slice();
    let mut is_keyboard = false;
    while let [length, kind, ..] = *rest {
        let (descriptor, after) = rest.split_at(usize::from(length));
        is_keyboard = if kind == 4 { descriptor[2] == KEYBOARD } else { is_keyboard };
        if is_keyboard && kind == 5 && descriptor[2] & 0x80 != 0 {
            return Pipe {
                address: EndpointAddress::from_byte(descriptor[2]).expect("an endpoint"),
                transfer_type: TransferType::Interrupt,
                max_packet_size: u16::from_le_bytes([descriptor[4], descriptor[5]]),
                interval: descriptor[6],
            };
        }
        rest = after;
    }
    panic!("no keyboard in {:?}", device.configuration)
}

fn presses<W: DevicePort>(subject: &mut Subject<W>, pipe: Pipe, key: u8) {
    let keycodes = [key, 0, 0, 0, 0, 0];
    let report = KeyboardReport { modifier: 2, reserved: 0, leds: 0, keycodes };
    subject.inside.borrow_mut().report = Some(report);
    let mut read = Transfer::read(pipe, 8);
    subject.host.exchange(&mut [&mut read], SECOND);
    assert_eq!(read.outcome(), Some(Ok(())));
    assert_eq!(read.moved(), [2, 0, key, 0, 0, 0, 0, 0]);
}

fn echoes<P: DevicePort>(host: &mut Host<P>, port: &mut AcmPort, length: usize) {
    let data: Vec<u8> = (0..=255).cycle().take(length).collect();
    assert_eq!(port.transfer(host, &data, length), Ok(data));
}

on_each_bus! {
    fn three_systems_enumerate(subject) {
        for _ in 0..3 {
            let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
            for port in &mut ports(&device) {
                linux::bind(&mut subject.host, port).expect("cdc_acm binds");
                linux::open(&mut subject.host, port, CODING).expect("opens");
                echoes(&mut subject.host, port, 1000);
                linux::close(&mut subject.host, port).expect("closes");
            }
            let device = windows::enumerate(&mut subject.host).expect("Windows enumerates");
            for port in &mut ports(&device) {
                windows::open(&mut subject.host, port, CODING).expect("opens");
                echoes(&mut subject.host, port, 1000);
            }
            presses(subject, keyboard(&device), 4);
            let device = macos::enumerate(&mut subject.host).expect("macOS enumerates");
            for port in &mut ports(&device) {
                macos::open(&mut subject.host, port, CODING).expect("opens");
                echoes(&mut subject.host, port, 1000);
            }
            presses(subject, keyboard(&device), 5);
        }
    }

    /// Two associations around the keyboard, with what is in our own descriptors in each.
    fn descriptors_of_the_ports(subject) {
        let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
        assert_eq!(device.device_descriptor[4..7], [0xEF, 2, 1], "composite with associations");
        let interfaces: Vec<_> =
            ports(&device).iter().map(|port| port.function().control_interface).collect();
        assert_eq!(interfaces, [0, 3]);
        let configuration = &device.configuration;
        for (start, first) in [(9, 0), (9 + 66 + KEYBOARD_LENGTH, 3)] {
            let port = &configuration[start..start + 66];
            assert_eq!(port[..8], [8, 0x0B, first, 2, 2, 2, 0, 0]);
            assert_eq!(port[8..17], [9, 4, first, 0, 1, 2, 2, 0, 0]);
            let functional = [
                5, 0x24, 0, 0x20, 1, 5, 0x24, 1, 0, first + 1, 4, 0x24, 2, 6, 5, 0x24, 6, first,
                first + 1,
            ];
            assert_eq!(port[17..36], functional);
            assert_eq!(port[43..52], [9, 4, first + 1, 0, 2, 0x0A, 0, 0, 0]);
        }
        assert_eq!(configuration.len(), 9 + 2 * 66 + KEYBOARD_LENGTH);
    }

    fn keys_and_both_ports_at_the_same_time(subject) {
        let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
        let mut ports = ports(&device);
        for port in &mut ports {
            linux::open(&mut subject.host, port, CODING).expect("opens");
        }
        for round in 0..20 {
            for port in &mut ports {
                echoes(&mut subject.host, port, 64 * round + 1);
            }
            presses(subject, keyboard(&device), 4 + round.to_le_bytes()[0]);
        }
    }

    fn requests_find_their_function(subject) {
        linux::enumerate(&mut subject.host).expect("Linux enumerates");
        let host = &mut subject.host;
        let other = [1, 2, 3, 4, 5, 6, 7];
        host.control_out(request::set_line_coding(0), &CODING).expect("the first port");
        host.control_out(request::set_line_coding(3), &other).expect("the second port");
        assert_eq!(host.control_in(request::get_line_coding(0)), Ok(CODING.to_vec()));
        assert_eq!(host.control_in(request::get_line_coding(3)), Ok(other.to_vec()));
        for interface in [1, 2, 4, 5, 100] {
            let coding = host.control_in(request::get_line_coding(interface));
            assert_eq!(coding, Err(TransferError::Stall), "interface {interface}");
        }
        let report = SetupPacket {
            request_type: 0x81,
            request: 6,
            value: 0x2200,
            index: KEYBOARD.into(),
            length: 255,
        };
        assert_eq!(host.control_in(report).as_deref(), Ok(KeyboardReport::desc()));
        let codings: Vec<_> = subject
            .inside
            .borrow()
            .ports
            .iter()
            .map(|port| port.control.line_coding())
            .collect();
        assert_eq!(codings, [CODING, other].map(LineCoding::from_bytes));
    }

    fn notifications_name_their_interface(subject) {
        let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
        for (index, port) in ports(&device).iter().enumerate() {
            subject.inside.borrow_mut().ports[index].control.raise(SerialState::RING_SIGNAL);
            let mut read = Transfer::read(port.function().notification, 10);
            subject.host.exchange(&mut [&mut read], SECOND);
            let interface = port.function().control_interface;
            assert_eq!(read.moved(), [0xA1, 0x20, 0, 0, interface, 0, 2, 0, 8, 0]);
        }
    }

    /// A halt of one port is none of the others', and any of three requests ends it with DATA0.
    fn halts_and_toggles(subject) {
        let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
        let mut ports = ports(&device);
        let function = *ports[1].function();
        let endpoint = function.data_in.address;
        let clears = [
            request::clear_halt(endpoint),
            request::set_interface(function.data_interface, 0),
            request::set_configuration(1),
        ];
        for clear in clears {
            ports.iter_mut().for_each(|port| echoes(&mut subject.host, port, 3));
            subject.host.control_out(request::set_halt(endpoint), &[]).expect("a halt");
            assert_eq!(subject.host.read(function.data_in, 64), Err(TransferError::Stall));
            let status = subject.host.control_in(request::get_endpoint_status(endpoint));
            assert_eq!(status, Ok(vec![1, 0]));
            echoes(&mut subject.host, &mut ports[0], 3);
            subject.host.control_out(clear, &[]).expect("it ends");
            let status = subject.host.control_in(request::get_endpoint_status(endpoint));
            assert_eq!(status, Ok(vec![0, 0]));
            // The host resets its toggles with these requests, and so a wrong one shows.
            ports.iter_mut().for_each(|port| echoes(&mut subject.host, port, 3));
        }
    }

    /// What is nobody's must not halt EP0, or an endpoint whose number looks similar.
    fn requests_for_no_endpoint(subject) {
        linux::enumerate(&mut subject.host).expect("Linux enumerates");
        for index in [0x00, 0x80, 0x11, 0x91, 0x0101, 0xFF81] {
            for (request_type, length) in [(0x02, 0), (0x82, 2)] {
                let request = if length == 0 { 3 } else { 0 };
                let setup = SetupPacket { request_type, request, value: 0, index, length };
                let is_control_endpoint = index == 0x00 || index == 0x80;
                let expected = match (is_control_endpoint, length) {
                    (true, 2) => Ok(vec![0, 0]),
                    _ => Err(TransferError::Stall),
                };
                assert_eq!(subject.host.control_in(setup), expected, "{setup:?}");
            }
        }
        let status = request::get_device_status();
        assert_eq!(subject.host.control_in(status), Ok(vec![0, 0]), "alive");
    }

    fn events_and_sessions(subject) {
        let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
        let [mut first, _] = ports(&device);
        linux::open(&mut subject.host, &mut first, CODING).expect("opens");
        linux::close(&mut subject.host, &mut first).expect("closes");
        let mut inside = subject.inside.borrow_mut();
        let seen: Vec<_> = std::iter::from_fn(|| inside.ports[0].control.next_event()).collect();
        for event in [Event::Configured { milliamps: 100 }, Event::SessionStart, Event::SessionEnd] {
            assert!(seen.contains(&event), "{event:?} in {seen:?}");
        }
        assert!(!inside.ports[0].writer.is_connected());
        assert!(inside.ports[1].writer.is_connected());
    }

    fn suspend_and_remote_wakeup(subject) {
        let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
        let mut ports = ports(&device);
        let wakeup = request::set_device_feature(DEVICE_REMOTE_WAKEUP);
        subject.host.control_out(wakeup, &[]).expect("allowed");
        for port in 0..2 {
            subject.host.suspend();
            subject.host.run(SECOND);
            assert!(subject.inside.borrow().ports[port].control.is_suspended());
            assert_eq!(subject.host.await_remote_wakeup(SECOND), Err(TransferError::Timeout));
            subject.inside.borrow_mut().ports[port].control.request_wakeup();
            assert_eq!(subject.host.await_remote_wakeup(SECOND), Ok(()));
            assert!(!subject.inside.borrow().ports[port].control.is_suspended());
            ports.iter_mut().for_each(|port| echoes(&mut subject.host, port, 100));
        }
    }
}

/// A driver that loses the packet of an endpoint whose halt ends, as stm32-usbd does.
#[test]
fn a_packet_that_the_driver_loses_is_written_again() {
    let manners = Manners { unstall_drops_packet: true, ..Manners::GOOD };
    let mut subject = on_bus(manners);
    subject.host.plug().expect("the device attaches");
    let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
    let [first, _] = ports(&device);
    let function = *first.function();
    subject.inside.borrow_mut().ports[0].writer.write(b"not lost").expect("room");
    subject.host.run(1_000_000);
    let endpoint = function.data_in.address;
    subject.host.control_out(request::set_halt(endpoint), &[]).expect("a halt");
    subject.host.control_out(request::clear_halt(endpoint), &[]).expect("it ends");
    assert_eq!(subject.host.read(function.data_in, 64).as_deref(), Ok(&b"not lost"[..]));
}
