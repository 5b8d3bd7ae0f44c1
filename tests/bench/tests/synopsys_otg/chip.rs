//! The core by itself, without a chip around it.

use usbd_acm::Speed;
use usbd_acm_bench::soc::synopsys_otg::{Otg, Parameters, Surroundings};
use usbd_acm_bench::soc::{Transaction, Violation, Violations};
use usbd_acm_virtual::{Handshake, InResponse, Pid};

/// Cycles in a microsecond.
pub const MICROSECOND: u64 = 168;
/// Cycles in a millisecond.
pub const MILLISECOND: u64 = 1_000 * MICROSECOND;
const FREQUENCY: u64 = MILLISECOND * 1_000;
/// A transaction takes less.
const TRANSACTION: u64 = 60 * MICROSECOND;

pub const GOTGINT: u32 = 0x004;
pub const GAHBCFG: u32 = 0x008;
pub const GUSBCFG: u32 = 0x00C;
pub const GRSTCTL: u32 = 0x010;
pub const GINTSTS: u32 = 0x014;
pub const GINTMSK: u32 = 0x018;
pub const GRXSTSR: u32 = 0x01C;
pub const GRXSTSP: u32 = 0x020;
pub const GRXFSIZ: u32 = 0x024;
pub const DIEPTXF0: u32 = 0x028;
pub const GCCFG: u32 = 0x038;
pub const DIEPTXF1: u32 = 0x104;
pub const DCFG: u32 = 0x800;
pub const DCTL: u32 = 0x804;
pub const DSTS: u32 = 0x808;
pub const DIEPMSK: u32 = 0x810;
pub const DOEPMSK: u32 = 0x814;
pub const DAINT: u32 = 0x818;
pub const DAINTMSK: u32 = 0x81C;
pub const DIEPEMPMSK: u32 = 0x834;
pub const PCGCCTL: u32 = 0xE00;

pub const USBAEP: u32 = 1 << 15;
pub const BULK: u32 = 2 << 18;
pub const STALL: u32 = 1 << 21;
pub const CNAK: u32 = 1 << 26;
pub const SNAK: u32 = 1 << 27;
pub const SD0PID: u32 = 1 << 28;
pub const EPDIS: u32 = 1 << 30;
pub const EPENA: u32 = 1 << 31;
pub const NAKSTS: u32 = 1 << 17;

pub const fn diepctl(number: u32) -> u32 {
    0x900 + 0x20 * number
}
pub const fn diepint(number: u32) -> u32 {
    0x908 + 0x20 * number
}
pub const fn dieptsiz(number: u32) -> u32 {
    0x910 + 0x20 * number
}
pub const fn dtxfsts(number: u32) -> u32 {
    0x918 + 0x20 * number
}
pub const fn doepctl(number: u32) -> u32 {
    0xB00 + 0x20 * number
}
pub const fn doepint(number: u32) -> u32 {
    0xB08 + 0x20 * number
}
pub const fn doeptsiz(number: u32) -> u32 {
    0xB10 + 0x20 * number
}
pub const fn fifo(number: u32) -> u32 {
    0x1000 * (number + 1)
}

/// DIEPTSIZx and DOEPTSIZx.
pub const fn size(packets: u32, bytes: u32) -> u32 {
    packets << 19 | bytes
}

/// A core with its clocks.
pub struct Chip {
    pub otg: Otg,
    violations: Violations,
    pub clocked: bool,
    pub phy_clock: bool,
    pub now: u64,
}

impl Chip {
    /// After power-on.
    pub fn new(parameters: Parameters) -> Self {
        let (otg, violations) = (Otg::new(parameters), Violations::default());
        Self { otg, violations, clocked: true, phy_clock: true, now: 0 }
    }

    /// OTG_FS of an STM32F405.
    pub fn full_speed() -> Self {
        Self::new(Parameters::otg_fs_1_2(FREQUENCY))
    }

    /// OTG_HS of an STM32H743.
    pub fn high_speed() -> Self {
        Self::new(Parameters::otg_hs_2_3(FREQUENCY))
    }

    /// Started by the book, attached, reset, and endpoint 1 open both ways.
    pub fn attached() -> Self {
        let mut chip = Self::full_speed();
        chip.otg.set_vbus(true, 0);
        chip.start();
        chip.divide(64, &[16, 64]);
        chip.reset();
        chip.open(64);
        assert_eq!(chip.violations(), []);
        chip
    }

    /// §34.17.1, §34.17.3: forced device mode, transceiver on, VBUS not sensed, TRDT for 168 MHz.
    pub fn start(&mut self) {
        self.write(GUSBCFG, 1 << 30 | 1 << 6 | 6 << 10);
        self.run(25 * MILLISECOND);
        self.write(GCCFG, 1 << 21 | 1 << 16);
        self.write(DCFG, 3);
    }

    /// Words of the receive FIFO, and of the transmit FIFOs behind it.
    pub fn divide(&mut self, receive: u32, transmit: &[u32]) {
        self.write(GRXFSIZ, receive);
        let mut start = receive;
        for (&depth, number) in transmit.iter().zip(0..) {
            let register = if number == 0 { DIEPTXF0 } else { DIEPTXF1 + 4 * (number - 1) };
            self.write(register, depth << 16 | start);
            start += depth;
        }
    }

    /// A bus reset, up to the end of the speed negotiation.
    pub fn reset(&mut self) -> Speed {
        let speed = self.otg.bus_reset(Speed::High, self.now);
        self.run(2 * MILLISECOND);
        speed
    }

