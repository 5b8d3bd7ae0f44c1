//! The class as it is built into a device.

use core::cell::Cell;

use embassy_usb::driver::Driver;
use embassy_usb::types::{InterfaceNumber, StringIndex};
use embassy_usb::{Builder, FunctionBuilder};
use usbd_acm::class::PortStorage;
use usbd_acm::descriptors::{ACM_CAPABILITIES, NOTIFICATION_INTERVAL_MS, NOTIFICATION_PACKET_SIZE};
use usbd_acm::{PortControl, Reader};

use crate::bus::Bus;
use crate::handler::AcmHandler;
use crate::runner::{FromHost, Notifications, ToHost};
use crate::shared::Shared;
use crate::{Config, Runner, Wakeup, Writer};

/// Communication interface class, abstract control model (CDC 1.2 §4.2, §4.3).
const COMMUNICATION: [u8; 2] = [0x02, 0x02];
/// Data interface class (CDC 1.2 §4.5).
const DATA: u8 = 0x0A;
/// CS_INTERFACE: descriptor type of a functional descriptor (CDC 1.2 table 12).
const CS_INTERFACE: u8 = 0x24;

/// Everything that the halves of a port share, to be placed in a `static` (`StaticCell` gives the
/// reference).
///
/// `SLOTS` packets each way (2, 4, 8, 16, 32 or 64); `SIZE` is wMaxPacketSize of the data endpoints,
/// in bytes: 64 at full speed (8, 16 and 32 are legal, too), 512 at high speed.
pub struct Storage<const SLOTS: usize = 2, const SIZE: usize = 64> {
    ports: [PortStorage<SLOTS, SIZE>; 1],
    shared: Shared,
    // A cell has no niche: `None` is zero, and the storage takes no flash.
    bus: Option<Cell<Bus<SLOTS, SIZE>>>,
    handler: Option<Cell<AcmHandler<SLOTS, SIZE>>>,
}

impl<const SLOTS: usize, const SIZE: usize> Storage<SLOTS, SIZE> {
    /// Storage of a port that is not there yet.
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self { ports: [PortStorage::new()], shared: Shared::new(), bus: None, handler: None }
    }
}

/// The application half of a serial port: reader, writer and control, each usable on its own and
/// from a task of its own, on any executor.
pub struct Port<const SLOTS: usize = 2, const SIZE: usize = 64> {
    /// Bytes from the host.
    pub reader: Reader<SLOTS, SIZE>,
    /// Bytes to the host.
    pub writer: Writer<SLOTS, SIZE>,
    /// Line coding, control lines, break, serial state, events.
    pub control: PortControl,
}

/// One CDC-ACM function of an embassy-usb device. Take it apart: the runner is to be run, the port
/// is for the application.
pub struct AcmClass<'d, D: Driver<'d>, const SLOTS: usize = 2, const SIZE: usize = 64> {
    /// Moves the packets.
    pub runner: Runner<'d, D, SLOTS, SIZE>,
    /// The application half.
    pub port: Port<SLOTS, SIZE>,
    /// For the task that owns the device, where remote wake-up is wanted.
    pub wakeup: Wakeup,
}

