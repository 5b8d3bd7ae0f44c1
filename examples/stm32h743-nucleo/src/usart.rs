//! USART3 (RM0433 §48), with the registers, pins and clock of the HAL.
//!
//! The HAL's own serial port loses the byte that comes with an error, keeps its line coding for good, and has
//! neither flow control nor a break.

use applications::buffered::Received;
use applications::frame::{self, ParityBit};
use applications::{ByteUart, Frame, LineErrors, Txd};
use stm32h7xx_hal::gpio::{Alternate, Output, Pin, PinState};
use stm32h7xx_hal::pac::USART3;
use usbd_acm::class::LineCoding;

/// USART3 and its TXD.
pub struct Usart<const P: char, const N: u8> {
    registers: USART3,
    /// Of the USART, in Hz.
    clock: u32,
    txd: Txd<Pin<P, N, Alternate<7>>, Pin<P, N, Output>>,
    /// Data bits of what is in the data register: with parity, that bit is there too.
    data: u16,
}

impl<const P: char, const N: u8> Usart<P, N> {
    /// The USART, whose clock runs, in Hz. CTS and RXD are its own already, and it sends while CTS
    /// is low.
    pub fn new(registers: USART3, clock: u32, txd: Pin<P, N, Alternate<7>>) -> Self {
        registers.cr3.write(|w| w.ctse().enabled());
        Self { registers, clock, txd: Txd::new(txd), data: 0xFF }
    }
}

impl<const P: char, const N: u8> ByteUart for Usart<P, N> {
    /// It can do 7 or 8 data bits; no, even or odd parity; 1 or 2 stop bits; and from 1/65535 to 1/16 of its
    /// clock.
    fn configure(&mut self, coding: &LineCoding) {
        let (Some(frame), Some(divider)) =
            (Frame::of(coding), frame::divider(self.clock, coding.rate))
        else {
            return;
        };
        self.data = frame.mask();
        // §48: the USART is off while its format is changed.
        self.registers.cr1.modify(|_, w| w.ue().disabled());
        self.registers.brr.write(|w| w.brr().bits(divider));
        self.registers.cr2.write(|w| match frame.two_stop_bits {
            true => w.stop().stop2(),
            false => w.stop().stop1(),
        });
        self.registers.cr1.modify(|_, w| {
            // A word is of 7, 8 or 9 bits, parity included.
            w.m1().bit(frame.length() == 7).m0().bit(frame.length() == 9);
            w.pce().bit(frame.parity.is_some()).ps().bit(frame.parity == Some(ParityBit::Odd));
            w.fifoen().set_bit().te().enabled().re().enabled().rxneie().enabled()
        });
        self.registers.cr1.modify(|_, w| w.ue().enabled());
    }

    fn receive(&mut self) -> Option<Received> {
        let status = self.registers.isr.read();
        let (is_there, overrun) = (status.rxne().bit(), status.ore().bit());
        if !is_there && !overrun {
            return None;
        }
        // §48: in FIFO mode the next byte comes with flags of its own, so those of this one end before.
        self.registers.icr.write(|w| w.orecf().clear().fecf().clear().pecf().clear());
        let frame = if is_there { self.registers.rdr.read().rdr().bits() } else { 0 };
        // Not one bit of a break is high, not even the stop bit.
        let is_break = is_there && status.fe().bit() && frame == 0;
        let errors = LineErrors {
            // What comes while the FIFO is full is lost, and how many that were nobody knows.
            overruns: overrun.into(),
            parity: is_there && status.pe().bit() && !is_break,
            framing: is_there && status.fe().bit() && !is_break,
            is_break,
        };
        // Masked to seven or eight bits.
        let byte = (is_there && !is_break).then_some((frame & self.data) as u8);
        Some(Received { byte, errors })
    }

    fn has_room(&self) -> bool {
        self.registers.isr.read().txe().bit()
    }

    fn send(&mut self, byte: u8) {
        self.registers.tdr.write(|w| w.tdr().bits(byte.into()));
    }

    fn is_sent(&self) -> bool {
        self.registers.isr.read().tc().bit()
    }

    fn listen(&mut self, room: bool, sent: bool) {
        self.registers.cr1.modify(|_, w| w.txeie().bit(room).tcie().bit(sent));
    }

    fn hold_low(&mut self, low: bool) {
        let hold = |pin: Pin<P, N, _>| pin.into_push_pull_output_in_state(PinState::Low);
        self.txd.hold_low(low, hold, Pin::into_mode);
    }
}
