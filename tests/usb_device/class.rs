//! What an `AcmClass` asks of the driver below its `UsbDevice`, call by call.

use usb_device::bus::{PollResult, UsbBusAllocator};
use usb_device::device::{UsbDevice, UsbDeviceBuilder, UsbVidPid};
use usbd_acm::class::SerialState;
use usbd_acm::descriptors::{Descriptors, EndpointSet, descriptors};
use usbd_acm::usb_device::AcmClass;
use usbd_acm::{Hooks, Port, ReadError, SetupPacket, Storage};
use usbd_acm_tests::bridge::leak;
use usbd_acm_tests::probe::{REQUIRE, Recorder};
use usbd_acm_tests::{ONE_PORT, TWO_PORTS};
use usbd_acm_virtual::host::request::{
    self, CONFIGURATION, get_descriptor, get_string, set_address, set_configuration,
};

use crate::spy::{Beyond, Call, Spy};

/// bEndpointAddress of the first port.
const IN: u8 = 0x81;
const OUT: u8 = 0x01;
const NOTIFICATION: u8 = 0x82;

/// A line coding that no flash has: 9600 baud, and a stop bit that is not legal.
const CODING: [u8; 7] = [0x80, 0x25, 0, 0, 7, 1, 8];

/// A class that is the whole device.
struct Subject<H: Hooks + 'static, const PORTS: usize> {
    spy: Spy,
    device: UsbDevice<'static, Spy>,
    class: AcmClass<'static, Spy, H, Beyond, PORTS>,
    ports: [Port; PORTS],
}

impl<H: Hooks + 'static, const PORTS: usize> Subject<H, PORTS> {
    fn new(descriptors: &'static Descriptors<PORTS>, hooks: H) -> Self {
        let spy = Spy::default();
        let allocator = leak(UsbBusAllocator::new(spy.clone()));
        let storage = leak(Storage::<PORTS, 2, 64>::new());
        let class = AcmClass::whole_device(allocator, storage, descriptors, hooks);
        let (class, ports) = class.expect("endpoints");
        let device = class.build_device(allocator);
        Self { spy, device, class, ports }.reset()
    }

    /// A class that may be one of several.
    fn beside_others(hooks: H) -> Self {
        let spy = Spy::default();
        let allocator = leak(UsbBusAllocator::new(spy.clone()));
        let storage = leak(Storage::<PORTS, 2, 64>::new());
        let (class, ports) = AcmClass::new(allocator, storage, hooks).expect("endpoints");
        let builder = UsbDeviceBuilder::new(allocator, UsbVidPid(0x1209, 0x0001));
        let sized = builder.composite_with_iads().max_packet_size_0(64);
        let device = sized.expect("a legal size").build();
        Self { spy, device, class, ports }.reset()
    }

    fn reset(mut self) -> Self {
        self.spy.tell(PollResult::Reset);
        self.poll();
        self
    }

    fn poll(&mut self) {
        self.device.poll(&mut [&mut self.class]);
        self.class.attend(&self.device);
    }

    /// Sends a SETUP packet, and returns the calls that follow from it.
    fn setup(&mut self, setup: SetupPacket) -> Vec<Call> {
        self.spy.put(0x00, &setup.to_bytes());
        self.spy.tell(PollResult::Data { ep_setup: 1, ep_out: 0, ep_in_complete: 0 });
        self.spy.calls();
        self.poll();
        self.spy.calls()
    }

    /// A request without data, to its end. Returns whether it was accepted, and the calls.
    fn request(&mut self, setup: SetupPacket) -> (bool, Vec<Call>) {
        let calls = self.setup(setup);
        let accepted = calls.contains(&Call::Write(0x80, vec![]));
        if accepted {
            self.spy.complete(0x80);
            self.poll();
        }
        (accepted, calls)
    }

    /// The first packet of the reply, if there is one.
    fn reply(&mut self, setup: SetupPacket) -> Option<Vec<u8>> {
        self.setup(setup).into_iter().find_map(|call| match call {
            Call::Write(0x80, packet) => Some(packet),
            _ => None,
        })
    }

    /// The rest of a reply of one packet.
    fn end_reply(&mut self) {
        self.spy.complete(0x80);
        self.poll();
        self.spy.arrive(0x00, &[]);
        self.poll();
    }

    fn configure(&mut self) {
        assert!(self.request(set_address(5)).0);
        assert!(self.request(set_configuration(1)).0);
    }

    fn set_line_coding(&mut self, coding: [u8; 7]) {
        self.setup(request::set_line_coding(0));
        self.spy.arrive(0x00, &coding);
        self.spy.calls();
        self.poll();
        assert!(self.spy.calls().contains(&Call::Write(0x80, vec![])));
        self.spy.complete(0x80);
        self.poll();
    }
}

