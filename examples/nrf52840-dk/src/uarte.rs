//! UARTE0: a UART whose bytes go and come by DMA.
//!
//! The receiver takes a byte at a time and is started again when the byte was taken over, so that it
//! can be made to wait: what comes meanwhile stays in the hardware's FIFO of six bytes, RTS tells
//! the other end to wait as soon as two are in it, and what does not fit is an overrun, which is
//! told. A receiver that is started again by hardware would write over bytes unseen.
//!
//! For a break it is switched off, as only then its pins are those of GPIO.

use applications::{LineErrors, Uart};
use embedded_hal::digital::OutputPin;
use usbd_acm::class::{LineCoding, Parity, StopBits};

use crate::Register;
use crate::gpio::{Input, Output, Pull};

const fn uarte(offset: u32) -> Register {
    // SAFETY: the offsets below are those of UARTE0. What it writes to memory is the receive buffer,
    // for it is the only one that RXD.PTR is set to; what it reads is for the callers of `send`.
    unsafe { Register::at(0x4000_2000 + offset) }
}

const STARTRX: Register = uarte(0x000);
const STOPRX: Register = uarte(0x004);
const STARTTX: Register = uarte(0x008);
const STOPTX: Register = uarte(0x00C);
const FLUSHRX: Register = uarte(0x02C);
const ENDRX: Register = uarte(0x110);
const ENDTX: Register = uarte(0x120);
const ERROR: Register = uarte(0x124);
const RXTO: Register = uarte(0x144);
const INTENSET: Register = uarte(0x304);
const ERRORSRC: Register = uarte(0x480);
const ENABLE: Register = uarte(0x500);
const PSEL_RTS: Register = uarte(0x508);
const PSEL_TXD: Register = uarte(0x50C);
const PSEL_CTS: Register = uarte(0x510);
const PSEL_RXD: Register = uarte(0x514);
const BAUDRATE: Register = uarte(0x524);
const RXD_PTR: Register = uarte(0x534);
const RXD_MAXCNT: Register = uarte(0x538);
const RXD_AMOUNT: Register = uarte(0x53C);
const TXD_PTR: Register = uarte(0x544);
const TXD_MAXCNT: Register = uarte(0x548);
const CONFIG: Register = uarte(0x56C);

/// ENABLE: UARTE.
const ENABLED: u32 = 8;
/// INTEN: ENDRX, ENDTX, ERROR.
const INTERRUPTS: u32 = 1 << 4 | 1 << 8 | 1 << 9;
/// CONFIG.HWFC.
const FLOW_CONTROL: u32 = 1;
/// CONFIG.PARITY: even, the only one there is.
const EVEN_PARITY: u32 = 7 << 1;
/// CONFIG.STOP.
const TWO_STOP_BITS: u32 = 1 << 4;

/// Bytes of the hardware's FIFO.
const FIFO: usize = 6;
/// Reads of an event in the wait for the receiver to stop, which takes five characters: at 9600
/// bit/s, 5 ms.
const STOP_WAIT: u32 = 50_000;

/// Pins of port 0.
pub struct Pins {
    /// Out.
    pub txd: u8,
    /// In.
    pub rxd: u8,
    /// In: the other end can take bytes, when low.
    pub cts: u8,
    /// Out: this end can take bytes, when low.
    pub rts: u8,
}

/// Where received bytes come in: more than the hardware's FIFO, as one break may follow another before the
/// host has taken what came before it.
pub type Buffer = [u8; 16];

/// UARTE0.
pub struct Uarte {
    buffer: *mut Buffer,
    /// Bytes of the buffer that are received, and how many of them were taken. While there are more of the
    /// first the receiver is not started.
    received: usize,
    taken: usize,
    is_on: bool,
    is_sending: bool,
    /// Bytes that a break left no room for.
    lost: u32,
    txd: Output,
    /// Of the UART while it is on; high, so that the other end waits, while it is off.
    _rts: Output,
}

// SAFETY: the buffer is borrowed for good.
unsafe impl Send for Uarte {}

impl Uarte {
    /// The UART, receiving at 115200 8N1 with flow control.
    ///
    /// # Safety
    /// There is one.
    pub unsafe fn new(pins: &Pins, buffer: &'static mut Buffer) -> Self {
        let _rxd = Input::new(pins.rxd, Pull::Up);
        // Nothing connected means that the other end can take bytes.
        let _cts = Input::new(pins.cts, Pull::Down);
        let (txd, rts) = (Output::high(pins.txd), Output::high(pins.rts));
        PSEL_RTS.write(pins.rts.into());
        PSEL_TXD.write(pins.txd.into());
        PSEL_CTS.write(pins.cts.into());
        PSEL_RXD.write(pins.rxd.into());
        let mut uarte = Self {
            buffer,
            received: 0,
            taken: 0,
            is_on: false,
            is_sending: false,
            lost: 0,
            txd,
            _rts: rts,
        };
        uarte.configure(&LineCoding::DEFAULT);
        INTENSET.write(INTERRUPTS);
        uarte.enable();
        uarte
    }

