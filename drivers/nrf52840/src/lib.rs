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
mod registers;
mod supply;
#[cfg(test)]
mod tests;

pub use registers::Usbd;
pub use supply::{OnChip, Supply, power_clock_interrupt};

use dma::Dma;
use power::Power;
use usbd_acm::EndpointSet;

/// The endpoints that bulk and interrupt transfers can use: 1 to 7 in each direction.
/// What `descriptors!` is to be given.
pub const ENDPOINTS: EndpointSet = EndpointSet::first(7);

/// What the controller keeps in RAM, to be placed in a `static`: the packets of `PORTS` serial ports
/// (1 to 3) on their way, and the one of EP0.
///
/// `DEPTH` packets (1 or 2) for each IN endpoint, and one slot for each OUT endpoint beside the buffer that
/// the hardware is filling. With 2, and 4 slots or more in the [`Storage`](usbd_acm::Storage), the next packet
/// is on its way to the endpoint's buffer before the stack is told of the one before.
// In this order, so that short instructions reach what is used most.
#[repr(C)]
pub struct State<const PORTS: usize = 1, const DEPTH: usize = 1> {
    power: Power,
    /// The address that the stack knows.
    address: u8,
    /// What endpoints did that the stack was not told, and those that are closed: [`Line::bit`] and
    /// [`Line::closed_bit`](line::Line::closed_bit).
    ///
    /// [`Line::bit`]: line::Line::bit
    done: u16,
    dma: Dma<PORTS, DEPTH>,
}

impl<const PORTS: usize, const DEPTH: usize> State<PORTS, DEPTH> {
    /// Of a controller that is detached.
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        const { assert!(PORTS >= 1 && PORTS <= 3, "a port takes 2 of 7 IN endpoints") };
        const { assert!(DEPTH == 1 || DEPTH == 2, "an IN endpoint holds 1 packet or 2") };
        Self { power: Power::OFF, address: 0, done: 0, dma: Dma::new() }
    }
}

/// The controller.
pub struct Nrf52840<S: Supply = OnChip, const PORTS: usize = 1, const DEPTH: usize = 1> {
    usbd: Usbd,
    state: &'static mut State<PORTS, DEPTH>,
    supply: S,
}

impl<S: Supply, const PORTS: usize, const DEPTH: usize> Nrf52840<S, PORTS, DEPTH> {
    /// The controller, detached. The state is taken for good, so that the hardware may work in it.
    pub const fn new(usbd: Usbd, supply: S, state: &'static mut State<PORTS, DEPTH>) -> Self {
        Self { usbd, state, supply }
    }

    /// What the rest of the chip does for USB.
    pub fn supply(&mut self) -> &mut S {
        &mut self.supply
    }
}
