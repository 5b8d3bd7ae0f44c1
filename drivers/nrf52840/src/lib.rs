#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

// `inline(never)` stands where it was measured to save flash at opt-level z.
mod bus;
mod control;
mod controller;
mod dma;
mod errata;
mod line;
mod packets;
mod power;
mod queue;
mod registers;
mod supply;
#[cfg(test)]
mod tests;

pub use registers::Usbd;
pub use supply::{OnChip, Supply, power_clock_interrupt};

use control::Control;
use dma::Dma;
use power::Power;
use usbd_acm::EndpointSet;

/// The endpoints that bulk and interrupt transfers can use: 1 to 7 in each direction.
/// What `descriptors!` is to be given.
pub const ENDPOINTS: EndpointSet = EndpointSet::first(7);

/// What the controller keeps in RAM, to be placed in a `static`: the packets of `PORTS` serial ports
/// (1 to 3) on their way, and the one of EP0.
///
/// Two packets for each IN endpoint, and two slots for each OUT endpoint beside the one that the
/// hardware is filling.
pub struct State<const PORTS: usize = 1> {
    dma: Dma<PORTS>,
    control: Control,
    /// Endpoints that the host has acknowledged a packet of, or sent one to, by their bits in
    /// EPDATASTATUS. An OUT bit stays while the packet is in the endpoint's buffer.
    done: u32,
    /// OUT endpoints that let no packet in until there is a slot, by the same bits.
    closed: u32,
    power: Power,
}

impl<const PORTS: usize> State<PORTS> {
    /// Of a controller that is detached.
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        const { assert!(PORTS >= 1 && PORTS <= 3, "a port takes 2 of 7 IN endpoints") };
        Self { dma: Dma::new(), control: Control::NEW, done: 0, closed: 0, power: Power::OFF }
    }
}

/// The controller.
pub struct Nrf52840<S: Supply = OnChip, const PORTS: usize = 1> {
    usbd: Usbd,
    state: &'static mut State<PORTS>,
    supply: S,
}

impl<S: Supply, const PORTS: usize> Nrf52840<S, PORTS> {
    /// The controller, detached. The state is taken for good, so that the hardware may work in it.
    pub const fn new(usbd: Usbd, supply: S, state: &'static mut State<PORTS>) -> Self {
        Self { usbd, state, supply }
    }

    /// What the rest of the chip does for USB.
    pub fn supply(&mut self) -> &mut S {
        &mut self.supply
    }
}
