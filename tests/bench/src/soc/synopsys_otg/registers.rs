//! The global registers, and the way to all others.

use super::endpoint::cause;
use super::rx_fifo::{Notice, PacketStatus, Status, Word};
use super::{Otg, Parameters, Pending, Surroundings, interrupt};
use crate::cpu::Cycles;
use crate::soc::Violation;

/// Bits of GINTSTS that are cleared by writing 1.
const CLEARABLE: u32 = interrupt::MMIS
    | interrupt::SOF
    | interrupt::ESUSP
    | interrupt::USBSUSP
    | interrupt::USBRST
    | interrupt::ENUMDNE
    | interrupt::EOPF
    | interrupt::SRQINT
    | interrupt::WKUPINT
    | 1 << 14
    | 1 << 20
    | 1 << 21
    | 1 << 28
    | 1 << 29;
/// GUSBCFG.FDMOD.
const FDMOD: u32 = 1 << 30;

/// Registers from GOTGCTL to DIEPTXFx.
#[derive(Clone, Debug)]
pub(super) struct Global {
    pub otg_control: u32,
    pub otg_interrupt: u32,
    pub ahb_config: u32,
    pub usb_config: u32,
    pub reset_control: u32,
    raised: u32,
    pub interrupt_mask: u32,
    /// GRXFSIZ.
    pub rx_size: u32,
    /// DIEPTXF0, DIEPTXF1 and so on.
    pub tx_sizes: Vec<u32>,
    /// GCCFG.
    pub core_config: u32,
    core_id: u32,
}

impl Global {
    pub fn new(parameters: &Parameters) -> Self {
        // §34.16.2: a quarter of the RAM each, where the manual does not say otherwise.
        let part = parameters.fifo_words / 4;
        Self {
            otg_control: 0,
            otg_interrupt: 0,
            ahb_config: 0,
            usb_config: 0x0000_1440,
            reset_control: 0,
            raised: 0,
            interrupt_mask: 0,
            rx_size: part,
            tx_sizes: (1..=parameters.endpoints as u32)
                .map(|n| (part << 16) | (part * n))
                .collect(),
            core_config: 0,
            core_id: parameters.core_id,
        }
    }

    pub fn raise(&mut self, bits: u32) {
        self.raised |= bits;
    }

    pub fn clear(&mut self, bits: u32) {
        self.raised &= !bits;
    }

    pub fn has(&self, bits: u32) -> bool {
        self.raised & bits != 0
    }
}

/// Where a register is.
enum Place {
    Global,
    Device,
    ClockGate,
    Fifo(usize),
}

impl Place {
    fn of(offset: u32) -> Self {
        match offset {
            0x000..0x800 => Place::Global,
            0xE00..0x1000 => Place::ClockGate,
            0x1000..0x1_1000 => Place::Fifo((offset as usize >> 12) - 1),
            _ => Place::Device,
        }
    }
}

/// The way in.
impl Otg {
    /// A register is read, at this offset from the core's base.
    pub fn read(&mut self, offset: u32, now: Cycles, around: &mut Surroundings<'_>) -> u32 {
        if !is_clocked(now, around) {
            return 0;
        }
        match Place::of(offset) {
            Place::Global => self.read_global(offset, now, around),
            Place::ClockGate => self.read_clock_gate(),
            Place::Device if self.reaches_device(now, around) => {
                self.interrupts_writing(offset, now, around);
                self.read_device(offset)
            }
            Place::Fifo(_) if self.reaches_device(now, around) => self.read_fifo(now, around),
            Place::Device | Place::Fifo(_) => 0,
        }
    }

    /// A register is written.
    pub fn write(&mut self, offset: u32, value: u32, now: Cycles, around: &mut Surroundings<'_>) {
        if !is_clocked(now, around) {
            return;
        }
        match Place::of(offset) {
            Place::Global => self.write_global(offset, value, now, around),
            Place::ClockGate => self.write_clock_gate(value, now, around),
            Place::Device if self.reaches_device(now, around) => {
                self.interrupts_writing(offset, now, around);
                self.write_device(offset, value, now, around);
            }
            Place::Fifo(number) if self.reaches_device(now, around) => {
                self.write_fifo(number, value, now, around);
            }
            Place::Device | Place::Fifo(_) => {}
        }
    }

