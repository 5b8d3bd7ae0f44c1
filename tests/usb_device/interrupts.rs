//! Polled by interrupt and doorbell alone.

use std::cell::RefCell;
use std::rc::Rc;

use usb_device::bus::{UsbBus, UsbBusAllocator};
use usbd_acm::usb_device::{
    AcmClass, AsUsbBus, BeyondUsbBus, BusStorage, FromUsbBus, OnAsUsbBus, OwnBus,
};
use usbd_acm::{EndpointAddress, Port, Storage};
use usbd_acm_tests::bridge::leak;
use usbd_acm_tests::probe::{Probe, bell};
use usbd_acm_tests::{ONE_PORT, TestWire, echo};
use usbd_acm_virtual::host::{AcmPort, Host, linux};
use usbd_acm_virtual::{Board, FullSpeed, Manners, VirtualController, VirtualUsbBus};

/// A driver of usb-device whose interrupt can be pended.
struct Pending;

impl BeyondUsbBus<VirtualUsbBus> for Pending {
    const DOORBELL: fn() = bell::ring;

    fn abort(bus: &VirtualUsbBus, address: EndpointAddress) -> bool {
        bus.abort(address.to_byte())
    }
}

/// Runs `interrupt` when it is due, and the application in between, which is the main loop.
fn converse(wire: TestWire, mut interrupt: impl FnMut() + 'static, port: Port) {
    let line = wire.clone();
    let port = Rc::new(RefCell::new(port));
    let application = port.clone();
    bell::take();
    let mut host = Host::new(Board::new(wire, move |_: u64| {
        for _ in 0..20 {
            if !line.interrupt() && !bell::is_ringing() {
                break;
            }
            bell::take();
            interrupt();
        }
        echo(&mut application.borrow_mut());
        for _ in 0..20 {
            if !bell::is_ringing() {
                break;
            }
            bell::take();
            interrupt();
        }
    }));
    host.plug().expect("the device attaches");
    let known = linux::enumerate(&mut host).expect("Linux enumerates");
    let mut acm = AcmPort::all(&known).remove(0);
    for length in [1, 63, 64, 65, 1000, 4096] {
        let data: Vec<u8> = (0..=250).cycle().take(length).collect();
        assert_eq!(acm.transfer(&mut host, &data, length), Ok(data));
    }
    // From a quiet bus, too: nothing but the doorbell tells of this.
    assert_eq!(port.borrow_mut().writer.write(b"hello"), Ok(5));
    assert_eq!(acm.read(&mut host, 5).as_deref(), Ok(&b"hello"[..]));
    assert_eq!(host.port().wire().violations(), []);
}

fn class_on<B: UsbBus + 'static, X: BeyondUsbBus<B> + 'static>(bus: B) -> (impl FnMut(), Port) {
    let allocator = leak(UsbBusAllocator::new(bus));
    let storage = leak(Storage::<1, 2, 64>::new());
    let class = AcmClass::<B, (), X>::whole_device(allocator, storage, &ONE_PORT, ());
    let (mut class, [port]) = class.expect("endpoints");
    let mut device = class.build_device(allocator);
    let interrupt = move || {
        device.poll(&mut [&mut class]);
        class.attend(&device);
    };
    (interrupt, port)
}

#[test]
fn device_on_a_driver_of_usb_device() {
    let (bus, wire) = VirtualUsbBus::new(Manners::GOOD);
    let controller = FromUsbBus::<_, Pending, 1>::new(OwnBus::new(bus), &ONE_PORT);
    let storage = leak(Storage::<1, 2, 64>::new());
    let (mut device, [port]) = storage.split(controller.expect("endpoints"), &ONE_PORT, ());
    device.connect();
    converse(wire.into(), move || device.poll(), port);
}

#[test]
fn class_on_a_driver_of_usb_device() {
    let (bus, wire) = VirtualUsbBus::new(Manners::GOOD);
    let (interrupt, port) = class_on::<_, Pending>(bus);
    converse(wire.into(), interrupt, port);
}

#[test]
fn class_on_one_of_our_controllers() {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let probe: Probe<_> = Probe::new(controller);
    let bus = AsUsbBus::<_, 3>::new(probe, leak(BusStorage::new()));
    let (interrupt, port) = class_on::<_, OnAsUsbBus>(bus);
    converse(wire.into(), interrupt, port);
}
