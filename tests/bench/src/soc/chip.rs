//! What a host sees of a chip: its USB port.

use usbd_acm::Speed;
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use super::{Soc, Violations};
use crate::cpu::Cycles;

/// Whom a token is for, and when.
#[derive(Clone, Copy)]
pub struct Transaction<'a> {
    /// Device address.
    pub address: u8,
    /// Endpoint number.
    pub endpoint: u8,
    /// When the device must know its answer.
    pub now: Cycles,
    /// When the handshake to this many bytes of data is over.
    pub end: &'a dyn Fn(usize) -> Cycles,
}

/// A chip with a USB device port.
///
/// The host calls as it calls a [`DevicePort`](usbd_acm_virtual::DevicePort), with the time of the chip.
pub trait Chip: Soc + Sized {
    /// What it is called in commands and figures.
    const NAME: &'static str;
    /// Folder of examples/ with firmware for a board with this chip, and its Cargo package.
    const EXAMPLES: &'static str;

    /// The chip as it comes from the factory, without a supply so far.
    fn new() -> Self;

    /// What firmware did against the manual.
    fn violations(&self) -> &Violations;

    /// Switches VBUS.
    fn set_vbus(&mut self, present: bool, now: Cycles);

    /// Whether it shows its pull-up.
    fn is_attached(&self) -> bool;

    /// The end of SE0 (USB 2.0 §7.1.7.5); the speed at which it comes up, `speed` at most.
    fn bus_reset(&mut self, speed: Speed, now: Cycles) -> Speed;

    /// SETUP and its DATA0 packet.
    fn setup(&mut self, at: Transaction<'_>, data: [u8; 8]) -> Handshake;

    /// IN; with `ack` false the host's ACK is lost.
    fn in_token(&mut self, at: Transaction<'_>, ack: bool) -> InResponse;

    /// OUT and its data packet.
    fn out_token(&mut self, at: Transaction<'_>, pid: Pid, data: &[u8]) -> Handshake;

    /// PING, which only high-speed devices know (USB 2.0 §8.5.1).
    fn ping(&mut self, _at: Transaction<'_>) -> Handshake {
        Handshake::NoResponse
    }

    /// A frame begins, or at high speed a microframe.
    fn sof(&mut self, frame: u16, now: Cycles);

    /// The bus went idle, or came back from it.
    fn set_suspended(&mut self, suspended: bool, now: Cycles);

    /// Whether it signals remote wake-up.
    fn signals_wakeup(&self) -> bool;

    /// Connects TXD to RXD and RTS to CTS, where the serial adapter of the examples has them.
    fn loop_back_uart(&mut self) {}
}
