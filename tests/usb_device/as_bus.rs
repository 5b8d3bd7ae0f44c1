//! One of our controllers as a driver of usb-device: what a class that goes astray gets for an answer.

use usb_device::bus::{PollResult, UsbBus};
use usb_device::endpoint::{
    EndpointAddress as BusAddress, EndpointType, IsochronousSynchronizationType,
    IsochronousUsageType,
};
use usb_device::{Result, UsbDirection, UsbError};
use usbd_acm::Speed;
use usbd_acm::usb_device::{AsUsbBus, BusStorage};
use usbd_acm_tests::bridge::leak;
use usbd_acm_virtual::{DevicePort, FullSpeed, Handshake, Pid, VirtualController, VirtualWire};

type Bus = AsUsbBus<VirtualController<FullSpeed>, 3, 64>;

fn bus() -> (Bus, VirtualWire) {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    (AsUsbBus::new(controller, leak(BusStorage::new())), wire)
}

fn allocate(bus: &mut Bus, direction: UsbDirection, wanted: Option<u8>) -> Result<BusAddress> {
    bus.alloc_ep(direction, wanted.map(BusAddress::from), EndpointType::Bulk, 64, 0)
}

/// An endpoint of each direction, on a bus that was reset.
fn running() -> (Bus, VirtualWire) {
    let (mut bus, mut wire) = bus();
    assert!(allocate(&mut bus, UsbDirection::In, Some(0x81)).is_ok());
    assert!(allocate(&mut bus, UsbDirection::Out, Some(0x01)).is_ok());
    bus.enable();
    wire.set_vbus(true);
    wire.bus_reset(Speed::Full);
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    (bus, wire)
}

#[test]
fn an_endpoint_is_allocated_once_and_in_its_direction() {
    let (mut bus, _) = bus();
    assert_eq!(allocate(&mut bus, UsbDirection::In, Some(0x01)), Err(UsbError::InvalidEndpoint));
    assert_eq!(allocate(&mut bus, UsbDirection::Out, Some(0x81)), Err(UsbError::InvalidEndpoint));
    assert_eq!(allocate(&mut bus, UsbDirection::In, Some(0x81)), Ok(BusAddress::from(0x81)));
    assert_eq!(allocate(&mut bus, UsbDirection::In, Some(0x81)), Err(UsbError::InvalidEndpoint));
    assert_eq!(allocate(&mut bus, UsbDirection::In, None), Ok(BusAddress::from(0x82)));
    assert_eq!(allocate(&mut bus, UsbDirection::Out, None), Ok(BusAddress::from(0x01)));
    // There is room for three.
    let fourth = allocate(&mut bus, UsbDirection::Out, None);
    assert_eq!(fourth, Err(UsbError::EndpointMemoryOverflow));
}

#[test]
fn what_no_endpoint_can_be_is_refused() {
    let (mut bus, _) = bus();
    let mut of = |kind, size| bus.alloc_ep(UsbDirection::In, None, kind, size, 0);
    assert_eq!(of(EndpointType::Bulk, 65), Err(UsbError::EndpointMemoryOverflow));
    assert_eq!(of(EndpointType::Control, 64), Err(UsbError::Unsupported));
    let isochronous = EndpointType::Isochronous {
        synchronization: IsochronousSynchronizationType::Asynchronous,
        usage: IsochronousUsageType::Data,
    };
    assert_eq!(of(isochronous, 64), Err(UsbError::Unsupported));
    assert_eq!(of(EndpointType::Interrupt, 64), Ok(BusAddress::from(0x81)));
}

/// Neither reaches the controller, whose contract would be broken.
#[test]
fn packets_of_the_other_direction() {
    let (bus, wire) = running();
    let (data_in, data_out) = (BusAddress::from(0x81), BusAddress::from(0x01));
    let mut buffer = [0; 64];
    assert_eq!(bus.write(data_out, &[1]), Err(UsbError::InvalidEndpoint));
    assert_eq!(bus.read(data_in, &mut buffer), Err(UsbError::InvalidEndpoint));
    assert_eq!(bus.write(BusAddress::from(0x85), &[1]), Err(UsbError::InvalidEndpoint));
    assert_eq!(bus.read(BusAddress::from(0x05), &mut buffer), Err(UsbError::InvalidEndpoint));
    assert_eq!(bus.read(data_out, &mut buffer), Err(UsbError::WouldBlock));
    assert_eq!(bus.write(data_in, &[1; 65]), Err(UsbError::BufferOverflow));
    assert_eq!(bus.write(data_in, &[1]), Ok(1));
    assert_eq!(wire.violations(), []);
}

#[test]
fn a_halt_is_known_until_it_ends() {
    let (bus, wire) = running();
    for address in [0x81, 0x01].map(BusAddress::from) {
        assert!(!bus.is_stalled(address));
        bus.set_stalled(address, true);
        assert!(bus.is_stalled(address));
        bus.set_stalled(address, false);
        assert!(!bus.is_stalled(address));
    }
    let nobody = BusAddress::from(0x85);
    bus.set_stalled(nobody, true);
    assert!(!bus.is_stalled(nobody));
    assert_eq!(wire.violations(), []);
}

/// Unplugged, there is nothing to write to, until the next reset.
#[test]
fn without_vbus_nothing_is_written() {
    let (bus, mut wire) = running();
    let data_in = BusAddress::from(0x81);
    wire.set_vbus(false);
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    assert_eq!(bus.write(data_in, &[1]), Err(UsbError::InvalidEndpoint));
    wire.set_vbus(true);
    wire.bus_reset(Speed::Full);
    assert!(matches!(bus.poll(), PollResult::Reset));
    bus.reset();
    assert_eq!(bus.write(data_in, &[1]), Ok(1));
    assert_eq!(wire.violations(), []);
}

/// A buffer that is too short loses nothing.
#[test]
fn a_packet_stays_until_it_was_read() {
    let (bus, mut wire) = running();
    let data_out = BusAddress::from(0x01);
    assert_eq!(wire.out_token(0, 1, Pid::Data0, &[7; 5]), Handshake::Ack);
    let mut buffer = [0; 64];
    for _ in 0..3 {
        assert!(matches!(
            bus.poll(),
            PollResult::Data { ep_out: 2, ep_in_complete: 0, ep_setup: 0 }
        ));
        assert_eq!(bus.read(data_out, &mut buffer[..4]), Err(UsbError::BufferOverflow));
    }
    assert_eq!(bus.read(data_out, &mut buffer), Ok(5));
    assert_eq!(buffer[..6], [7, 7, 7, 7, 7, 0]);
    assert_eq!(bus.read(data_out, &mut buffer), Err(UsbError::WouldBlock));
    assert!(matches!(bus.poll(), PollResult::None));
}
