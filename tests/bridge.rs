//! The same ports, by way of `usb-device`.

use usb_device::bus::{UsbBus, UsbBusAllocator};
use usbd_acm::descriptors::Descriptors;
use usbd_acm::usb_device::{
    AcmClass, AsUsbBus, BeyondUsbBus, BusStorage, FromUsbBus, LentBus, OnAsUsbBus, OwnBus,
};
use usbd_acm::{Controller, EndpointAddress, Hooks, Port, Storage};
use usbd_acm_virtual::host::{Config, Host};
use usbd_acm_virtual::{Board, BusWire, FullSpeed, Manners, VirtualController, VirtualUsbBus};

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

/// The controller of a `Device` on the virtual `UsbBus`.
pub type OnBus<const PORTS: usize> = FromUsbBus<OwnBus<VirtualUsbBus>, Beyond, PORTS>;

/// The same, and its wire.
pub fn on_bus<const PORTS: usize>(
    descriptors: &'static Descriptors<PORTS>,
) -> (OnBus<PORTS>, BusWire) {
    let (bus, wire) = VirtualUsbBus::new(Manners::GOOD);
    (FromUsbBus::new(OwnBus::new(bus), descriptors).expect("endpoints"), wire)
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
            let (controller, wire) = on_bus(descriptors);
            device(controller, wire.into(), descriptors, hooks, start)
        }
        Bridge::DeviceOnLentBus => {
            let (bus, wire) = VirtualUsbBus::new(Manners::GOOD);
            let source = LentBus::new(leak(UsbBusAllocator::new(bus)));
            let controller = FromUsbBus::<_, Beyond, PORTS>::new(source, descriptors);
            device(controller.expect("endpoints"), wire.into(), descriptors, hooks, start)
        }
        Bridge::ClassOnController | Bridge::ClassOnBus => {
            let (wire, mut class, ports) = class(bridge, descriptors, hooks);
            let mut application = start(ports);
            host(wire, move |duration| {
                class(true);
                application(duration);
                class(false);
            })
        }
    }
}

/// `UsbDevice` with `AcmClass`, to be polled (`true`) or only attended to.
pub type Class = Box<dyn FnMut(bool)>;

/// A device that is an `AcmClass`: the wire, what to call, and the application halves.
///
/// # Panics
/// For a bridge that has none.
pub fn class<H: Hooks + 'static, const PORTS: usize>(
    bridge: Bridge,
    descriptors: &'static Descriptors<PORTS>,
    hooks: H,
) -> (TestWire, Class, [Port; PORTS]) {
    match bridge {
        Bridge::ClassOnController => {
            let (controller, wire) = VirtualController::<FullSpeed>::new(2);
            let bus = AsUsbBus::<_, 6>::new(controller, leak(BusStorage::new()));
            let (class, ports) = class_on::<_, _, OnAsUsbBus, PORTS>(bus, descriptors, hooks);
            (wire.into(), class, ports)
        }
        Bridge::ClassOnBus => {
            let (bus, wire) = VirtualUsbBus::new(Manners::GOOD);
            let (class, ports) = class_on::<_, _, Beyond, PORTS>(bus, descriptors, hooks);
            (wire.into(), class, ports)
        }
        Bridge::DeviceOnBus | Bridge::DeviceOnLentBus => panic!("{bridge:?} has no class"),
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

fn class_on<B, H, X, const PORTS: usize>(
    bus: B,
    descriptors: &'static Descriptors<PORTS>,
    hooks: H,
) -> (Class, [Port; PORTS])
where
    B: UsbBus + 'static,
    H: Hooks + 'static,
    X: BeyondUsbBus<B> + 'static,
{
    let allocator = leak(UsbBusAllocator::new(bus));
    let storage = leak(Storage::<PORTS, 2, 64>::new());
    let class = AcmClass::<B, H, X, PORTS>::whole_device(allocator, storage, descriptors, hooks);
    let (mut class, ports) = class.expect("endpoints");
    let mut device = class.build_device(allocator);
    let poll = move |polls| {
        if polls {
            device.poll(&mut [&mut class]);
        }
        class.attend(&device);
    };
    (Box::new(poll), ports)
}

fn host(wire: TestWire, firmware: impl FnMut(u64) + 'static) -> Host<TestBoard> {
    Host::with_config(Board::new(wire, Box::new(firmware)), Config::default())
}

/// What firmware has in a `static`.
pub fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}