    /// The registers of device mode are there in device mode, while the PHY clock runs.
    fn reaches_device(&mut self, now: Cycles, around: &mut Surroundings<'_>) -> bool {
        if self.power.clock_stopped {
            around.log(now, Violation::RegisterWhileClockStopped);
            return false;
        }
        if !self.is_device() {
            around.log(now, Violation::ModeMismatch);
            self.global.raise(interrupt::MMIS);
            return false;
        }
        true
    }

    /// The erratum: an access to a register of an endpoint between the words of a packet.
    fn interrupts_writing(&mut self, offset: u32, now: Cycles, around: &mut Surroundings<'_>) {
        if !self.parameters.fifo_erratum || offset < 0x900 {
            return;
        }
        for fifo in self.tx.iter_mut().filter(|fifo| fifo.is_being_written()) {
            fifo.corrupt();
            around.log(now, Violation::FifoWriteInterrupted);
        }
    }
}

fn is_clocked(now: Cycles, around: &mut Surroundings<'_>) -> bool {
    if !around.clocked {
        around.log(now, Violation::RegisterWithoutClock);
    }
    around.clocked
}

/// Global registers.
impl Otg {
    fn read_global(&mut self, offset: u32, now: Cycles, around: &mut Surroundings<'_>) -> u32 {
        let global = &self.global;
        match offset {
            0x000 => self.read_otg_control(),
            0x004 => global.otg_interrupt,
            0x008 => global.ahb_config,
            0x00C => global.usb_config,
            // AHBIDL: there is no DMA.
            0x010 => global.reset_control | 1 << 31,
            0x014 => self.interrupts(),
            0x018 => global.interrupt_mask,
            0x01C => self.rx.peek().map_or(0, Word::value),
            0x020 => self.pop_status(now, around),
            0x024 => global.rx_size,
            0x028 => global.tx_sizes.first().copied().unwrap_or(0),
            0x038 => global.core_config,
            0x03C => global.core_id,
            0x040 => self.parameters.release,
            0x044..0x054 => self.parameters.hardware[(offset as usize - 0x044) / 4],
            0x104..0x140 => global.tx_sizes.get(tx_index(offset)).copied().unwrap_or(0),
            _ => 0,
        }
    }

    fn write_global(
        &mut self,
        offset: u32,
        value: u32,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        match offset {
            0x000 => {
                self.global.otg_control = value & 0xFFFF;
                self.update_session();
            }
            0x004 => self.global.otg_interrupt &= !value,
            0x008 => self.global.ahb_config = value,
            0x00C => self.write_usb_config(value, now),
            0x010 => self.write_reset_control(value, now, around),
            0x014 => self.global.clear(value & CLEARABLE),
            0x018 => self.global.interrupt_mask = value,
            0x024 => self.global.rx_size = value & 0xFFFF,
            0x028 => self.write_tx_size(0, value),
            0x038 => {
                self.global.core_config = value;
                self.update_session();
            }
            0x03C => self.global.core_id = value,
            0x104..0x140 => self.write_tx_size(tx_index(offset), value),
            _ => {}
        }
    }

    fn write_tx_size(&mut self, fifo: usize, value: u32) {
        if let Some(size) = self.global.tx_sizes.get_mut(fifo) {
            *size = value;
        }
    }

    /// GINTSTS.
    pub(super) fn interrupts(&self) -> u32 {
        let mut bits = self.global.raised | self.endpoints_interrupt();
        if self.rx.has_entry() {
            bits |= interrupt::RXFLVL;
        }
        if self.global.otg_interrupt != 0 {
            bits |= interrupt::OTGINT;
        }
        // CMOD, and the FIFOs of host mode, which are empty.
        bits | u32::from(!self.is_device()) | 1 << 5 | 1 << 26
    }

