//! UARTE0: a UART whose bytes go and come by DMA.
//!
//! The receiver takes a byte at a time and is started again when the byte was taken over, so that it
//! can be made to wait: what comes meanwhile stays in the hardware's FIFO of six bytes, RTS tells
//! the other end to wait as soon as two are in it, and what does not fit is an overrun, which is
//! told. A receiver that is started again by hardware would write over bytes unseen.

use usbd_acm::class::{LineCoding, Parity, StopBits};

use crate::Register;

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

/// What went wrong with received bytes: bits of ERRORSRC.
#[derive(Clone, Copy)]
pub struct LineErrors(u32);

impl LineErrors {
    /// Bytes were lost.
    pub fn overrun(self) -> bool {
        self.0 & 1 != 0
    }

    /// Wrong parity.
    pub fn parity(self) -> bool {
        self.0 & 2 != 0
    }

    /// No stop bit, and no break either.
    pub fn framing(self) -> bool {
        self.0 & 4 != 0 && !self.is_break()
    }

    /// The line was low for longer than a character.
    pub fn is_break(self) -> bool {
        self.0 & 8 != 0
    }
}

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

/// Where received bytes come in.
pub type Buffer = [u8; FIFO];

/// UARTE0. Its pins are outputs high and inputs before.
pub struct Uarte {
    buffer: *mut Buffer,
}

// SAFETY: the buffer is borrowed for good.
unsafe impl Send for Uarte {}

impl Uarte {
    /// The UART, receiving at 115200 8N1 with flow control.
    ///
    /// # Safety
    /// There is one.
    pub unsafe fn new(pins: &Pins, buffer: &'static mut Buffer) -> Self {
        PSEL_RTS.write(pins.rts.into());
        PSEL_TXD.write(pins.txd.into());
        PSEL_CTS.write(pins.cts.into());
        PSEL_RXD.write(pins.rxd.into());
        let mut uarte = Self { buffer };
        uarte.configure(&LineCoding::DEFAULT);
        INTENSET.write(INTERRUPTS);
        uarte.enable();
        uarte
    }

    /// Takes the line coding over, if the hardware can do all of it: 8 data bits, no or even parity, 1
    /// or 2 stop bits, 1 bit/s to 1 Mbit/s. Else it keeps the last one that it could.
    pub fn configure(&mut self, coding: &LineCoding) {
        if let Some(format) = format(coding) {
            BAUDRATE.write(baud_rate(coding.rate));
            CONFIG.write(FLOW_CONTROL | format);
        }
    }

    /// Lets the next byte in.
    pub fn receive(&mut self) {
        self.receive_up_to(1, STARTRX);
    }

    fn receive_up_to(&mut self, count: u32, task: Register) {
        RXD_PTR.write(self.buffer.expose_provenance() as u32);
        RXD_MAXCNT.write(count);
        task.write(1);
    }

    /// The byte that came.
    pub fn received(&mut self) -> Option<u8> {
        if !ENDRX.take() || RXD_AMOUNT.read() == 0 {
            return None;
        }
        // SAFETY: the receiver is done with the buffer and not started before this returns.
        Some(unsafe { self.buffer.cast::<u8>().read_volatile() })
    }

    /// Starts sending bytes, in RAM.
    ///
    /// # Safety
    /// They stay as they are until [`is_sent`](Self::is_sent) says so.
    pub unsafe fn send(&mut self, bytes: &[u8]) {
        TXD_PTR.write(bytes.as_ptr().expose_provenance() as u32);
        TXD_MAXCNT.write(bytes.len() as u32);
        STARTTX.write(1);
    }

    /// Whether everything was sent; true once.
    pub fn is_sent(&mut self) -> bool {
        ENDTX.take()
    }

    /// What went wrong since this was asked last.
    pub fn errors(&mut self) -> LineErrors {
        if !ERROR.take() {
            return LineErrors(0);
        }
        let errors = ERRORSRC.read();
        ERRORSRC.write(errors);
        LineErrors(errors)
    }

    /// Switches it on, receiving.
    pub fn enable(&mut self) {
        ENABLE.write(ENABLED);
        self.receive();
    }

    /// Switches it off, so that its pins are those of GPIO, and returns what was received until then.
    /// It is not sending. Waits for the receiver to stop, for five characters.
    pub fn disable(&mut self) -> &[u8] {
        RXTO.write(0);
        STOPTX.write(1);
        STOPRX.write(1);
        (0..STOP_WAIT).any(|_| RXTO.read() != 0);
        ENDRX.write(0);
        self.receive_up_to(FIFO as u32, FLUSHRX);
        (0..STOP_WAIT).any(|_| ENDRX.read() != 0);
        let count = if ENDRX.take() { RXD_AMOUNT.read() as usize } else { 0 };
        ENABLE.write(0);
        // SAFETY: the receiver is off.
        let buffer = unsafe { &*self.buffer };
        &buffer[..count.min(FIFO)]
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
