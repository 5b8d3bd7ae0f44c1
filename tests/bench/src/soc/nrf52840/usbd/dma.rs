//! Tasks, and EasyDMA between RAM and the buffers of the endpoints.

use super::endpoint::{OutBuffer, Stage};
use super::{Surroundings, Usbd, event, log, short};
use crate::cpu::Cycles;
use crate::soc::nrf52840::Nrf52840;
use crate::soc::{Memory, Soc, Violation};

/// Cycles of a DMA: the manual has no figure. A start that takes a microsecond, and a word in four
/// cycles of the processor, which is one of the 16 MHz of the peripherals.
const SETUP: Cycles = 64;
const WORD: Cycles = 4;

/// Bytes in the buffer of an endpoint.
const BUFFER: u32 = 64;

/// A DMA under way.
#[derive(Clone, Debug)]
pub struct Dma {
    pub end: Cycles,
    /// Until then PTR and MAXCNT of its endpoint may still be read; from then on STARTED says that they
    /// were. The manual has no figure: the longest that is possible, before the first byte moves.
    captured: Option<Cycles>,
    number: usize,
    is_in: bool,
    /// Of EP0: the transfer that it is of.
    transfer: u32,
    address: u32,
    count: u32,
}

impl Dma {
    /// What happens next to it.
    pub fn next_event(&self) -> Cycles {
        self.captured.unwrap_or(self.end)
    }

    /// Whether it may still read PTR and MAXCNT of this endpoint.
    pub fn may_read_pointer(&self, number: usize, is_in: bool) -> bool {
        self.captured.is_some() && (self.number, self.is_in) == (number, is_in)
    }
}

impl Usbd {
    /// A task at this offset.
    pub(super) fn task(&mut self, offset: u32, now: Cycles, around: &mut Surroundings<'_>) {
        if !self.power.ready {
            return log(around, now, Violation::TaskBeforeReady);
        }
        if self.dma.is_some() && !self.errata.lets_tasks_through() {
            return log(around, now, Violation::TaskDuringDma);
        }
        if self.power.low_power && !matches!(offset, 0x058 | 0x05C) {
            return log(around, now, Violation::TaskInLowPower);
        }
        match offset {
            0x004..0x024 => self.start_dma((offset as usize - 0x004) / 4, true, now, around),
            0x028..0x048 => self.start_dma((offset as usize - 0x028) / 4, false, now, around),
            0x04C => self.receive_on_ep0(),
            0x050 => self.ep0.status = true,
            0x054 => self.ep0.stage = Stage::Stalled,
            0x058 => self.drive_lines(true, now, around),
            0x05C => self.drive_lines(false, now, around),
            _ => {}
        }
    }

    pub(super) fn receive_on_ep0(&mut self) {
        self.ep0.receives = true;
    }

    pub(super) fn start_dma(
        &mut self,
        number: usize,
        is_in: bool,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        if self.dma.is_some() {
            return log(around, now, Violation::DmaDuringDma);
        }
        self.statistics.dma_transfers += 1;
        if !self.errata.lets_tasks_through() {
            self.statistics.dma_without_erratum_199 += 1;
        }
        let (pointer, count) = match is_in {
            true => (self.ins[number].pointer, self.ins[number].pointer.count),
            false => (self.outs[number].pointer, self.out_count(number, now, around)),
        };
        if is_in && count > BUFFER {
            log(around, now, Violation::InTooLong);
        }
        let count = count.min(BUFFER);
        let captured = now + SETUP;
        let end = captured + Cycles::from(count.div_ceil(4)) * WORD;
        let transfer = self.ep0.transfer;
        let (captured, address) = (Some(captured), pointer.address);
        self.dma = Some(Dma { end, captured, number, is_in, transfer, address, count });
    }

    /// STARTED, when PTR and MAXCNT of the endpoint may be written anew.
    pub(super) fn confirm_capture(&mut self, now: Cycles) {
        let Some(dma) = &mut self.dma else { return };
        if dma.captured.take_if(|at| *at <= now).is_some() {
            let bit = if dma.is_in { dma.number } else { dma.number + 16 };
            self.endpoint_status |= 1 << bit;
            self.events.raise(event::STARTED);
        }
    }

