//! The register file (product specification, USBD: registers).

use usbd_acm_virtual::Pid;

use super::endpoint::OutBuffer;
use super::{Surroundings, Usbd, log};
use crate::cpu::Cycles;
use crate::soc::Violation;

impl Usbd {
    pub(in super::super) fn read(
        &mut self,
        offset: u32,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) -> u32 {
        match offset {
            0x400 => self.event_cause,
            0x420..0x440 => u32::from(self.ins[index(offset, 0x420)].halted),
            0x444..0x464 => u32::from(self.outs[index(offset, 0x444)].halted),
            0x468 => self.endpoint_status,
            0x46C => self.data_status,
            0x470 => u32::from(self.address),
            0x480..0x4A0 => u32::from(self.setup[index(offset, 0x480)]),
            0x4A0..0x4C0 => self.read_size(index(offset, 0x4A0), now, around),
            // SIZE.ISOOUT: nothing was received.
            0x4C0 => 1 << 16,
            0x500 => u32::from(self.power.enabled),
            0x504 => u32::from(self.power.pull_up),
            0x508 => self.power.dpdm_value,
            0x50C => self.read_toggle(),
            0x510 => self.in_enabled,
            0x514 => self.out_enabled,
            0x51C => self.iso_split,
            0x520 => u32::from(self.frame),
            0x52C => u32::from(self.power.low_power),
            0x530 => self.iso_in_config,
            0x600..0x6A0 => self.read_pointer(offset - 0x600, true),
            0x700..0x7A0 => self.read_pointer(offset - 0x700, false),
            0x6A0..0x6AC => self.isochronous[index(offset, 0x6A0)],
            0x7A0..0x7AC => self.isochronous[index(offset, 0x7A0) + 4],
            0x800 | 0x804 | 0xC1C => self.errata.read_usbd(offset),
            _ => self.events.read(offset).unwrap_or(0),
        }
    }

    pub(in super::super) fn write(
        &mut self,
        offset: u32,
        value: u32,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        match offset {
            0x000..0x100 if value & 1 != 0 => self.task(offset, now, around),
            0x400 => self.event_cause &= !value,
            0x468 => self.endpoint_status &= !value,
            0x46C => self.data_status &= !value,
            0x4A0..0x4C0 => self.write_size(index(offset, 0x4A0), now, around),
            0x500 => self.set_enabled(value & 1 != 0, now),
            0x504 => self.set_pull_up(value & 1 != 0, now, around),
            0x508 => self.power.dpdm_value = value & 0x1F,
            0x50C => self.write_toggle(value),
            0x510 => self.enable_ins(value & 0x1FF),
            0x514 => self.enable_outs(value & 0x1FF),
            0x518 => self.write_stall(value),
            0x51C => self.iso_split = value,
            0x52C => self.set_low_power(value & 1 != 0, now, around),
            0x530 => self.iso_in_config = value,
            0x600..0x6A0 => {
                self.write_pointer((offset - 0x600, true), value, now, around);
            }
            0x700..0x7A0 => {
                self.write_pointer((offset - 0x700, false), value, now, around);
            }
            0x6A0..0x6AC => self.isochronous[index(offset, 0x6A0)] = value,
            0x7A0..0x7AC => self.isochronous[index(offset, 0x7A0) + 4] = value,
            0x800 | 0x804 | 0xC1C => match self.errata.write_usbd(offset, value) {
                Some(0) => self.ep0.in_packet = None,
                Some(number) => self.ins[number].packet = None,
                None => {}
            },
            _ => {
                self.events.write(offset, value);
            }
        }
    }

    fn enable_ins(&mut self, enabled: u32) {
        self.in_enabled = enabled;
    }

    /// An OUT endpoint that was just enabled NAKs until its SIZE is written.
    fn enable_outs(&mut self, enabled: u32) {
        let fresh = enabled & !self.out_enabled;
        for (number, endpoint) in self.outs.iter_mut().enumerate().skip(1) {
            if fresh & 1 << number != 0 {
                endpoint.buffer = OutBuffer::Closed;
            }
        }
        self.out_enabled = enabled;
    }

    /// Not valid while EasyDMA is at work; it reads 0 then.
    fn read_size(&mut self, number: usize, now: Cycles, around: &mut Surroundings<'_>) -> u32 {
        if self.dma.is_some() {
            log(around, now, Violation::SizeReadDuringDma);
            return 0;
        }
        self.outs[number].size
    }

    /// Any write makes the endpoint take the next packet, whatever it has.
    fn write_size(&mut self, number: usize, now: Cycles, around: &mut Surroundings<'_>) {
        if number == 0 {
            return;
        }
        let endpoint = &mut self.outs[number];
        if matches!(endpoint.buffer, OutBuffer::Full(_)) {
            log(around, now, Violation::SizeOverUnreadPacket);
        }
        endpoint.buffer = OutBuffer::Free;
    }

    /// Endpoint number and whether it is IN, as in DTOGGLE and EPSTALL.
    fn selected(selection: u32) -> (usize, bool) {
        (selection as usize & 7, selection & 0x80 != 0)
    }

    fn read_toggle(&self) -> u32 {
        let (number, is_in) = Self::selected(self.toggle_selection);
        let toggle = if is_in { self.ins[number].toggle } else { self.outs[number].toggle };
        let value = if toggle == Pid::Data0 { 1 } else { 2 };
        self.toggle_selection & 0x87 | value << 8
    }

    fn write_toggle(&mut self, value: u32) {
        self.toggle_selection = value & 0x87;
        let (number, is_in) = Self::selected(value);
        let toggle = match value >> 8 & 3 {
            1 => Pid::Data0,
            2 => Pid::Data1,
            _ => return,
        };
        if is_in {
            self.ins[number].toggle = toggle;
        } else {
            self.outs[number].toggle = toggle;
        }
    }

    fn write_stall(&mut self, value: u32) {
        let (number, is_in) = Self::selected(value);
        let halted = value & 0x100 != 0;
        if is_in {
            self.ins[number].halted = halted;
        } else {
            self.outs[number].halted = halted;
        }
    }

    fn read_pointer(&self, offset: u32, is_in: bool) -> u32 {
        let Some((number, register)) = pointer_place(offset) else { return 0 };
        let pointer = if is_in { self.ins[number].pointer } else { self.outs[number].pointer };
        match register {
            0 => pointer.address,
            4 => pointer.count,
            8 => pointer.amount,
            _ => 0,
        }
    }

    fn write_pointer(
        &mut self,
        (offset, is_in): (u32, bool),
        value: u32,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        let Some((number, register)) = pointer_place(offset) else { return };
        if self.dma.as_ref().is_some_and(|dma| dma.may_read_pointer(number, is_in)) {
            log(around, now, Violation::PointerBeforeStarted);
        }
        let pointer = match is_in {
            true => &mut self.ins[number].pointer,
            false => &mut self.outs[number].pointer,
        };
        match register {
            0 => pointer.address = value,
            4 => pointer.count = value & 0x7F,
            _ => {}
        }
    }
}

const fn index(offset: u32, first: u32) -> usize {
    ((offset - first) / 4) as usize
}

/// Endpoint number and offset within its PTR, MAXCNT, AMOUNT.
fn pointer_place(offset: u32) -> Option<(usize, u32)> {
    let number = offset as usize / 0x14;
    (number < 8).then_some((number, offset % 0x14))
}
