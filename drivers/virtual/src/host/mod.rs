//! A simulated USB host for any [`DevicePort`].
//!
//! The host knows the wire and nothing behind it: the virtual controller, or a register-level model
//! of a chip, or anything else that answers tokens. Time is simulated: every transaction costs what
//! it costs on a real bus, the device [runs](DevicePort::run) that long after each of them, and
//! nothing depends on the clock of the machine.
//!
//! - [`Host`] plugs, resets, suspends, and makes [control](Host::control_in) and
//!   [bulk](Host::exchange) transfers.
//! - [`linux`], [`windows`] and [`macos`] enumerate in the order of those systems.
//! - [`AcmPort`] is the driver of one serial port: open, write, read, line coding, notifications.
//! - [`FaultPlan`] says what goes wrong on the wire.
//! - [`Observer`] is told everything that crosses it.

mod acm;
mod bus;
mod clock;
mod control;
mod conversation;
mod enumeration;
mod fault;
mod known_device;
pub mod linux;
pub mod macos;
mod observer;
mod periodic;
mod random;
pub mod request;
mod serial_state;
mod statistics;
mod transaction;
mod transfer;
pub mod windows;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;

use usbd_acm::{EndpointAddress, SetupPacket, Speed, TransferType};

pub use self::acm::AcmPort;
pub use self::control::Conduct;
pub use self::conversation::OnControl;
pub use self::enumeration::EnumerationError;
pub use self::fault::{Fault, FaultPlan, Noise, PacketKind, Rule};
pub use self::known_device::{AcmFunction, KnownDevice};
pub use self::observer::{Content, ControlRecord, Fate, LineEvent, Observer, Packet, Side, Token};
pub use self::random::SplitMix64;
pub use self::serial_state::{SerialCounters, SerialState};
pub use self::statistics::Statistics;
pub use self::transfer::Transfer;
use crate::{DevicePort, Nanoseconds};
use bus::{Bus, Toggle};

/// Why a transfer did not complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum TransferError {
    /// The device answered STALL.
    Stall,
    /// The device answered NAK until the time was over.
    Timeout,
    /// Nobody answered three times in a row.
    NoResponse,
    /// A data packet came with the wrong data PID.
    ToggleError,
    /// More data than wMaxPacketSize or than was asked for.
    Babble,
    /// The device answered SETUP with NAK or STALL (USB 2.0 §8.4.6.4 forbids it).
    SetupRefused,
    /// A bus reset came in between.
    BusReset,
    /// The device is not attached, or was not reset since.
    Detached,
    /// The bus is suspended.
    Suspended,
    /// The interrupt endpoint is not polled.
    NotPolled,
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TransferError::Stall => "STALL",
            TransferError::Timeout => "NAK until the time was over",
            TransferError::NoResponse => "no response, three times",
            TransferError::ToggleError => "wrong data toggle",
            TransferError::Babble => "more data than expected",
            TransferError::SetupRefused => "SETUP was not acknowledged",
            TransferError::BusReset => "bus reset",
            TransferError::Detached => "no device attached",
            TransferError::Suspended => "the bus is suspended",
            TransferError::NotPolled => "the endpoint is not polled",
        })
    }
}

impl core::error::Error for TransferError {}

/// What a host is like. Times are in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// The speed of the root port: with [`Speed::High`] the device decides.
    pub speed: Speed,
    /// From attachment to the first reset (USB 2.0 §7.1.7.3): 100 ms.
    pub debounce: Nanoseconds,
    /// Length of a bus reset (USB 2.0 §7.1.7.5): 10 ms.
    pub reset: Nanoseconds,
    /// Rest after a reset and after SET_ADDRESS: 10 ms.
    pub recovery: Nanoseconds,
    /// Idle time before a SETUP: 10 µs.
    pub setup_gap: Nanoseconds,
    /// Idle time after a control transfer: 100 µs.
    pub control_gap: Nanoseconds,
    /// Rest of an endpoint after a NAK: 10 µs. A control endpoint that NAKs on is asked less and
    /// less, down to once a millisecond.
    pub nak_retry: Nanoseconds,
    /// Limit of a control transfer (USB 2.0 §9.2.6.1): 5 s.
    pub control_timeout: Nanoseconds,
    /// Limit of [`Host::read`] and [`Host::write`]: 5 s.
    pub transfer_timeout: Nanoseconds,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            speed: Speed::High,
            debounce: 100_000_000,
            reset: 10_000_000,
            recovery: 10_000_000,
            setup_gap: 10_000,
            control_gap: 100_000,
            nak_retry: 10_000,
            control_timeout: 5_000_000_000,
            transfer_timeout: 5_000_000_000,
        }
    }
}

/// One endpoint, as the host knows it from its descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pipe {
    /// bEndpointAddress.
    pub address: EndpointAddress,
    /// Bulk or interrupt.
    pub transfer_type: TransferType,
    /// wMaxPacketSize, in bytes.
    pub max_packet_size: u16,
    /// bInterval.
    pub interval: u8,
}

/// A host with one root port.
pub struct Host<P> {
    bus: Bus<P>,
    /// Endpoints and the interfaces they belong to, from the last configuration descriptor.
    interfaces: Vec<(u8, Pipe)>,
}

impl<P: DevicePort> Host<P> {
    /// A host whose root port leads to `port`, without VBUS yet.
    pub fn new(port: P) -> Self {
        Self::with_config(port, Config::default())
    }

