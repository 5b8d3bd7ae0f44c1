//! Drivers that behave as those that exist.

use usb_device::bus::{UsbBus, UsbBusAllocator};
use usb_device::endpoint::EndpointType;
use usb_device::{UsbDirection, UsbError};
use usbd_acm::usb_device::{AcmClass, FromUsbBus, LentBus, OwnBus};
use usbd_acm::{Controller, Port, Storage};
use usbd_acm_tests::bridge::{Beyond, leak};
use usbd_acm_tests::{ONE_PORT, TWO_PORTS, echo, model};
use usbd_acm_virtual::host::{AcmPort, Host, TransferError, linux, macos, request, windows};
use usbd_acm_virtual::{Board, BusWire, Manners, VirtualUsbBus};

type OnBus = Host<Board<Box<dyn FnMut(u64)>, BusWire>>;

/// Two echoing ports of a `Device` on such a driver.
fn two_ports(manners: Manners) -> OnBus {
    let (bus, wire) = VirtualUsbBus::new(manners);
    let controller = FromUsbBus::<_, Beyond, 2>::new(OwnBus::new(bus), &TWO_PORTS);
    let storage = leak(Storage::<2, 2, 64>::new());
    let (mut device, mut ports) = storage.split(controller.expect("endpoints"), &TWO_PORTS, ());
    device.connect();
    let firmware: Box<dyn FnMut(u64)> = Box::new(move |_| {
        device.poll();
        ports.iter_mut().for_each(echo::<64>);
        device.poll();
    });
    let mut host = Host::new(Board::new(wire, firmware));
    host.plug().expect("the device attaches");
    host
}

/// The first port of an `AcmClass` on such a driver, with the application in the test's hand.
fn class(manners: Manners) -> (OnBus, Port) {
    let (bus, wire) = VirtualUsbBus::new(manners);
    let allocator = leak(UsbBusAllocator::new(bus));
    let storage = leak(Storage::<1, 2, 64>::new());
    let class = AcmClass::<VirtualUsbBus>::whole_device(allocator, storage, &ONE_PORT, ());
    let (mut class, [port]) = class.expect("endpoints");
    let mut device = class.build_device(allocator);
    let firmware: Box<dyn FnMut(u64)> = Box::new(move |_| {
        device.poll(&mut [&mut class]);
        class.attend(&device);
    });
    let mut host = Host::new(Board::new(wire, firmware));
    host.plug().expect("the device attaches");
    (host, port)
}

/// nrf-usbd counts endpoints up, and neither tells of status stages nor is told an address.
#[test]
fn a_driver_that_counts_endpoints_and_keeps_status_stages() {
    let manners = Manners { counts_endpoints: true, keeps_status_stages: true, ..Manners::GOOD };
    let mut host = two_ports(manners);
    for enumerate in [linux::enumerate, windows::enumerate, macos::enumerate] {
        let device = enumerate(&mut host).expect("enumerates");
        assert_eq!(device.configuration, model::TWO_PORTS.configuration);
        for mut port in AcmPort::all(&device) {
            let data: Vec<u8> = (0..=255).cycle().take(1000).collect();
            assert_eq!(port.transfer(&mut host, &data, data.len()), Ok(data));
        }
    }
}

