//! A UART whose hardware has room for a byte or a few: with an interrupt for each.

use embedded_hal::digital::{OutputPin, PinState};
use usbd_acm::class::LineCoding;

use crate::{LineErrors, Ring, Uart};

/// Bytes that wait for the host, after those in the port's FIFO.
const RING: usize = 64;

/// A UART of which every byte is taken by itself, and given.
pub trait ByteUart {
    /// As [`Uart::configure`].
    fn configure(&mut self, coding: &LineCoding);

    /// What came next, and is taken from the hardware with this. The interrupt comes while there is something.
    fn receive(&mut self) -> Option<Received>;

    /// Whether the hardware has room for a byte to send.
    fn has_room(&self) -> bool;

    /// Sends a byte.
    fn send(&mut self, byte: u8);

    /// Whether all that was given has been sent, stop bit included.
    fn is_sent(&self) -> bool;

    /// Has the interrupt come when there is room for a byte, or when all is sent.
    fn listen(&mut self, room: bool, sent: bool);

    /// As [`Uart::hold_low`], and it receives on.
    fn hold_low(&mut self, low: bool);
}

/// What came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Received {
    /// None when it is no more than an error.
    pub byte: Option<u8>,
    /// What was wrong.
    pub errors: LineErrors,
}

/// A [`ByteUart`] with a ring for what comes, and with RTS, a pin as others are, which tells the other end to
/// wait while half of the ring is used: the rest is for bytes on their way then.
pub struct Buffered<U, R> {
    uart: U,
    rts: R,
    ring: Ring<RING>,
    errors: LineErrors,
    /// Bytes of the packet that were given to the hardware.
    given: usize,
}

impl<U: ByteUart, R: OutputPin> Buffered<U, R> {
    /// The UART, receiving at 115200 8N1.
    pub fn new(mut uart: U, rts: R) -> Self {
        uart.configure(&LineCoding::DEFAULT);
        Self { uart, rts, ring: Ring::new(), errors: LineErrors::default(), given: 0 }
    }

    fn collect(&mut self) {
        while let Some(Received { byte, errors }) = self.uart.receive() {
            let has_room = byte.is_none_or(|byte| self.ring.push(byte));
            self.errors.overruns += errors.overruns + u32::from(!has_room);
            self.errors.parity |= errors.parity;
            self.errors.framing |= errors.framing;
            self.errors.is_break |= errors.is_break;
        }
        self.tell_other_end();
    }

    /// RTS low: it can send.
    fn tell_other_end(&mut self) {
        // The pins of a chip cannot fail.
        _ = self.rts.set_state(PinState::from(self.ring.len() >= RING / 2));
    }
}

impl<U: ByteUart, R: OutputPin> Uart for Buffered<U, R> {
    fn configure(&mut self, coding: &LineCoding) {
        self.uart.configure(coding);
    }

    fn errors(&mut self) -> LineErrors {
        self.collect();
        core::mem::take(&mut self.errors)
    }

    fn front(&mut self) -> Option<u8> {
        self.ring.front()
    }

    fn consume(&mut self) {
        self.ring.pop();
        self.tell_other_end();
    }

    unsafe fn transmit(&mut self, packet: &[u8]) -> bool {
        while let Some(byte) = packet.get(self.given) {
            if !self.uart.has_room() {
                self.uart.listen(true, false);
                return false;
            }
            self.uart.send(*byte);
            self.given += 1;
        }
        let is_sent = self.uart.is_sent();
        self.uart.listen(false, !is_sent);
        if is_sent {
            self.given = 0;
        }
        is_sent
    }

    fn hold_low(&mut self, low: bool) {
        self.uart.hold_low(low);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;

    use embedded_hal::digital::ErrorType;

    use super::*;

    /// A UART with room for one byte to send.
    #[derive(Default)]
    struct Fake {
        incoming: VecDeque<Received>,
        held: Option<u8>,
        sent: Vec<u8>,
        listens: (bool, bool),
    }

    impl ByteUart for &mut Fake {
        fn configure(&mut self, _coding: &LineCoding) {}

        fn receive(&mut self) -> Option<Received> {
            self.incoming.pop_front()
        }

        fn has_room(&self) -> bool {
            self.held.is_none()
        }

        fn send(&mut self, byte: u8) {
            assert!(self.held.replace(byte).is_none());
        }

        fn is_sent(&self) -> bool {
            self.held.is_none()
        }

        fn listen(&mut self, room: bool, sent: bool) {
            self.listens = (room, sent);
        }

        fn hold_low(&mut self, _low: bool) {}
    }

    /// RTS, as the other end sees it.
    #[derive(Default)]
    struct Pin {
        is_high: bool,
    }

    impl ErrorType for &mut Pin {
        type Error = Infallible;
    }

    impl OutputPin for &mut Pin {
        fn set_low(&mut self) -> Result<(), Infallible> {
            self.is_high = false;
            Ok(())
        }

        fn set_high(&mut self) -> Result<(), Infallible> {
            self.is_high = true;
            Ok(())
        }
    }

    fn came(byte: u8) -> Received {
        Received { byte: Some(byte), errors: LineErrors::default() }
    }

    #[test]
    fn rts_is_high_while_half_of_the_ring_is_used() {
        let (mut fake, mut pin) = (Fake::default(), Pin::default());
        fake.incoming.extend((0..40).map(came));
        let mut uart = Buffered::new(&mut fake, &mut pin);
        assert_eq!(uart.errors(), LineErrors::default());
        assert!(uart.rts.is_high);
        for byte in 0..40 {
            assert_eq!(uart.front(), Some(byte));
            uart.consume();
            assert_eq!(uart.rts.is_high, 39 - usize::from(byte) >= RING / 2, "{byte}");
        }
        assert_eq!(uart.front(), None);
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let (mut fake, mut pin) = (Fake::default(), Pin::default());
        fake.incoming.extend((0..70).map(came));
        let overrun = LineErrors { overruns: 1, ..LineErrors::default() };
        fake.incoming.push_back(Received { byte: None, errors: overrun });
        let mut uart = Buffered::new(&mut fake, &mut pin);
        assert_eq!(uart.errors(), LineErrors { overruns: 7, ..LineErrors::default() });
        assert_eq!(uart.errors(), LineErrors::default());
        let taken = std::iter::from_fn(|| uart.front().inspect(|_| uart.consume()));
        assert!(taken.eq(0..64));
    }

    #[test]
    fn a_packet_is_given_byte_by_byte_and_the_interrupt_asked_for() {
        let (mut fake, mut pin) = (Fake::default(), Pin::default());
        let mut uart = Buffered::new(&mut fake, &mut pin);
        for packet in [&b"ab"[..], b"c", b""] {
            for (index, byte) in packet.iter().enumerate() {
                // SAFETY: the packet lives as long as this test.
                assert!(!unsafe { uart.transmit(packet) });
                assert_eq!(uart.uart.held, Some(*byte));
                let is_last = index + 1 == packet.len();
                assert_eq!(uart.uart.listens, (!is_last, is_last));
                let sent = uart.uart.held.take();
                uart.uart.sent.extend(sent);
            }
            // SAFETY: as above.
            assert!(unsafe { uart.transmit(packet) });
            assert_eq!(uart.uart.listens, (false, false));
        }
        assert_eq!(uart.uart.sent, b"abc");
    }
}