    fn enable(&mut self) {
        ENABLE.write(ENABLED);
        self.is_on = true;
        self.receive_if_taken();
    }

    /// Lets the next byte in, when those that came are taken.
    fn receive_if_taken(&mut self) {
        if self.taken == self.received {
            (self.received, self.taken) = (0, 0);
            if self.is_on {
                self.receive(1, STARTRX);
            }
        }
    }

    /// Receives behind what is in the buffer.
    fn receive(&mut self, count: usize, task: Register) {
        RXD_PTR.write((self.buffer.expose_provenance() + self.received) as u32);
        RXD_MAXCNT.write(count as u32);
        task.write(1);
    }

    /// Takes over what the receiver wrote, if it is done.
    fn take_over(&mut self) {
        if ENDRX.take() {
            self.received += (RXD_AMOUNT.read() as usize).min(FIFO);
        }
    }

    /// Waits for the receiver to stop, for five characters, and keeps what is in its FIFO.
    fn disable(&mut self) {
        self.take_over();
        RXTO.write(0);
        STOPTX.write(1);
        STOPRX.write(1);
        (0..STOP_WAIT).any(|_| RXTO.read() != 0);
        ENDRX.write(0);
        self.make_room();
        self.receive(FIFO, FLUSHRX);
        (0..STOP_WAIT).any(|_| ENDRX.read() != 0);
        self.take_over();
        ENABLE.write(0);
        self.is_on = false;
    }

    /// Moves what was not taken to the front of the buffer; what leaves no room for the FIFO is lost.
    fn make_room(&mut self) {
        // SAFETY: the receiver has stopped.
        let buffer = unsafe { &mut *self.buffer };
        let waiting = self.received - self.taken;
        let kept = waiting.min(buffer.len() - FIFO);
        for index in 0..kept {
            buffer[index] = buffer[self.taken + index];
        }
        self.lost += (waiting - kept) as u32;
        (self.received, self.taken) = (kept, 0);
    }
}

impl Uart for Uarte {
    /// It can do 8 data bits, no or even parity, 1 or 2 stop bits, 1 bit/s to 1 Mbit/s.
    fn configure(&mut self, coding: &LineCoding) {
        if let Some(format) = format(coding) {
            BAUDRATE.write(baud_rate(coding.rate));
            CONFIG.write(FLOW_CONTROL | format);
        }
    }

    fn errors(&mut self) -> LineErrors {
        let overruns = core::mem::take(&mut self.lost);
        if !ERROR.take() {
            return LineErrors { overruns, ..LineErrors::default() };
        }
        let errors = ERRORSRC.read();
        ERRORSRC.write(errors);
        let is_break = errors & 8 != 0;
        LineErrors {
            overruns: overruns + (errors & 1),
            parity: errors & 2 != 0,
            framing: errors & 4 != 0 && !is_break,
            is_break,
        }
    }

    fn front(&mut self) -> Option<u8> {
        if self.taken == self.received {
            self.take_over();
        }
        if self.taken == self.received {
            return None;
        }
        // SAFETY: the receiver is done with these bytes of the buffer, of which there are more than these.
        Some(unsafe { self.buffer.cast::<u8>().add(self.taken).read_volatile() })
    }

    fn consume(&mut self) {
        self.taken += 1;
        self.receive_if_taken();
    }

    unsafe fn transmit(&mut self, packet: &[u8]) -> bool {
        if self.is_sending {
            self.is_sending = !ENDTX.take();
            return !self.is_sending;
        }
        TXD_PTR.write(packet.as_ptr().expose_provenance() as u32);
        TXD_MAXCNT.write(packet.len() as u32);
        STARTTX.write(1);
        self.is_sending = true;
        false
    }

    fn hold_low(&mut self, low: bool) {
        if low {
            self.disable();
        }
        let Ok(()) = if low { self.txd.set_low() } else { self.txd.set_high() };
        if !low {
            self.enable();
        }
    }
}

/// CONFIG without flow control; `None` for what the hardware cannot do.
fn format(coding: &LineCoding) -> Option<u32> {
    if coding.data_bits != 8 || !(1..=1_000_000).contains(&coding.rate) {
        return None;
    }
    let parity = match coding.parity() {
        Ok(Parity::None) => 0,
        Ok(Parity::Even) => EVEN_PARITY,
        _ => return None,
    };
    match coding.stop_bits() {
        Ok(StopBits::One) => Some(parity),
        Ok(StopBits::Two) => Some(parity | TWO_STOP_BITS),
        _ => None,
    }
}

/// BAUDRATE: 2^32 × rate / 16 MHz, in its upper 20 bits.
fn baud_rate(rate: u32) -> u32 {
    // 2^32 / 16 MHz is 268.435456.
    let exact = (u64::from(rate) * 274_878) >> 10;
    exact.saturating_add(0x800).min(0x1000_0000) as u32 & 0xFFFF_F000
}
