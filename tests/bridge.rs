//! The same ports, by way of `usb-device`.

use usb_device::bus::{UsbBus, UsbBusAllocator};
use usbd_acm::descriptors::Descriptors;
use usbd_acm::usb_device::{
    AcmClass, AsUsbBus, BeyondUsbBus, BusStorage, FromUsbBus, LentBus, OnAsUsbBus, OwnBus,
};
use usbd_acm::{Controller, EndpointAddress, Hooks, Port, Storage};
use usbd_acm_virtual::host::{Config, Host};
use usbd_acm_virtual::{Board, FullSpeed, Manners, VirtualController, VirtualUsbBus};

use crate::fixture::Application;
use crate::{TestBoard, TestWire};

/// What lies between the ports and the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bridge {
    /// `Device` on a `UsbBus`.
    DeviceOnBus,
    /// `Device` on a `UsbBus` that is in its allocator.
    DeviceOnLentBus,
    /// `UsbDevice` and `AcmClass` on the virtual controller.
    ClassOnController,
    /// `UsbDevice` and `AcmClass` on a `UsbBus`.
    ClassOnBus,
}

/// All of them.
pub const BRIDGES: [Bridge; 4] =
    [Bridge::DeviceOnBus, Bridge::DeviceOnLentBus, Bridge::ClassOnController, Bridge::ClassOnBus];

/// What the virtual `UsbBus` can do beyond its trait.
pub struct Beyond;

impl BeyondUsbBus<VirtualUsbBus> for Beyond {
    fn remote_wakeup(bus: &VirtualUsbBus) {
        bus.remote_wakeup();
    }

    fn abort(bus: &VirtualUsbBus, address: EndpointAddress) -> bool {
        bus.abort(address.to_byte())
    }
}

/// A device of ports and nothing else, not plugged in yet. `start` makes the application from the
/// ports.
pub fn board<H: Hooks + 'static, const PORTS: usize>(
    bridge: Bridge,
    descriptors: &'static Descriptors<PORTS>,
    hooks: H,
    start: impl FnOnce([Port; PORTS]) -> Application,
) -> Host<TestBoard> {
    match bridge {
        Bridge::DeviceOnBus => {
            let (bus, wire) = VirtualUsbBus::new(Manners::GOOD);
            let source = OwnBus::new(bus);
            let controller = FromUsbBus::<_, Beyond, PORTS>::new(source, descriptors);
            device(controller.expect("endpoints"), wire.into(), descriptors, hooks, start)
        }
        Bridge::DeviceOnLentBus => {
            let (bus, wire) = VirtualUsbBus::new(Manners::GOOD);
            let source = LentBus::new(leak(UsbBusAllocator::new(bus)));
            let controller = FromUsbBus::<_, Beyond, PORTS>::new(source, descriptors);
            device(controller.expect("endpoints"), wire.into(), descriptors, hooks, start)
        }
        Bridge::ClassOnController => {
            let (controller, wire) = VirtualController::<FullSpeed>::new(2);
            let bus = AsUsbBus::<_, 6>::new(controller, leak(BusStorage::new()));
            class::<_, _, OnAsUsbBus, PORTS>(bus, wire.into(), descriptors, hooks, start)
        }
        Bridge::ClassOnBus => {
            let (bus, wire) = VirtualUsbBus::new(Manners::GOOD);
            class::<_, _, Beyond, PORTS>(bus, wire.into(), descriptors, hooks, start)
        }
    }
}

fn device<C: Controller + 'static, H: Hooks + 'static, const PORTS: usize>(
    controller: C,
    wire: TestWire,
    descriptors: &'static Descriptors<PORTS>,
    hooks: H,
    start: impl FnOnce([Port; PORTS]) -> Application,
) -> Host<TestBoard> {
    let storage = leak(Storage::<PORTS, 2, 64>::new());
    let (mut device, ports) = storage.split(controller, descriptors, hooks);
    device.connect();
    let mut application = start(ports);
    host(wire, move |duration| {
        device.poll();
        application(duration);
        device.poll();
    })
}

fn class<
    B: UsbBus + 'static,
    H: Hooks + 'static,
    X: BeyondUsbBus<B> + 'static,
    const PORTS: usize,
>(
    bus: B,
    wire: TestWire,
    descriptors: &'static Descriptors<PORTS>,
    hooks: H,
    start: impl FnOnce([Port; PORTS]) -> Application,
) -> Host<TestBoard> {
    let allocator = leak(UsbBusAllocator::new(bus));
    let storage = leak(Storage::<PORTS, 2, 64>::new());
    let class = AcmClass::<B, H, X, PORTS>::whole_device(allocator, storage, descriptors, hooks);
    let (mut class, ports) = class.expect("endpoints");
    let mut device = class.build_device(allocator);
    let mut application = start(ports);
    host(wire, move |duration| {
        device.poll(&mut [&mut class]);
        class.attend(&device);
        application(duration);
        class.attend(&device);
    })
}

fn host(wire: TestWire, firmware: impl FnMut(u64) + 'static) -> Host<TestBoard> {
    Host::with_config(Board::new(wire, Box::new(firmware)), Config::default())
}

/// What firmware has in a `static`.
pub fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}
