//! How the words of the packet RAM are shared out, at compile time.
//!
//! | FIFO | words | from |
//! |---|---|---|
//! | receive, shared by all OUT endpoints | 13 for SETUP packets, 1 for global OUT NAK, 2 for each OUT endpoint with EP0, and for each packet it holds its words and 1 | RM0433 §57.11.3 |
//! | transmit of EP0 and of notifications | 16, the least there is | RM0090 §34.11.3 |
//! | transmit of data | a packet at least, and an equal share of what is left | – |
//!
//! A transfer is never more than its FIFO holds. The core could be given longer ones, and interrupt when the FIFO
//! is empty (TXFE) to have it refilled. That would be an interrupt for each filling, which is what a longer transfer
//! saves, and nothing on the wire, which is full as it is. Nor would it save words: the core wants a FIFO to hold a
//! packet (RM0090 §34.11.3), and it is the endpoints of a core that run out first, not its words.

use crate::{Core, Phy};

/// Words of SETUP packets: 5 for the one control endpoint, and 8.
const SETUP: u16 = 13;
/// A word for the status of global OUT NAK.
const GLOBAL_NAK: u16 = 1;
/// Words of status for each OUT endpoint: that a transfer, or a SETUP stage, is over.
const STATUS: u16 = 2;
/// The smallest transmit FIFO.
const SMALLEST: u16 = 16;

/// Where each FIFO lies in the packet RAM of a core, in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FifoPlan {
    receive: u16,
    data: u16,
}

impl FifoPlan {
    /// The plan for `ports` serial ports with `packets` packets on their way in each direction.
    ///
    /// # Panics
    /// When the RAM of the core does not hold it, or the core has not that many endpoints: at compile
    /// time where the controller makes it.
    pub const fn new<C: Core>(ports: u16, packets: u16) -> Self {
        assert!(ports >= 1, "a device needs at least one port");
        assert!(
            2 * ports <= C::ENDPOINT_NUMBERS as u16,
            "the core has too few endpoints: a port takes two IN endpoints beside EP0"
        );
        let packet_words = match C::PHY {
            Phy::FullSpeed => 64 / 4,
            Phy::Ulpi => 512 / 4,
        };
        // One more than a port has slots for, so that the packets of another one do not keep it out.
        let receive =
            SETUP + GLOBAL_NAK + STATUS * (ports + 1) + (packets + 1) * (packet_words + 1);
        let fixed = receive + SMALLEST * (ports + 1);
        assert!(
            fixed + ports * packet_words <= C::FIFO_WORDS,
            "the FIFOs do not fit into the RAM of the core: fewer ports, or fewer packets"
        );
        Self { receive, data: (C::FIFO_WORDS - fixed) / ports }
    }

    /// Words of the receive FIFO, which begins at 0.
    pub const fn receive(self) -> u16 {
        self.receive
    }

    /// Start and depth of the transmit FIFO of an IN endpoint, in words. Odd numbers are those of
    /// data, and even ones those of notifications, as `descriptors!` takes them. They lie one behind the
    /// other, by number, behind the receive FIFO.
    pub const fn transmit(self, number: u16) -> (u16, u16) {
        let (mut start, mut before) = (self.receive, 0);
        while before < number {
            start += self.depth(before);
            before += 1;
        }
        (start, self.depth(number))
    }

    /// Depth of the transmit FIFO of an IN endpoint, in words.
    pub(crate) const fn depth(self, number: u16) -> u16 {
        if number.is_multiple_of(2) { SMALLEST } else { self.data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{stm32f4, stm32h7};

    /// FIFOs follow each other without a gap, and end within the RAM.
    fn check<C: Core>(ports: u16, packets: u16, packet_words: u16) {
        let plan = FifoPlan::new::<C>(ports, packets);
        let mut end = plan.receive();
        for number in 0..=2 * ports {
            let (start, depth) = plan.transmit(number);
            assert_eq!(start, end, "{number}");
            let least = if number % 2 == 1 { packet_words } else { SMALLEST };
            assert!(depth >= least, "{number}: {depth}");
            end = start + depth;
        }
        assert!(end <= C::FIFO_WORDS);
        assert!(C::FIFO_WORDS - end < ports, "words are left over: {}", C::FIFO_WORDS - end);
        // RM0090 §34.11.3: two packets at least, for back-to-back ones.
        assert!(plan.receive() >= 14 + 2 * (packet_words + 1) + 2 * (ports + 1));
    }

    #[test]
    fn every_core_is_used_up() {
        check::<stm32f4::OtgFs>(1, 2, 16);
        check::<stm32f4::OtgFs>(1, 13, 16);
        check::<stm32f4::OtgHs>(2, 2, 16);
        for ports in 1..=4 {
            check::<stm32h7::Otg1>(ports, 2, 16);
            check::<stm32h7::Otg2>(ports, 4, 16);
            check::<stm32h7::Otg1Ulpi>(ports, 2, 128);
        }
    }

    #[test]
    fn one_port_of_the_f405_is_planned_like_this() {
        let plan = FifoPlan::new::<stm32f4::OtgFs>(1, 2);
        assert_eq!(plan.receive(), 13 + 1 + 2 * 2 + 3 * 17);
        assert_eq!(plan.transmit(0), (69, 16));
        assert_eq!(plan.transmit(1), (85, 219));
        assert_eq!(plan.transmit(2), (304, 16));
    }

    #[test]
    #[should_panic = "too few endpoints"]
    fn two_ports_do_not_fit_the_endpoints_of_the_f405() {
        FifoPlan::new::<stm32f4::OtgFs>(2, 2);
    }

    #[test]
    #[should_panic = "do not fit into the RAM"]
    fn packets_that_do_not_fit_the_ram_are_refused() {
        FifoPlan::new::<stm32f4::OtgFs>(1, 14);
    }
}