fn one_port() -> Subject<(), 1> {
    let mut subject = Subject::new(&ONE_PORT, ());
    subject.configure();
    subject
}

/// USB 2.0 §9.4.6. `UsbDevice` knows no way back from an address.
#[test]
fn address_0() {
    let mut subject = Subject::new(&ONE_PORT, ());
    assert!(subject.request(set_address(0)).0, "in the default state it is no error");
    assert!(subject.request(set_address(5)).0);
    assert!(!subject.request(set_address(0)).0);
    assert!(subject.request(set_address(6)).0);
}

/// `UsbDevice` would do it again.
#[test]
fn a_halt_is_set_and_ended_once() {
    let mut subject = one_port();
    let data_in = ONE_PORT.ports()[0].data_in;
    let requests = [(request::set_halt(data_in), true), (request::clear_halt(data_in), false)];
    for (setup, stalled) in requests {
        let (accepted, calls) = subject.request(setup);
        assert!(accepted);
        let halts = calls.iter().filter(|call| **call == Call::Stall(IN, stalled));
        assert_eq!(halts.count(), 1);
    }
}

/// Each is told when the host has it, and so the next one can go.
#[test]
fn notifications_follow_one_another() {
    let mut subject = one_port();
    for (state, signals) in [
        (SerialState::RX_CARRIER, 1),
        (SerialState::TX_CARRIER, 2),
        (SerialState::RX_CARRIER | SerialState::TX_CARRIER, 3),
    ] {
        subject.spy.calls();
        subject.ports[0].control.set_levels(state);
        subject.poll();
        let notification = vec![0xA1, 0x20, 0, 0, 0, 0, 2, 0, signals, 0];
        assert_eq!(subject.spy.calls(), [Call::Write(NOTIFICATION, notification)]);
        subject.spy.complete(NOTIFICATION);
        subject.poll();
    }
}

/// Until the host configures the device again, what the hardware takes is nobody's.
#[test]
fn packets_outside_of_a_configuration_are_dropped() {
    let mut subject = one_port();
    assert_eq!(subject.ports[0].reader.fill_buf(), Err(ReadError::Empty));
    assert!(subject.request(set_configuration(0)).0);
    subject.spy.arrive(OUT, &[1, 2, 3]);
    subject.poll();
    assert!(subject.spy.calls().contains(&Call::Read(OUT)));
    assert_eq!(subject.ports[0].reader.fill_buf(), Err(ReadError::Disconnected));
    assert!(subject.request(set_configuration(1)).0);
    subject.spy.arrive(OUT, &[4]);
    subject.poll();
    assert_eq!(subject.ports[0].reader.fill_buf(), Ok(&[4][..]));
}

/// A session that ends takes what the hardware holds with it, where that can be dropped.
#[test]
fn the_hardware_drops_its_packet_with_the_session() {
    let mut subject = one_port();
    subject.spy.set_can_abort(true);
    assert_eq!(subject.ports[0].writer.write(&[1]), Ok(1));
    subject.poll();
    assert!(subject.request(request::set_control_line_state(0, true, true)).0);
    let (accepted, calls) = subject.request(request::set_control_line_state(0, false, false));
    assert!(accepted);
    assert!(calls.contains(&Call::Abort(IN)), "{calls:?}");
}