/// The descriptors say which endpoints there are: a driver that has others is refused.
#[test]
fn a_driver_with_other_endpoints_is_refused() {
    let manners = Manners { counts_endpoints: true, ..Manners::GOOD };
    let occupied = || {
        let (mut bus, _) = VirtualUsbBus::new(manners);
        let taken = bus.alloc_ep(UsbDirection::In, None, EndpointType::Bulk, 64, 0);
        assert!(taken.is_ok());
        bus
    };
    let controller = FromUsbBus::<_, (), 1>::new(OwnBus::new(occupied()), &ONE_PORT);
    assert_eq!(controller.err(), Some(UsbError::InvalidEndpoint));
    let allocator = leak(UsbBusAllocator::new(occupied()));
    let controller = FromUsbBus::<_, (), 1>::new(LentBus::new(allocator), &ONE_PORT);
    assert_eq!(controller.err(), Some(UsbError::InvalidEndpoint));
    let allocator = leak(UsbBusAllocator::new(occupied()));
    let storage = leak(Storage::<1, 2, 64>::new());
    let class = AcmClass::<VirtualUsbBus>::whole_device(allocator, storage, &ONE_PORT, ());
    assert_eq!(class.err(), Some(UsbError::InvalidEndpoint));
    // Beside other classes any endpoints will do.
    let allocator = leak(UsbBusAllocator::new(occupied()));
    let storage = leak(Storage::<1, 2, 64>::new());
    assert!(AcmClass::<VirtualUsbBus>::new(allocator, storage, ()).is_ok());
}

/// A device that is not the only class cannot answer for all of it.
#[test]
fn a_whole_device_has_the_first_interface() {
    let (bus, _) = VirtualUsbBus::new(Manners::GOOD);
    let allocator = leak(UsbBusAllocator::new(bus));
    allocator.interface();
    let storage = leak(Storage::<1, 2, 64>::new());
    let class = AcmClass::<VirtualUsbBus>::whole_device(allocator, storage, &ONE_PORT, ());
    assert_eq!(class.err(), Some(UsbError::InvalidEndpoint));
}

/// A `UsbBus` does not tell frames, and so they are not counted.
#[test]
fn a_driver_without_frames_says_so() {
    let (bus, _) = VirtualUsbBus::new(Manners::GOOD);
    let controller = FromUsbBus::<_, (), 1>::new(OwnBus::new(bus), &ONE_PORT).expect("endpoints");
    assert_eq!(controller.frame(), None);
}

/// stm32-usbd loses the packet of an IN endpoint with its halt.
#[test]
fn a_packet_lost_with_a_halt_is_written_again() {
    for drops in [false, true] {
        let manners = Manners { unstall_drops_packet: drops, ..Manners::GOOD };
        let (mut host, mut port) = class(manners);
        let device = linux::enumerate(&mut host).expect("Linux enumerates");
        let pipe = device.acm_functions()[0].data_in;
        // One packet in the hardware, one that waits for it.
        assert_eq!(port.writer.write(&[1; 64]), Ok(64));
        host.run(1_000_000);
        assert_eq!(port.writer.write(&[2; 10]), Ok(10));
        host.run(1_000_000);
        for _ in 0..3 {
            host.control_out(request::set_halt(pipe.address), &[]).expect("a halt");
            assert_eq!(host.read(pipe, 64), Err(TransferError::Stall));
            host.control_out(request::clear_halt(pipe.address), &[]).expect("it ends");
        }
        assert_eq!(host.read(pipe, 200), Ok([&[1; 64][..], &[2; 10]].concat()), "{drops}");
        host.run(1_000_000);
        assert_eq!(port.writer.is_flushed(), Ok(true));
    }
}

/// Most drivers leave the toggle alone: what the documentation says of them.
#[test]
fn a_driver_that_keeps_the_toggle_loses_a_packet_after_a_halt() {
    let manners = Manners { unstall_resets_toggle: false, ..Manners::GOOD };
    let (mut host, mut port) = class(manners);
    let device = linux::enumerate(&mut host).expect("Linux enumerates");
    let pipe = device.acm_functions()[0].data_in;
    assert_eq!(port.writer.write(&[1; 10]), Ok(10));
    assert_eq!(host.read(pipe, 64), Ok(vec![1; 10]));
    host.control_out(request::clear_halt(pipe.address), &[]).expect("it ends");
    assert_eq!(port.writer.write(&[2; 10]), Ok(10));
    let read = host.read(pipe, 64);
    assert_ne!(read, Ok(vec![2; 10]), "the toggle is DATA0 after all: change the table");
}
