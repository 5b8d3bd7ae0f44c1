//! The device half: everything between a controller and the ports.

use usbd_acm_class::{BusHalf, BusHalves};
use usbd_acm_descriptors::Descriptors;

use crate::bus_port::BusPort;
use crate::control::Stage;
use crate::{Controller, DtrPolicy, EndpointAddress, Event, Hooks, RxSlot, Speed};

/// Device state (USB 2.0 §9.1.1). Suspended is not one of them: it lies across them all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum State {
    /// Reset, or not yet; answers at address 0.
    Default,
    /// Has an address.
    Address,
    /// Configured: the ports work.
    Configured,
}

/// Whether the bus is suspended, in whatever device state (USB 2.0 §9.1.1.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Power {
    /// It is not.
    On,
    /// It is, and driver and board were told to save power.
    Gated,
    /// It is, and they were told to go on: the device has signalled remote wake-up.
    Waking,
}

/// The device half of the stack: EP0, Chapter 9, and the bus side of the ports.
///
/// It runs where the USB interrupt runs, or in the main loop: whoever owns it calls
/// [`poll`](Self::poll). Made together with its [`Port`](crate::Port)s by
/// [`Storage::split`](crate::Storage::split).
pub struct Device<C, H = (), const PORTS: usize = 1, const SLOTS: usize = 2, const SIZE: usize = 64>
{
    pub(crate) controller: C,
    pub(crate) hooks: H,
    pub(crate) descriptors: &'static Descriptors<PORTS>,
    pub(crate) ports: BusHalves<PORTS, SLOTS, SIZE>,
    pub(crate) stage: Stage,
    pub(crate) state: State,
    pub(crate) speed: Speed,
    pub(crate) power: Power,
    /// DEVICE_REMOTE_WAKEUP is set (USB 2.0 §9.4.9).
    pub(crate) remote_wakeup: bool,
    /// Halted endpoints, each its [`EndpointAddress::bit`].
    pub(crate) halted: u32,
}