    /// Bytes that a DMA from this OUT endpoint moves.
    fn out_count(&mut self, number: usize, now: Cycles, around: &mut Surroundings<'_>) -> u32 {
        let packet = match number {
            0 => self.ep0.out_packet.as_ref(),
            _ => match &self.outs[number].buffer {
                OutBuffer::Full(packet) => Some(packet),
                _ => None,
            },
        };
        let Some(packet) = packet else {
            log(around, now, Violation::OutWithoutPacket);
            return 0;
        };
        let size = u32::try_from(packet.len()).unwrap_or(BUFFER);
        let count = self.outs[number].pointer.count;
        if count < size {
            log(around, now, Violation::OutTooShort);
        }
        count.min(size)
    }

    pub(super) fn end_dma(
        &mut self,
        now: Cycles,
        memory: &mut dyn Memory,
        around: &mut Surroundings<'_>,
    ) {
        let Some(dma) = self.dma.take() else { return };
        let usable = self.check_memory(&dma, now, around);
        if dma.is_in {
            self.end_in(&dma, usable, now, memory, around);
        } else {
            self.end_out(&dma, usable, memory);
        }
    }

    fn check_memory(&self, dma: &Dma, now: Cycles, around: &mut Surroundings<'_>) -> bool {
        let within = |region: &crate::soc::Region| region.contains(dma.address, dma.count);
        if dma.count == 0 || Nrf52840::RAM.iter().any(within) {
            return true;
        }
        let violation = match within(&Nrf52840::FLASH) {
            true => Violation::DmaFromFlash,
            false => Violation::DmaOutsideRam,
        };
        log(around, now, violation);
        false
    }

    /// RAM to buffer; what cannot be read is sent as zeros.
    fn end_in(
        &mut self,
        dma: &Dma,
        usable: bool,
        now: Cycles,
        memory: &mut dyn Memory,
        around: &mut Surroundings<'_>,
    ) {
        let mut packet = vec![0; dma.count as usize];
        if usable && !packet.is_empty() {
            memory.read(dma.address, &mut packet);
        }
        self.ins[dma.number].pointer.amount = dma.count;
        let is_over = dma.number == 0 && dma.transfer != self.ep0.transfer;
        let place = match dma.number {
            0 => &mut self.ep0.in_packet,
            number => &mut self.ins[number].packet,
        };
        if place.is_some() {
            log(around, now, Violation::InOverWaitingPacket);
        }
        if !is_over {
            *place = Some(packet);
        }
        self.events.raise(event::ENDEPIN0 + dma.number as u32);
    }

    /// Buffer to RAM; the buffer is free for the next packet then.
    fn end_out(&mut self, dma: &Dma, usable: bool, memory: &mut dyn Memory) {
        let number = dma.number;
        let packet = match number {
            0 => self.ep0.out_packet.take(),
            _ => match std::mem::take(&mut self.outs[number].buffer) {
                OutBuffer::Full(packet) => {
                    self.outs[number].buffer = OutBuffer::Free;
                    Some(packet)
                }
                // Nothing had come, or a bus reset took it away.
                other => {
                    self.outs[number].buffer = other;
                    None
                }
            },
        };
        let bytes = packet.as_deref().and_then(|packet| packet.get(..dma.count as usize));
        if let (true, Some(bytes)) = (usable, bytes) {
            memory.write(dma.address, bytes);
        }
        self.outs[number].pointer.amount = dma.count;
        self.events.raise(event::ENDEPOUT0 + number as u32);
        if number == 0 {
            self.take_ep0_shorts();
        }
    }

    /// ENDEPOUT0 starts tasks.
    fn take_ep0_shorts(&mut self) {
        if self.events.has_short(short::ENDEPOUT0_EP0STATUS) {
            self.ep0.status = true;
        }
        if self.events.has_short(short::ENDEPOUT0_EP0RCVOUT) {
            self.receive_on_ep0();
        }
    }
}