/// Data that came before the request which ends its session is of that session.
#[test]
fn data_comes_before_the_request_that_came_with_it() {
    let mut subject = Subject::new(&ONE_PORT, Recorder::<REQUIRE>);
    subject.configure();
    assert!(subject.request(request::set_control_line_state(0, true, true)).0);
    subject.spy.put(OUT, &[7; 3]);
    subject.spy.put(0x00, &request::set_control_line_state(0, false, false).to_bytes());
    subject.spy.tell(PollResult::Data { ep_setup: 1, ep_out: 1 << OUT, ep_in_complete: 0 });
    subject.poll();
    assert_eq!(subject.ports[0].reader.fill_buf(), Ok(&[7; 3][..]));
    subject.ports[0].reader.consume(3);
    assert_eq!(subject.ports[0].reader.fill_buf(), Err(ReadError::Disconnected));
}

/// The control pipe of usb-device copies what fits its buffer of 128 bytes. Only of more it keeps a slice,
/// whose rest would be sent instead of the next reply, so that this one may have to be refused.
#[test]
fn a_reply_that_was_copied_is_in_nobodys_way() {
    static LONG_NAME: Descriptors<1> = descriptors! {
        endpoints: EndpointSet::first(2),
        vendor_id: 0x1209,
        product_id: 0x0001,
        product: "sixty-three characters are one hundred and twenty-eight bytes..",
    };
    let mut subject = Subject::new(&LONG_NAME, ());
    subject.configure();
    subject.set_line_coding(CODING);
    for setup in [get_descriptor(CONFIGURATION, 0, 255), get_string(2, 0x0409, 255)] {
        let first = subject.reply(setup).expect("a reply");
        assert_eq!(first.len(), 64, "there is more of it");
        // The host gives it up.
        assert_eq!(subject.reply(request::get_line_coding(0)), Some(CODING.to_vec()));
        subject.end_reply();
    }
}

/// The beginning of a longer descriptor, in one packet, is sent to its end at once.
#[test]
fn a_slice_of_one_packet_is_in_nobodys_way() {
    let mut subject = Subject::new(&TWO_PORTS, ());
    subject.configure();
    subject.set_line_coding(CODING);
    let header = subject.reply(get_descriptor(CONFIGURATION, 0, 9)).expect("a reply");
    assert_eq!(header.len(), 9);
    assert_eq!(subject.reply(request::get_line_coding(0)), Some(CODING.to_vec()));
}

/// The board may restart when it is told, and so the host must have its answer before.
#[test]
fn a_touch_is_told_after_the_status_stage() {
    struct Touch;
    impl Hooks for Touch {
        const TOUCH_1200: bool = true;
    }
    let mut subject = Subject::new(&ONE_PORT, Touch);
    subject.configure();
    subject.set_line_coding([0xB0, 0x04, 0, 0, 0, 0, 8]);
    assert!(subject.request(request::set_control_line_state(0, true, true)).0);
    let calls = subject.setup(request::set_control_line_state(0, false, false));
    assert!(calls.contains(&Call::Write(0x80, vec![])));
    assert_eq!(subject.ports[0].control.touches(), 0);
    subject.spy.complete(0x80);
    subject.poll();
    assert_eq!(subject.ports[0].control.touches(), 1);
}

/// Beside other classes, each port has its interfaces.
#[test]
fn requests_for_the_second_port_of_a_class() {
    let mut subject = Subject::<(), 2>::beside_others(());
    subject.configure();
    for (interface, is_ours) in [(0, true), (2, true), (4, false)] {
        let reply = subject.reply(request::get_line_coding(interface));
        assert_eq!(reply.is_some(), is_ours, "{interface}");
        if is_ours {
            subject.end_reply();
        }
    }
}