    /// The same with other times, or for full speed only.
    pub fn with_config(port: P, config: Config) -> Self {
        Self { bus: Bus::new(port, config), interfaces: Vec::new() }
    }

    /// Simulated time since the host was made.
    pub fn now(&self) -> Nanoseconds {
        self.bus.clock.now
    }

    /// Speed of the bus since the last reset.
    pub fn speed(&self) -> Speed {
        self.bus.clock.speed
    }

    /// Address that the host gave to the device, 0 before.
    pub fn address(&self) -> u8 {
        self.bus.address
    }

    /// The device's end.
    pub fn port(&self) -> &P {
        &self.bus.port
    }

    /// The device's end. What is done there, the host does not know of.
    pub fn port_mut(&mut self) -> &mut P {
        &mut self.bus.port
    }

    /// What will go wrong.
    pub fn faults(&mut self) -> &mut FaultPlan {
        &mut self.bus.faults
    }

    /// Lets `observer` listen from now on; the handle is for looking into it.
    pub fn observe<O: Observer + 'static>(&mut self, observer: O) -> Rc<RefCell<O>> {
        let observer = Rc::new(RefCell::new(observer));
        self.bus.observe(Box::new(observer.clone()));
        observer
    }

    /// Lets time pass. The bus sends SOF and polls interrupt endpoints.
    pub fn run(&mut self, duration: Nanoseconds) {
        self.bus.idle(duration);
    }
}

/// The root port.
impl<P: DevicePort> Host<P> {
    /// VBUS on, and time for the device to attach.
    ///
    /// # Errors
    /// [`TransferError::Detached`] when it shows no pull-up until the debounce time is over.
    pub fn plug(&mut self) -> Result<(), TransferError> {
        self.bus.set_vbus(true);
        self.bus.idle(self.bus.config.debounce);
        if self.bus.port.attached() { Ok(()) } else { Err(TransferError::Detached) }
    }

    /// VBUS off.
    pub fn unplug(&mut self) {
        self.bus.set_vbus(false);
        self.bus.idle(1_000_000);
    }

    /// Resets the bus; the device is at address 0 after it. Returns the speed.
    ///
    /// # Errors
    /// [`TransferError::Detached`] without a device.
    pub fn reset(&mut self) -> Result<Speed, TransferError> {
        let speed = self.bus.reset()?;
        self.bus.idle(self.bus.config.recovery);
        Ok(speed)
    }

    /// Stops sending SOF, and waits the 3 ms until the device is suspended.
    pub fn suspend(&mut self) {
        self.bus.suspend();
    }

    /// Signals resume, and gives the device 10 ms (USB 2.0 §7.1.7.7).
    pub fn resume(&mut self) {
        self.bus.resume();
    }

    /// Waits on the suspended bus until the device signals remote wake-up, and resumes then.
    ///
    /// # Errors
    /// [`TransferError::Timeout`] when it does not for this long; the bus stays suspended.
    pub fn await_remote_wakeup(&mut self, limit: Nanoseconds) -> Result<(), TransferError> {
        let end = self.now() + limit;
        while !self.bus.port.wakeup_signalled() {
            if self.now() >= end {
                return Err(TransferError::Timeout);
            }
            self.bus.idle(1_000_000);
        }
        self.bus.tell(LineEvent::RemoteWakeup);
        self.bus.resume();
        Ok(())
    }
}

/// What a completed request changes on the host's side.
impl<P: DevicePort> Host<P> {
    fn apply(&mut self, setup: SetupPacket, data: &[u8]) {
        match (setup.request_type, setup.request) {
            (request::STANDARD_OUT_DEVICE, request::SET_ADDRESS) => {
                self.bus.address = u8::try_from(setup.value & 0x7F).unwrap_or(0);
                self.bus.idle(self.bus.config.recovery);
            }
            (request::STANDARD_OUT_DEVICE, request::SET_CONFIGURATION) => {
                self.bus.forget_endpoints();
            }
            (request::STANDARD_OUT_INTERFACE, request::SET_INTERFACE) => {
                self.forget_toggles_of(setup.index);
            }
            (request::STANDARD_OUT_ENDPOINT, request::CLEAR_FEATURE) if setup.value == 0 => {
                self.forget_toggle_at(setup.index);
            }
            (request::STANDARD_IN_DEVICE, request::GET_DESCRIPTOR) => self.learn(setup, data),
            _ => {}
        }
    }

    fn learn(&mut self, setup: SetupPacket, data: &[u8]) {
        match (setup.value >> 8, data) {
            (request::DEVICE, &[_, _, _, _, _, _, _, size @ (8 | 16 | 32 | 64), ..]) => {
                self.bus.ep0_packet_size = size;
            }
            (request::CONFIGURATION, _) => self.interfaces = known_device::pipes(data),
            _ => {}
        }
    }

    fn forget_toggles_of(&mut self, interface: u16) {
        for (number, pipe) in &self.interfaces {
            if u16::from(*number) == interface {
                *self.bus.toggles.of(pipe.address) = Toggle::default();
            }
        }
    }

    fn forget_toggle_at(&mut self, index: u16) {
        let address = u8::try_from(index).ok().and_then(EndpointAddress::from_byte);
        if let Some(address) = address {
            *self.bus.toggles.of(address) = Toggle::default();
        }
    }
}