    /// GUSBCFG: a forced mode takes 25 ms (§34.16.2).
    fn write_usb_config(&mut self, value: u32, now: Cycles) {
        let before = self.global.usb_config;
        self.global.usb_config = value;
        if !before & value & FDMOD != 0 {
            self.schedule.add(now + self.parameters.milliseconds(25), Pending::Mode);
        } else if value & FDMOD == 0 {
            self.power.forced = false;
            self.schedule.cancel(Pending::Mode);
        }
    }

    fn write_reset_control(&mut self, value: u32, now: Cycles, around: &mut Surroundings<'_>) {
        if value & 1 != 0 {
            self.core_reset(now);
            return;
        }
        let (receive, transmit) = (value & 1 << 4 != 0, value & 1 << 5 != 0);
        if !receive && !transmit {
            return;
        }
        if receive {
            self.rx.flush();
        }
        if transmit {
            self.flush_tx(value as usize >> 6 & 0x1F, now, around);
        }
        self.global.reset_control = value & (1 << 4 | 1 << 5 | 0x1F << 6);
        let done = self.soon(now);
        self.schedule.add(done, Pending::Flushed);
    }

    /// TXFNUM 16 is all of them. §34.16.2: not while the core reads from it.
    fn flush_tx(&mut self, number: usize, now: Cycles, around: &mut Surroundings<'_>) {
        for (index, fifo) in self.tx.iter_mut().enumerate() {
            if number != 16 && number != index {
                continue;
            }
            fifo.flush();
            let mut users = self.ins.iter().filter(|endpoint| endpoint.fifo == index);
            if users.any(|endpoint| endpoint.active && endpoint.enabled && !endpoint.nak) {
                around.log(now, Violation::FlushWhileEnabled);
            }
        }
    }
}

const fn tx_index(offset: u32) -> usize {
    (offset as usize - 0x104) / 4 + 1
}

/// The FIFOs.
impl Otg {
    /// GRXSTSP.
    fn pop_status(&mut self, now: Cycles, around: &mut Surroundings<'_>) -> u32 {
        let Some(word) = self.rx.pop() else {
            around.log(now, Violation::RxFifoPopEmpty);
            return 0;
        };
        match word {
            Word::Status(status) => self.popped(status),
            Word::Data(_) => around.log(now, Violation::RxStatusOverData),
        }
        word.value()
    }

    /// §34.17.6: some entries interrupt when they are read.
    fn popped(&mut self, status: Status) {
        let notice = match status.notice {
            Notice::None => 0,
            Notice::SetupReceived => cause::STPKTRX,
            Notice::StatusStage => cause::STSPHSRX,
        };
        if notice != 0 {
            self.outs[0].interrupts |= notice;
            return;
        }
        let interrupts = match status.status {
            PacketStatus::OutComplete => cause::XFRC,
            PacketStatus::SetupComplete => cause::STUP,
            PacketStatus::GlobalOutNak => {
                self.global.raise(interrupt::GONAKEFF);
                return;
            }
            PacketStatus::OutData | PacketStatus::SetupData => return,
        };
        let endpoint = &mut self.outs[status.endpoint];
        endpoint.interrupts |= interrupts;
        endpoint.enabled = false;
    }

    /// Every FIFO reads from the receive FIFO.
    fn read_fifo(&mut self, now: Cycles, around: &mut Surroundings<'_>) -> u32 {
        match self.rx.pop() {
            None => around.log(now, Violation::RxFifoPopEmpty),
            Some(Word::Status(_)) => around.log(now, Violation::RxDataOverStatus),
            Some(Word::Data(word)) => return word,
        }
        0
    }

    fn write_fifo(&mut self, number: usize, word: u32, now: Cycles, around: &mut Surroundings<'_>) {
        let Some(endpoint) = self.ins.get_mut(number) else { return };
        let length = endpoint.transfer.bytes.min(endpoint.max_packet());
        if !endpoint.enabled || length == 0 {
            around.log(now, Violation::TxFifoWithoutTransfer);
            return;
        }
        let fifo = endpoint.fifo;
        let depth = self.tx_depth(fifo);
        let Some(tx) = self.tx.get_mut(fifo) else { return };
        if tx.free(depth) == 0 {
            around.log(now, Violation::TxFifoOverflow);
        } else if tx.write(word, length as usize) {
            self.ins[number].transfer.bytes -= length;
        }
    }
}