impl<'d, D: Driver<'d>, const SLOTS: usize, const SIZE: usize> AcmClass<'d, D, SLOTS, SIZE> {
    /// Adds a serial port to the device that `builder` builds: two interfaces, three endpoints and
    /// one handler.
    ///
    /// # Panics
    /// As the methods of [`Builder`]: when the driver has no endpoint left, or when there are more
    /// interfaces or handlers than the features `max-interface-count-*` and `max-handler-count-*` of
    /// embassy-usb say. Also when the control buffer is too short for SET_LINE_CODING, 7 bytes.
    pub fn new(
        builder: &mut Builder<'d, D>,
        storage: &'static mut Storage<SLOTS, SIZE>,
        config: Config,
    ) -> Self {
        assert!(builder.control_buf_len() >= 7, "the control buffer is shorter than 7 bytes");
        let Storage { ports, shared, bus, handler } = storage;
        let shared: &'static Shared = shared;
        let (halves, [half]) = PortStorage::split(ports);
        let function = function::<D, SIZE>(builder, config.name);

        let bus: &'static Bus<SLOTS, SIZE> =
            bus.insert(Cell::new(Bus::new(halves, shared, config, function.interface))).get_mut();
        let name = function.name.zip(config.name);
        let interface = function.interface;
        let handler = handler.insert(Cell::new(AcmHandler { bus, interface, name, reply: [0; 7] }));
        builder.handler(handler.get_mut());

        let link = bus.link;
        let usbd_acm::Port { reader, writer, control } = usbd_acm::Port::from_half(half);
        Self {
            runner: Runner {
                bus,
                to_host: ToHost::new(function.data_in),
                from_host: FromHost::new(function.data_out),
                notifications: Notifications::new(function.notification),
            },
            port: Port { reader, writer: Writer::new(writer, link, shared, config.flush), control },
            wakeup: Wakeup::new(link, shared, config.wake_on_write),
        }
    }
}

/// What the descriptors of the function named.
struct Function<'d, D: Driver<'d>> {
    interface: u8,
    name: Option<StringIndex>,
    notification: D::EndpointIn,
    data_out: D::EndpointOut,
    data_in: D::EndpointIn,
}

/// Writes the descriptors, in the order of those of `usbd-acm`'s own device.
fn function<'d, D: Driver<'d>, const SIZE: usize>(
    builder: &mut Builder<'d, D>,
    name: Option<&str>,
) -> Function<'d, D> {
    let name = name.map(|_| builder.string());
    let [class, subclass] = COMMUNICATION;
    let mut function = builder.function(class, subclass, 0);
    let (interface, notification) = communication::<D, SIZE>(&mut function, name);
    let mut data = function.interface();
    let mut data = data.alt_setting(DATA, 0, 0, None);
    let packet_size = u16::try_from(SIZE).unwrap_or(u16::MAX);
    let data_out = data.endpoint_bulk_out(None, packet_size);
    let data_in = data.endpoint_bulk_in(None, packet_size);
    Function { interface, name, notification, data_out, data_in }
}

/// The communication interface, and its endpoint.
fn communication<'d, D: Driver<'d>, const SIZE: usize>(
    function: &mut FunctionBuilder<'_, 'd, D>,
    name: Option<StringIndex>,
) -> (u8, D::EndpointIn) {
    let [class, subclass] = COMMUNICATION;
    let mut interface = function.interface();
    let InterfaceNumber(number) = interface.interface_number();
    let data = number.wrapping_add(1);
    let mut alternate = interface.alt_setting(class, subclass, 0, name);
    // Header, CDC 1.10; call management: the device handles no calls; ACM; union (CDC 1.2 §5.2.3,
    // PSTN 1.2 §5.3).
    alternate.descriptor(CS_INTERFACE, &[0x00, 0x10, 0x01]);
    alternate.descriptor(CS_INTERFACE, &[0x01, 0x00, data]);
    alternate.descriptor(CS_INTERFACE, &[0x02, ACM_CAPABILITIES.to_byte()]);
    alternate.descriptor(CS_INTERFACE, &[0x06, number, data]);
    let interval = notification_interval(SIZE);
    (number, alternate.endpoint_interrupt_in(None, NOTIFICATION_PACKET_SIZE, interval))
}

/// bInterval: embassy-usb puts into the descriptor what it is given, and at high speed it is an
/// exponent of microframes (USB 2.0 table 9-13).
const fn notification_interval(packet_size: usize) -> u8 {
    if packet_size <= 64 {
        return NOTIFICATION_INTERVAL_MS;
    }
    let [exponent, ..] = (NOTIFICATION_INTERVAL_MS as u16 * 8).ilog2().to_le_bytes();
    exponent + 1
}

/// The halves may go to other tasks and executors.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Port>();
    is_send::<Wakeup>();
    is_send::<Storage>();
};