    /// Endpoint 1 in both directions, for bulk packets of this size.
    pub fn open(&mut self, packet: u32) {
        self.write(diepctl(1), USBAEP | BULK | SD0PID | SNAK | 1 << 22 | packet);
        self.write(doepctl(1), USBAEP | BULK | SD0PID | SNAK | packet);
        self.write(doeptsiz(0), 3 << 29 | size(1, 64));
        self.run(2 * MICROSECOND);
    }

    fn around<R>(&mut self, work: impl FnOnce(&mut Otg, u64, &mut Surroundings<'_>) -> R) -> R {
        let mut around = Surroundings {
            clocked: self.clocked,
            phy_clock: self.phy_clock,
            ahb: 168_000_000,
            violations: &mut self.violations,
        };
        work(&mut self.otg, self.now, &mut around)
    }

    pub fn read(&mut self, offset: u32) -> u32 {
        self.around(|otg, now, around| otg.read(offset, now, around))
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        self.around(|otg, now, around| otg.write(offset, value, now, around));
    }

    /// Sets bits, as drivers do.
    pub fn set(&mut self, offset: u32, bits: u32) {
        let value = self.read(offset);
        self.write(offset, value | bits);
    }

    /// Whether these bits are set.
    pub fn has(&mut self, offset: u32, bits: u32) -> bool {
        self.read(offset) & bits == bits
    }

    pub fn run(&mut self, cycles: u64) {
        let end = self.now + cycles;
        while let Some(next) = self.otg.next_event().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.around(|otg, now, around| otg.advance(now, around));
        }
        self.now = end;
        self.around(|otg, now, around| otg.advance(now, around));
    }

    /// A token, over when this returns.
    fn token<R>(
        &mut self,
        endpoint: u8,
        answer: impl FnOnce(&mut Otg, Transaction<'_>, &mut Surroundings<'_>) -> R,
    ) -> R {
        let end = self.now + TRANSACTION;
        let response = self.around(|otg, now, around| {
            let address = otg.address();
            answer(otg, Transaction { address, endpoint, now, end: &|_| end }, around)
        });
        self.run(TRANSACTION);
        response
    }

    /// SETUP.
    pub fn setup(&mut self, data: [u8; 8]) -> Handshake {
        self.token(0, |otg, at, around| otg.setup_token(at, data, around))
    }

    /// IN.
    pub fn token_in(&mut self, endpoint: u8, ack: bool) -> InResponse {
        self.token(endpoint, |otg, at, around| otg.in_token(at, ack, around))
    }

    /// OUT.
    pub fn token_out(&mut self, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        self.token(endpoint, |otg, at, around| otg.out_token(at, pid, data, around))
    }

    /// PING.
    pub fn ping(&mut self, endpoint: u8) -> Handshake {
        self.token(endpoint, |otg, at, around| otg.ping(at, around))
    }

    /// Lets endpoint 1 send these bytes in so many packets, and writes the words.
    pub fn send(&mut self, packets: u32, bytes: &[u8]) {
        self.arm(packets, bytes.len() as u32);
        self.fill(bytes);
    }

    /// Enables endpoint 1 IN.
    pub fn arm(&mut self, packets: u32, bytes: u32) {
        self.write(dieptsiz(1), size(packets, bytes));
        self.set(diepctl(1), EPENA | CNAK);
    }

    /// Writes words into the FIFO of endpoint 1, the last one padded.
    pub fn fill(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(4) {
            let mut word = [0xEE; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write(fifo(1), u32::from_le_bytes(word));
        }
    }

    /// Lets endpoint 1 receive so many packets.
    pub fn receive(&mut self, packets: u32) {
        self.write(doeptsiz(1), size(packets, 64 * packets));
        self.set(doepctl(1), EPENA | CNAK);
    }

    /// Reads an entry of the receive FIFO with its data: PKTSTS, endpoint, DPID, bytes.
    pub fn pop(&mut self) -> Option<(u32, u32, u32, Vec<u8>)> {
        if !self.has(GINTSTS, 1 << 4) {
            return None;
        }
        let status = self.read(GRXSTSP);
        let count = (status >> 4 & 0x7FF) as usize;
        let words: Vec<u32> = (0..count.div_ceil(4)).map(|_| self.read(fifo(0))).collect();
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.truncate(count);
        Some((status >> 17 & 0xF, status & 0xF, status >> 15 & 3, bytes))
    }

    /// Every entry of the receive FIFO: PKTSTS and data.
    pub fn pop_all(&mut self) -> Vec<(u32, Vec<u8>)> {
        let mut entries = Vec::new();
        while let Some((status, _, _, bytes)) = self.pop() {
            entries.push((status, bytes));
        }
        entries
    }

    pub fn violations(&self) -> Vec<Violation> {
        self.violations.all().iter().map(|(_, violation)| *violation).collect()
    }
}

/// PKTSTS.
pub const GLOBAL_OUT_NAK: u32 = 1;
pub const OUT_DATA: u32 = 2;
pub const OUT_COMPLETE: u32 = 3;
pub const SETUP_COMPLETE: u32 = 4;
pub const SETUP_DATA: u32 = 6;

pub fn data(pid: Pid, bytes: impl IntoIterator<Item = u8>) -> InResponse {
    InResponse::Data { pid, bytes: bytes.into_iter().collect() }
}
