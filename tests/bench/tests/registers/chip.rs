//! A chip without a processor, by its registers and by tokens.

use usbd_acm_bench::soc::nrf52840::{MICROSECOND, Nrf52840};
use usbd_acm_bench::soc::{Chip as _, Memory, Soc as _, Violation};
use usbd_acm_virtual::{Handshake, InResponse, Pid};

use super::{DMA, RAM, STARTEPIN1, STARTEPOUT1, USBD};

/// A transaction takes less.
const TRANSACTION: u64 = 60 * MICROSECOND;

/// RAM, and nothing else.
pub struct Ram(pub Vec<u8>);

impl Memory for Ram {
    fn read(&mut self, address: u32, buffer: &mut [u8]) -> bool {
        let start = (address - RAM) as usize;
        buffer.copy_from_slice(&self.0[start..start + buffer.len()]);
        true
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> bool {
        let start = (address - RAM) as usize;
        self.0[start..start + bytes.len()].copy_from_slice(bytes);
        true
    }
}

/// A chip without a processor.
pub struct Chip {
    pub soc: Nrf52840,
    pub ram: Ram,
    pub now: u64,
}

impl Chip {
    pub fn new() -> Self {
        Self { soc: Nrf52840::new(), ram: Ram((0..=255).collect()), now: 0 }
    }

    /// On the bus: enabled with every workaround, attached, reset, endpoint 1 open both ways.
    pub fn attached() -> Self {
        let mut chip = Self::new();
        chip.soc.set_vbus(true, 0);
        chip.write(0x4000_0000, 1);
        chip.run(2_000 * MICROSECOND);
        chip.enable(true, true);
        assert!(chip.is_ready());
        chip.usbd(0x504, 1);
        chip.soc.usbd.bus_reset();
        chip.usbd(0x510, 3);
        chip.usbd(0x514, 3);
        assert_eq!(chip.soc.violations().all(), []);
        chip
    }

    pub fn enable(&mut self, erratum_171: bool, erratum_187: bool) {
        self.write(0x4006_EC00, 0x9375);
        if erratum_171 {
            self.write(0x4006_EC14, 0xC0);
        }
        if erratum_187 {
            self.write(0x4006_ED14, 3);
        }
        self.write(0x4006_EC00, 0x9375);
        self.usbd(0x500, 1);
        self.run(1_000 * MICROSECOND);
    }

    pub fn is_ready(&mut self) -> bool {
        self.read(USBD + 0x400) & 1 << 11 != 0
    }

    pub fn read(&mut self, address: u32) -> u32 {
        self.soc.read(address, self.now)
    }

    pub fn write(&mut self, address: u32, value: u32) {
        self.soc.write(address, value, self.now);
    }

    pub fn usbd(&mut self, offset: u32, value: u32) {
        self.write(USBD + offset, value);
    }

    pub fn event(&mut self, offset: u32) -> bool {
        let is_raised = self.read(USBD + offset) == 1;
        self.usbd(offset, 0);
        is_raised
    }

    pub fn run(&mut self, cycles: u64) {
        let end = self.now + cycles;
        while let Some(next) = self.soc.next_event().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.soc.advance(self.now, &mut self.ram);
        }
        self.now = end;
        self.soc.advance(end, &mut self.ram);
    }

    pub fn setup(&mut self, data: [u8; 8]) -> Handshake {
        let times = (self.now, self.now + TRANSACTION);
        let address = self.soc.usbd.address();
        let answer =
            self.soc.with_usbd(|usbd, around| usbd.setup_token(address, 0, data, times, around));
        self.run(TRANSACTION);
        answer
    }

    pub fn token_in(&mut self, endpoint: u8, ack: bool) -> InResponse {
        let (now, end) = (self.now, self.now + TRANSACTION);
        let address = self.soc.usbd.address();
        let answer = self.soc.with_usbd(|usbd, around| {
            usbd.in_token(address, endpoint, ack, (now, |_| end), around)
        });
        self.run(TRANSACTION);
        answer
    }

    pub fn token_out(&mut self, endpoint: u8, pid: Pid, data: &[u8]) -> Handshake {
        let times = (self.now, self.now + TRANSACTION);
        let address = self.soc.usbd.address();
        let answer = self.soc.with_usbd(|usbd, around| {
            usbd.out_token(address, endpoint, (pid, data), times, around)
        });
        self.run(TRANSACTION);
        answer
    }

    /// Starts a DMA on endpoint 1 IN with the latch of erratum 199, and lets it end.
    pub fn send(&mut self, offset: u32, count: u32) {
        self.move_packet((0x614, STARTEPIN1), offset, count);
    }

    /// The same of endpoint 1 OUT.
    pub fn receive(&mut self, offset: u32, count: u32) {
        self.move_packet((0x714, STARTEPOUT1), offset, count);
    }

    fn move_packet(&mut self, (register, task): (u32, u32), offset: u32, count: u32) {
        self.point(register, RAM + offset, count);
        self.usbd(0xC1C, 0x82);
        self.usbd(task, 1);
        self.run(DMA);
        self.usbd(0xC1C, 0);
    }

    pub fn point(&mut self, register: u32, address: u32, count: u32) {
        self.usbd(register, address);
        self.usbd(register + 4, count);
    }

    pub fn violations(&self) -> Vec<Violation> {
        self.soc.violations().all().iter().map(|(_, violation)| *violation).collect()
    }
}

pub fn data(pid: Pid, bytes: impl IntoIterator<Item = u8>) -> InResponse {
    InResponse::Data { pid, bytes: bytes.into_iter().collect() }
}
