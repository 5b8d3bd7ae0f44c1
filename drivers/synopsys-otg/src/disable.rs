//! How an endpoint is disabled, and how long the hardware is waited for.

use crate::endpoint::{Line, ctl, int};
use crate::packets::packets_left;
use crate::power::{TXFFLSH, TXFNUM};
use crate::registers::{DCTL, GINTSTS, Register, pend};
use crate::{Core, SynopsysOtg};

/// GINTSTS: global OUT NAK is in effect.
const GONAKEFF: u32 = 1 << 7;
/// DCTL: sets global OUT NAK.
const SGONAK: u32 = 1 << 9;
/// DCTL: clears global OUT NAK.
const CGONAK: u32 = 1 << 10;
/// Reads of a register in a wait for the hardware, which takes two frames at most as far as is known. A read and the
/// loop take 5 cycles of the AHB at least, and so all of them 2.5 ms up to 200 MHz.
const WAIT: u32 = 100_000;

/// Turns of a wait for global OUT NAK, which chips take 1.2 ms for. One takes 10 cycles of the AHB at least, and so all
/// of them 1.5 ms up to 200 MHz; as compiled it is 30, and 5 ms at 168 MHz.
const TURNS: u32 = 30_000;

impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    /// Takes back what is armed on an endpoint, which answers NAK from then on, and empties the FIFO of an IN
    /// endpoint (RM0090 §34.17.5, "disabling an OUT endpoint", and §34.17.6, "IN endpoint disable"). Returns how many
    /// packets to the host were not acknowledged; `None` when nothing was armed, or there is one at most.
    pub(crate) fn disable(&mut self, line: Line) -> Option<u8> {
        let control = self.usb.read(line.control());
        if control & ctl::EPENA == 0 {
            return None;
        }
        let control = control & !ctl::ACTIONS | ctl::SNAK;
        if line.is_out() {
            self.stop_out();
        } else {
            self.usb.write(line.control(), control);
            self.wait(line.interrupts(), int::INEPNE, int::INEPNE);
        }
        if self.is_enabled(line) {
            self.usb.write(line.control(), control | ctl::ACTIONS);
            self.wait(line.interrupts(), int::EPDISD, int::EPDISD);
        }
        self.usb.write(line.interrupts(), int::EPDISD | int::INEPNE);
        if line.is_out() {
            self.usb.modify(DCTL, 0, CGONAK);
            // Of what was taken out no interrupt line tells.
            pend::<C>();
            return None;
        }
        let left = (DEPTH > 2).then(|| packets_left(&self.usb, line));
        self.command(TXFFLSH | line.number() << TXFNUM);
        left
    }

    /// Lets nothing in from the host, and takes what came to its slots.
    fn stop_out(&mut self) {
        self.usb.modify(DCTL, 0, SGONAK);
        for _ in 0..TURNS {
            if self.usb.read(GINTSTS) & GONAKEFF != 0 {
                return;
            }
            // It comes into effect when its entry of the receive FIFO is taken out.
            // What the host sends on EP0 meanwhile is of a transfer that is over.
            if self.make_way() {
                self.take_unread();
            }
        }
    }

    pub(crate) fn is_enabled(&self, line: Line) -> bool {
        self.usb.read(line.control()) & ctl::EPENA != 0
    }

    /// Reads until these bits have this value, and [`WAIT`] times at most.
    #[inline(never)]
    pub(crate) fn wait(&self, register: Register, bits: u32, value: u32) {
        for _ in 0..WAIT {
            if self.usb.read(register) & bits == value {
                break;
            }
        }
    }
}