impl<C: Controller, H: Hooks, const PORTS: usize, const SLOTS: usize, const SIZE: usize>
    Device<C, H, PORTS, SLOTS, SIZE>
{
    /// Attaches to the bus: the host will see the device as soon as VBUS is there. Does nothing where
    /// the device [lacks endpoints](Self::lacks_endpoints) or [high speed](Self::lacks_high_speed),
    /// which no host could use.
    pub fn connect(&mut self) {
        if self.lacks_endpoints() || self.lacks_high_speed() {
            return trace_lack();
        }
        self.controller.connect();
    }

    /// Whether the descriptors name an endpoint that the controller does not have, because they were
    /// made for another one. `endpoints: <Usb as Controller>::ENDPOINTS` in
    /// [`descriptors!`](crate::descriptors::descriptors) keeps the two together.
    pub fn lacks_endpoints(&self) -> bool {
        !C::ENDPOINTS.holds(self.descriptors.endpoints())
    }

    /// Whether the controller may come up at high speed, and the descriptors are for full speed only:
    /// `high_speed: <Usb as Controller>::HIGH_SPEED` in
    /// [`descriptors!`](crate::descriptors::descriptors) keeps the two together.
    pub fn lacks_high_speed(&self) -> bool {
        C::HIGH_SPEED && self.descriptors.device_qualifier().is_none()
    }

    /// Detaches from the bus; ends every session.
    pub fn disconnect(&mut self) {
        self.controller.disconnect();
        self.reset();
    }

    /// Device state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether the bus is suspended.
    pub fn is_suspended(&self) -> bool {
        self.power != Power::On
    }

    /// The controller, for what a driver offers beyond the contract.
    pub fn controller(&mut self) -> &mut C {
        &mut self.controller
    }

    /// The board's hooks.
    pub fn hooks(&mut self) -> &mut H {
        &mut self.hooks
    }

    /// Handles what happened on the bus, and moves packets. Call it from the USB interrupt, or from
    /// the main loop as often as possible. Bounded: it takes at most
    /// [`Controller::EVENTS_PER_POLL`] events and never waits. The interrupt stays pending while there
    /// are more.
    pub fn poll(&mut self) {
        for _ in 0..C::EVENTS_PER_POLL {
            match self.controller.poll() {
                None => break,
                Some(Event::Sent(address)) => {
                    if self.sent(address) {
                        self.pump();
                    }
                }
                Some(Event::Received(address, slot, length)) => {
                    self.received(address, (slot, length));
                }
                Some(event) => {
                    self.handle(&event);
                    // There is no slot in it to drop, which the compiler does not see.
                    core::mem::forget(event);
                }
            }
        }
        let mut work = self.ports.has_work();
        if H::FRAMES || H::PROBE.is_on() {
            work |= self.pass_time();
        }
        if work {
            self.pump();
        }
    }

    /// What is not a packet of a port; apart, so that those do not pay for it.
    #[inline(never)]
    fn handle(&mut self, event: &Event) {
        if C::HIGH_SPEED
            && let Event::Reset(speed) = event
        {
            self.speed = *speed;
        }
        match event {
            Event::Setup(setup) => self.setup(setup),
            Event::Ep0Sent => self.ep0_sent(),
            Event::Ep0Received => self.ep0_received(),
            Event::Ep0Status => self.ep0_status(),
            Event::Sent(_) | Event::Received(..) => {}
            Event::Reset(_) | Event::VbusLost => self.reset(),
            Event::Suspend => self.suspend(),
            Event::Resume => self.resume(),
        }
        self.pump();
    }

    /// The bus half of each port, in order.
    pub(crate) fn bus_ports(&mut self) -> impl Iterator<Item = BusPort<'_, SLOTS, SIZE>> {
        let halves = self.ports.iter_mut().zip(self.descriptors.ports());
        halves.map(|(half, endpoints)| BusPort { half, endpoints })
    }

    /// Returns whether a notification may be due.
    fn sent(&mut self, address: EndpointAddress) -> bool {
        let now = if H::PROBE.is_on() { self.now() } else { None };
        for (half, endpoints) in self.ports.iter_mut().zip(self.descriptors.ports()) {
            let mut port = BusPort { half, endpoints };
            if address == endpoints.data_in {
                port.data_sent::<C, H>(&mut self.controller, now);
                return false;
            }
            // The only port has no other IN endpoint.
            if PORTS == 1 || address == endpoints.notification {
                port.notification_sent();
                return true;
            }
        }
        false
    }

    fn received(&mut self, address: EndpointAddress, packet: (RxSlot, u16)) {
        for (half, endpoints) in self.ports.iter_mut().zip(self.descriptors.ports()) {
            // Its FIFO tells whether the slot is the only port's.
            if PORTS == 1 || address == endpoints.data_out {
                let mut port = BusPort { half, endpoints };
                return port.received::<C, H>(&mut self.controller, packet);
            }
        }
    }

    /// Hands packets and slots to the controller until it is full or nothing is due.
    #[inline(never)]
    pub(crate) fn pump(&mut self) {
        if self.is_suspended() {
            return self.wake_if_wanted();
        }
        if self.state != State::Configured {
            return;
        }
        let mut interface: u8 = 0;
        for (half, endpoints) in self.ports.iter_mut().zip(self.descriptors.ports()) {
            BusPort { half, endpoints }.pump::<C, H>(&mut self.controller, interface);
            interface = interface.wrapping_add(2);
        }
    }

    /// Back to the default state; every session ends.
    fn reset(&mut self) {
        self.resume();
        self.deconfigure();
        self.state = State::Default;
        self.stage = Stage::Idle;
        // USB 2.0 §9.4.5: reset disables remote wake-up.
        self.remote_wakeup = false;
    }

    /// Enters the configured state, or stays there: then only halts and toggles are reset, and
    /// nothing queued is lost (USB 2.0 §9.4.5).
    pub(crate) fn configure(&mut self) {
        if self.state == State::Configured {
            return (0..2 * PORTS).for_each(|interface| self.unhalt_interface(interface));
        }
        self.state = State::Configured;
        let milliamps = self.descriptors.max_power().milliamps();
        self.hooks.configured(milliamps);
        for (half, endpoints) in self.ports.iter_mut().zip(self.descriptors.ports()) {
            let mut port = BusPort { half, endpoints };
            port.open(&mut self.controller, self.speed, milliamps);
            if H::DTR != DtrPolicy::Require {
                port.set_session::<H>(true);
            }
        }
    }

    /// Leaves the configured state for the address state.
    pub(crate) fn deconfigure(&mut self) {
        if self.state != State::Configured {
            return;
        }
        self.state = State::Address;
        self.halted = 0;
        self.controller.close_all();
        self.bus_ports().for_each(|mut port| port.close::<H>());
        self.hooks.deconfigured();
    }

    fn suspend(&mut self) {
        if !self.is_suspended() {
            self.bus_ports().for_each(|mut port| port.set_suspended(true));
        }
        if self.power != Power::Gated {
            self.power = Power::Gated;
            self.controller.suspend();
            self.hooks.suspended();
        }
    }

    fn resume(&mut self) {
        self.ungate();
        if self.is_suspended() {
            self.power = Power::On;
            self.bus_ports().for_each(|mut port| port.set_suspended(false));
        }
    }

    fn ungate(&mut self) {
        if self.power == Power::Gated {
            self.power = Power::Waking;
            self.hooks.resumed();
            self.controller.resume();
        }
    }

    /// Signals remote wake-up where it is wanted and allowed. The bus stays suspended until the
    /// host takes over (USB 2.0 §7.1.7.7); until then, or until the driver tells of another suspend,
    /// the signal is not repeated, for K lasts 15 ms at most.
    fn wake_if_wanted(&mut self) {
        // Without early exit, as `has_work`.
        let wants = |wanted, half: BusHalf<'_, SLOTS, SIZE>| {
            wanted | half.link().wants_wakeup(H::WAKE_ON_WRITE)
        };
        let is_wanted = self.ports.iter_mut().fold(false, wants);
        if is_wanted && self.remote_wakeup && self.power == Power::Gated {
            self.ungate();
            self.hooks.wakeup_requested();
            self.controller.remote_wakeup();
        }
    }

    /// Ends a halt; the toggle goes to DATA0 in any case (I10).
    pub(crate) fn unhalt(&mut self, address: EndpointAddress) {
        self.halted &= !address.bit();
        self.controller.unhalt(address);
    }
}

/// Without a logging feature there is nothing to do.
fn trace_lack() {
    #[cfg(feature = "defmt")]
    defmt::error!("not attached: the descriptors are for other endpoints, or lack high speed");
    #[cfg(feature = "log")]
    log::error!("not attached: the descriptors are for other endpoints, or lack high speed");
}
