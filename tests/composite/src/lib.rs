//! A keyboard between two serial ports, in one `UsbDevice`, at the end of the simulated host's cable.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::rc::Rc;

use usb_device::LangID;
use usb_device::bus::{UsbBus, UsbBusAllocator};
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbVidPid};
use usbd_acm::usb_device::{AcmClass, AsUsbBus, BeyondUsbBus, BusStorage, OnAsUsbBus};
use usbd_acm::{EndpointAddress, Port, Storage};
use usbd_acm_virtual::host::Host;
use usbd_acm_virtual::{
    Board, DevicePort, FullSpeed, Manners, Nanoseconds, VirtualController, VirtualUsbBus,
    VirtualWire,
};
use usbd_hid::descriptor::{KeyboardReport, SerializedDescriptor};
use usbd_hid::hid_class::HIDClass;

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

/// What the test does to the device from the inside.
#[derive(Default)]
pub struct Inside {
    /// The next report of the keyboard.
    pub report: Option<KeyboardReport>,
    /// The application halves, first and second.
    pub ports: Vec<Port>,
    /// The application echoes.
    pub echoes: bool,
}

/// What runs while simulated time passes.
pub type Firmware = Box<dyn FnMut(Nanoseconds)>;

/// The device, on its cable, and the inside of it.
pub struct Subject<W: DevicePort> {
    /// The host.
    pub host: Host<Board<Firmware, W>>,
    /// The inside of the device.
    pub inside: Rc<RefCell<Inside>>,
}

/// The device on the virtual `UsbBus`.
pub fn on_bus(manners: Manners) -> Subject<usbd_acm_virtual::BusWire> {
    let (bus, wire) = VirtualUsbBus::new(manners);
    subject::<_, Beyond, _>(bus, wire)
}

/// The device on one of our controllers.
pub fn on_controller() -> Subject<VirtualWire> {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let bus = AsUsbBus::<_, 8>::new(controller, leak(BusStorage::new()));
    subject::<_, OnAsUsbBus, _>(bus, wire)
}

fn subject<B: UsbBus + 'static, X: BeyondUsbBus<B> + 'static, W: DevicePort>(
    bus: B,
    wire: W,
) -> Subject<W> {
    let allocator = leak(UsbBusAllocator::new(bus));
    let storage = || leak(Storage::<1, 2, 64>::new());
    let (mut first, [first_port]) =
        AcmClass::<B, (), X>::new(allocator, storage(), ()).expect("endpoints");
    let mut keyboard = HIDClass::new(allocator, KeyboardReport::desc(), 10);
    let (mut second, [second_port]) =
        AcmClass::<B, (), X>::new(allocator, storage(), ()).expect("endpoints");
    let mut device = build(allocator);
    let ports = vec![first_port, second_port];
    let inside = Rc::new(RefCell::new(Inside { report: None, ports, echoes: true }));
    let application = inside.clone();
    let firmware: Firmware = Box::new(move |_| {
        device.poll(&mut [&mut first, &mut keyboard, &mut second]);
        for class in [&mut first, &mut second] {
            class.attend(&device);
        }
        let inside = &mut *application.borrow_mut();
        let report = inside.report.take();
        inside.report = report.filter(|report| keyboard.push_input(report).is_err());
        if inside.echoes {
            inside.ports.iter_mut().for_each(echo);
        }
        for class in [&mut first, &mut second] {
            class.attend(&device);
        }
    });
    Subject { host: Host::new(Board::new(wire, firmware)), inside }
}

fn build<B: UsbBus>(allocator: &'static UsbBusAllocator<B>) -> UsbDevice<'static, B> {
    let strings =
        StringDescriptors::new(LangID::EN_US).manufacturer("usbd-acm").product("Keyboard");
    UsbDeviceBuilder::new(allocator, UsbVidPid(0x1209, 0x0001))
        .strings(&[strings])
        .and_then(|builder| builder.max_packet_size_0(64))
        .expect("a legal device")
        .composite_with_iads()
        .supports_remote_wakeup(true)
        .build()
}

fn echo(port: &mut Port) {
    while let Ok(bytes) = port.reader.fill_buf() {
        match port.writer.write(bytes) {
            Ok(count) => port.reader.consume(count),
            Err(_) => break,
        }
    }
}

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}
