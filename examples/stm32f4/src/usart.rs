//! A USART (RM0090 §30), with the registers, pins and clock of the HAL.
//!
//! The HAL's own serial port loses the byte that comes with an error, keeps its line coding for good, and has
//! neither flow control nor a break.

use core::ops::Deref;

use applications::buffered::Received;
use applications::frame::{self, ParityBit};
use applications::{ByteUart, Frame, LineErrors, Txd};
use stm32f4xx_hal::gpio::{Alternate, Output, Pin, PinState};
use stm32f4xx_hal::pac::usart1::{RegisterBlock, cr2::STOP};
use usbd_acm::class::LineCoding;

/// A USART and its TXD.
pub struct Usart<U, const P: char, const N: u8> {
    registers: U,
    /// Of the USART, in Hz.
    clock: u32,
    txd: Txd<Pin<P, N, Alternate<7>>, Pin<P, N, Output>>,
    /// Data bits of what is in the data register: with parity, that bit is there too.
    data: u16,
}

impl<U: Deref<Target = RegisterBlock>, const P: char, const N: u8> Usart<U, P, N> {
    /// The USART, whose clock runs, in Hz. CTS and RXD are its own already, and it sends while CTS
    /// is low.
    pub fn new(registers: U, clock: u32, txd: Pin<P, N, Alternate<7>>) -> Self {
        registers.cr3().write(|w| w.ctse().enabled());
        Self { registers, clock, txd: Txd::new(txd), data: 0xFF }
    }
}

impl<U: Deref<Target = RegisterBlock>, const P: char, const N: u8> ByteUart for Usart<U, P, N> {
    /// It can do 8 data bits, or 7 with parity; no, even or odd parity; 1 or 2 stop bits; and from 1/65535 to
    /// 1/16 of its clock.
    fn configure(&mut self, coding: &LineCoding) {
        let (Some(frame), Some(divider)) =
            (Frame::of(coding), frame::divider(self.clock, coding.rate))
        else {
            return;
        };
        // §30: a word is of 8 or 9 bits, parity included.
        if frame.length() < 8 {
            return;
        }
        self.data = frame.mask();
        self.registers.cr1().modify(|_, w| w.re().disabled());
        self.registers.brr().write(|w| {
            w.div_mantissa().set(divider >> 4);
            w.div_fraction().set((divider & 0xF) as u8)
        });
        self.registers.cr2().write(|w| {
            w.stop().variant(if frame.two_stop_bits { STOP::Stop2 } else { STOP::Stop1 })
        });
        self.registers.cr1().modify(|_, w| {
            w.m().bit(frame.length() == 9).pce().bit(frame.parity.is_some());
            w.ps().bit(frame.parity == Some(ParityBit::Odd));
            w.ue().enabled().te().enabled().re().enabled().rxneie().enabled()
        });
    }

    fn receive(&mut self) -> Option<Received> {
        // §30.6.1: a read of SR and one of DR end each flag.
        let status = self.registers.sr().read();
        let (is_there, overrun) = (status.rxne().bit(), status.ore().bit());
        if !is_there && !overrun {
            return None;
        }
        let frame = self.registers.dr().read().dr().bits();
        // Not one bit of a break is high, not even the stop bit.
        let is_break = is_there && status.fe().bit() && frame == 0;
        let errors = LineErrors {
            // What comes while the register is full is lost, and how many that were nobody knows.
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
        self.registers.sr().read().txe().bit()
    }

    fn send(&mut self, byte: u8) {
        self.registers.dr().write(|w| w.dr().set(byte.into()));
    }

    fn is_sent(&self) -> bool {
        // §30.6.1: what was sent before does not count, as SR was read before DR was written.
        self.registers.sr().read().tc().bit()
    }

    fn listen(&mut self, room: bool, sent: bool) {
        self.registers.cr1().modify(|_, w| w.txeie().bit(room).tcie().bit(sent));
    }

    fn hold_low(&mut self, low: bool) {
        let hold = |pin: Pin<P, N, _>| pin.into_push_pull_output_in_state(PinState::Low);
        self.txd.hold_low(low, hold, Pin::into_mode);
    }
}
