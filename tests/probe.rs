//! A controller and hooks that write down in which order they are called, and a doorbell that counts.
//!
//! The doorbell of a controller is a bare function, so the record belongs to the thread of the test.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use usbd_acm::{
    Controller, DtrPolicy, Endpoint, EndpointAddress, EndpointSet, Event, Hooks, RxSlot, TestMode,
    TxPacket,
};

/// The doorbell of this thread.
pub mod bell {
    use std::cell::Cell;

    thread_local! {
        static RINGING: Cell<bool> = const { Cell::new(false) };
        static RINGS: Cell<u64> = const { Cell::new(0) };
    }

    /// Rings.
    pub fn ring() {
        RINGING.set(true);
        RINGS.set(rings() + 1);
    }

    /// Whether it rang since it was last taken.
    pub fn is_ringing() -> bool {
        RINGING.get()
    }

    /// The same, and it rings no more.
    pub fn take() -> bool {
        RINGING.replace(false)
    }

    /// How often it has rung.
    pub fn rings() -> u64 {
        RINGS.get()
    }
}

/// A call of controller or hooks that has to do with power.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PowerCall {
    /// [`Controller::suspend`].
    Gate,
    /// [`Controller::resume`].
    Ungate,
    /// [`Controller::remote_wakeup`].
    RemoteWakeup,
    /// [`Hooks::suspended`].
    Suspended,
    /// [`Hooks::resumed`].
    Resumed,
    /// [`Hooks::wakeup_requested`].
    WakeupRequested,
    /// [`Hooks::configured`].
    Configured(u16),
    /// [`Hooks::deconfigured`].
    Deconfigured,
}

thread_local! {
    static CALLS: RefCell<Vec<PowerCall>> = const { RefCell::new(Vec::new()) };
    static SUSPEND_AGAIN: Cell<bool> = const { Cell::new(false) };
}

fn note(call: PowerCall) {
    CALLS.with_borrow_mut(|calls| calls.push(call));
}

/// Lets the controller tell once more that the bus is suspended, as one does that went back to sleep
/// after a remote wake-up which the host ignored.
pub fn tell_suspend_again() {
    SUSPEND_AGAIN.set(true);
}

/// The calls since this was last asked, in order.
pub fn power_calls() -> Vec<PowerCall> {
    CALLS.take()
}

/// Where the doorbell of a [`Probe`] is heard.
pub trait Bell {
    /// It rang.
    fn ring();
}

/// Heard by this thread, as [`bell`].
pub struct ThisThread;

impl Bell for ThisThread {
    fn ring() {
        bell::ring();
    }
}

/// A controller that notes what has to do with power, and rings a bell.
pub struct Probe<C, B = ThisThread> {
    controller: C,
    bell: PhantomData<B>,
}

impl<C, B> Probe<C, B> {
    /// Between the stack and `controller`.
    pub fn new(controller: C) -> Self {
        Self { controller, bell: PhantomData }
    }
}

impl<C: Controller, B: Bell> Controller for Probe<C, B> {
    const ENDPOINTS: EndpointSet = C::ENDPOINTS;
    const HIGH_SPEED: bool = C::HIGH_SPEED;
    const TEST_MODES: bool = C::TEST_MODES;
    const EP0_PACKET_SIZE: u8 = C::EP0_PACKET_SIZE;
    const DOORBELL: fn() = B::ring;

    fn connect(&mut self) {
        self.controller.connect();
    }

    fn disconnect(&mut self) {
        self.controller.disconnect();
    }

    fn poll(&mut self) -> Option<Event> {
        match SUSPEND_AGAIN.take() {
            true => Some(Event::Suspend),
            false => self.controller.poll(),
        }
    }

    fn test_mode(&mut self, mode: TestMode) {
        self.controller.test_mode(mode);
    }

    fn ep0_send(&mut self, packet: &[u8]) {
        self.controller.ep0_send(packet);
    }

    fn ep0_receive(&mut self) {
        self.controller.ep0_receive();
    }

    fn ep0_read(&mut self, buffer: &mut [u8]) -> usize {
        self.controller.ep0_read(buffer)
    }

    fn ep0_status_in(&mut self, address: Option<u8>) {
        self.controller.ep0_status_in(address);
    }

    fn ep0_status_out(&mut self) {
        self.controller.ep0_status_out();
    }

    fn ep0_stall(&mut self) {
        self.controller.ep0_stall();
    }

    fn open(&mut self, endpoint: Endpoint) {
        self.controller.open(endpoint);
    }

    fn close_all(&mut self) {
        self.controller.close_all();
    }

    fn send(&mut self, address: EndpointAddress, packet: TxPacket) -> Result<(), TxPacket> {
        self.controller.send(address, packet)
    }

    fn receive(&mut self, address: EndpointAddress, slot: RxSlot) -> Result<(), RxSlot> {
        self.controller.receive(address, slot)
    }

    fn abort(&mut self, address: EndpointAddress) {
        self.controller.abort(address);
    }

    fn halt(&mut self, address: EndpointAddress) {
        self.controller.halt(address);
    }

    fn unhalt(&mut self, address: EndpointAddress) {
        self.controller.unhalt(address);
    }

    fn frame(&self) -> Option<u16> {
        self.controller.frame()
    }

    fn watch_frames(&mut self, watch: bool) {
        self.controller.watch_frames(watch);
    }

    fn suspend(&mut self) {
        note(PowerCall::Gate);
        self.controller.suspend();
    }

    fn resume(&mut self) {
        note(PowerCall::Ungate);
        self.controller.resume();
    }

    fn remote_wakeup(&mut self) {
        note(PowerCall::RemoteWakeup);
        self.controller.remote_wakeup();
    }
}

/// DTR means nothing.
pub const IGNORE: u8 = 0;
/// DTR ends sessions, and data begins them, too.
pub const PREFER: u8 = 1;
/// Sessions need DTR.
pub const REQUIRE: u8 = 2;

/// Hooks of any policy that note their calls.
#[derive(Default)]
pub struct Recorder<const DTR: u8 = PREFER, const WAKE_ON_WRITE: bool = true>;

impl<const DTR: u8, const WAKE_ON_WRITE: bool> Hooks for Recorder<DTR, WAKE_ON_WRITE> {
    const DTR: DtrPolicy = policy(DTR);
    const WAKE_ON_WRITE: bool = WAKE_ON_WRITE;

    fn configured(&mut self, milliamps: u16) {
        note(PowerCall::Configured(milliamps));
    }

    fn deconfigured(&mut self) {
        note(PowerCall::Deconfigured);
    }

    fn suspended(&mut self) {
        note(PowerCall::Suspended);
    }

    fn resumed(&mut self) {
        note(PowerCall::Resumed);
    }

    fn wakeup_requested(&mut self) {
        note(PowerCall::WakeupRequested);
    }
}

/// The policy of [`IGNORE`], [`PREFER`] or [`REQUIRE`].
pub const fn policy(dtr: u8) -> DtrPolicy {
    match dtr {
        IGNORE => DtrPolicy::Ignore,
        PREFER => DtrPolicy::Prefer,
        _ => DtrPolicy::Require,
    }
}
