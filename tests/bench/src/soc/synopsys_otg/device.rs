//! The registers of device mode, DCFG to DOEPTSIZx; those of endpoints are written in `transfers`.

use usbd_acm::Speed;
use usbd_acm_virtual::Pid;

use super::endpoint::{Side, cause};
use super::rx_fifo::{Notice, PacketStatus, Status};
use super::{Otg, Parameters, Pending, Surroundings, interrupt};
use crate::cpu::Cycles;
use crate::soc::Violation;

/// Registers that belong to no endpoint.
#[derive(Clone, Debug)]
pub(super) struct Device {
    /// DCFG without DAD.
    pub config: u32,
    /// DAD, as it was written.
    written_address: u8,
    /// DAD, as tokens must have it.
    pub address: u8,
    /// A SETUP came, and the status stage of its transfer did not end.
    pub control_transfer: bool,
    /// Nothing came after that SETUP.
    pub setup_stage: bool,
    /// Data came after that SETUP, and no IN token yet.
    pub data_stage: bool,
    /// DCTL.SDIS.
    pub soft_disconnect: bool,
    /// DCTL.TCTL and POPRGDNE.
    other_control: u32,
    pub global_in_nak: bool,
    pub global_out_nak: bool,
    /// DSTS.ENUMSPD.
    pub speed: Speed,
    /// DSTS.FNSOF.
    pub frame: u16,
    in_mask: u32,
    out_mask: u32,
    all_mask: u32,
    empty_mask: u32,
}

impl Device {
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            config: 0,
            written_address: 0,
            address: 0,
            control_transfer: false,
            setup_stage: false,
            data_stage: false,
            soft_disconnect: parameters.disconnected_at_reset,
            other_control: 0,
            global_in_nak: false,
            global_out_nak: false,
            speed: Speed::Full,
            frame: 0,
            in_mask: 0,
            out_mask: 0,
            all_mask: 0,
            empty_mask: 0,
        }
    }

    fn write_config(&mut self, value: u32) {
        self.config = value & !0x7F0;
        self.written_address = (value >> 4) as u8 & 0x7F;
        if !self.control_transfer {
            self.address = self.written_address;
        }
    }

    /// The control transfer is over, and with it the old address.
    pub fn end_control_transfer(&mut self) {
        self.control_transfer = false;
        self.setup_stage = false;
        self.address = self.written_address;
    }
}

/// Which endpoint, and which of its registers, at this offset from the first one's.
fn place(offset: u32) -> (usize, u32) {
    (offset as usize >> 5, offset & 0x1F)
}

/// Reading.
impl Otg {
    pub(super) fn read_device(&self, offset: u32) -> u32 {
        let device = &self.device;
        match offset {
            0x800 => device.config | u32::from(device.written_address) << 4,
            0x804 => self.read_device_control(),
            0x808 => self.read_status(),
            0x810 => device.in_mask,
            0x814 => device.out_mask,
            0x818 => self.endpoint_interrupts(),
            0x81C => device.all_mask,
            0x834 => device.empty_mask,
            0x900..0xB00 => self.read_in(place(offset - 0x900)),
            0xB00..0xD00 => self.read_out(place(offset - 0xB00)),
            _ => 0,
        }
    }

    fn read_device_control(&self) -> u32 {
        let device = &self.device;
        u32::from(self.power.wakeup.is_some())
            | u32::from(device.soft_disconnect) << 1
            | u32::from(device.global_in_nak) << 2
            | u32::from(device.global_out_nak) << 3
            | device.other_control
    }

    /// DSTS.
    fn read_status(&self) -> u32 {
        let speed = match (self.device.speed, self.has_internal_phy()) {
            (Speed::High, _) => 0,
            (Speed::Full, false) => 1,
            (Speed::Full, true) => 3,
        };
        u32::from(self.device.frame) << 8 | speed << 1 | u32::from(self.power.suspended)
    }

    fn read_in(&self, (number, register): (usize, u32)) -> u32 {
        let Some(endpoint) = self.ins.get(number) else { return 0 };
        match register {
            0x00 => endpoint.read_control(),
            0x08 => self.in_interrupts(number),
            0x10 => endpoint.read_transfer(),
            0x18 => self.tx_free(endpoint.fifo),
            _ => 0,
        }
    }

    fn read_out(&self, (number, register): (usize, u32)) -> u32 {
        let Some(endpoint) = self.outs.get(number) else { return 0 };
        match register {
            0x00 => endpoint.read_control(),
            0x08 => endpoint.interrupts,
            0x10 => endpoint.read_transfer(),
            _ => 0,
        }
    }

    /// DTXFSTSx.
    fn tx_free(&self, fifo: usize) -> u32 {
        self.tx.get(fifo).map_or(0, |tx| tx.free(self.tx_depth(fifo)))
    }

    /// DIEPINTx, with TXFE as GAHBCFG.TXFELVL has it: empty, or half empty.
    fn in_interrupts(&self, number: usize) -> u32 {
        let endpoint = &self.ins[number];
        let (free, depth) = (self.tx_free(endpoint.fifo), self.tx_depth(endpoint.fifo));
        let wanted = if self.global.ahb_config & 1 << 7 != 0 { depth } else { depth / 2 };
        endpoint.interrupts | if free >= wanted { cause::TXFE } else { 0 }
    }

    /// DAINT.
    pub(super) fn endpoint_interrupts(&self) -> u32 {
        let device = &self.device;
        let mut bits = 0;
        for (number, endpoint) in self.ins.iter().enumerate() {
            let waits = device.empty_mask & 1 << number != 0;
            let empty = waits && self.in_interrupts(number) & cause::TXFE != 0;
            bits |= u32::from(empty || endpoint.interrupts & device.in_mask != 0) << number;
        }
        for (number, endpoint) in self.outs.iter().enumerate() {
            bits |= u32::from(endpoint.interrupts & device.out_mask != 0) << (16 + number);
        }
        bits
    }

    /// GINTSTS.IEPINT and OEPINT.
    pub(super) fn endpoints_interrupt(&self) -> u32 {
        let bits = self.endpoint_interrupts() & self.device.all_mask;
        let ins = if bits & 0xFFFF != 0 { interrupt::IEPINT } else { 0 };
        ins | if bits >> 16 != 0 { interrupt::OEPINT } else { 0 }
    }
}

/// Writing.
impl Otg {
    pub(super) fn write_device(
        &mut self,
        offset: u32,
        value: u32,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        match offset {
            0x800 => self.device.write_config(value),
            0x804 => self.write_device_control(value, now, around),
            0x810 => self.device.in_mask = value,
            0x814 => self.device.out_mask = value,
            0x81C => self.device.all_mask = value,
            0x834 => self.device.empty_mask = value,
            0x900..0xB00 => {
                self.write_endpoint(Side::In, place(offset - 0x900), value, now, around);
            }
            0xB00..0xD00 => {
                self.write_endpoint(Side::Out, place(offset - 0xB00), value, now, around);
            }
            _ => {}
        }
    }

    fn write_device_control(&mut self, value: u32, now: Cycles, around: &mut Surroundings<'_>) {
        self.set_wakeup(value & 1 != 0, now, around);
        self.device.soft_disconnect = value & 2 != 0;
        self.device.other_control = value & 0x870;
        if value & 1 << 8 != 0 {
            self.device.global_in_nak = false;
            self.schedule.cancel(Pending::GlobalInNak);
            self.global.clear(interrupt::GINAKEFF);
        }
        if value & 1 << 10 != 0 {
            self.device.global_out_nak = false;
            self.schedule.cancel(Pending::GlobalOutNak);
            self.global.clear(interrupt::GONAKEFF);
        }
        if value & 1 << 7 != 0 {
            self.device.global_in_nak = true;
            let at = self.soon(now);
            self.schedule.add(at, Pending::GlobalInNak);
        }
        if value & 1 << 9 != 0 {
            self.ask_for_global_out_nak(now);
        }
    }

    /// SGONAK.
    fn ask_for_global_out_nak(&mut self, now: Cycles) {
        if !std::mem::replace(&mut self.device.global_out_nak, true) {
            let at = now + self.parameters.microseconds(1200);
            self.schedule.add(at, Pending::GlobalOutNak);
        }
    }

    /// GONAKEFF comes when this entry is read from the receive FIFO (§34.17.6).
    pub(super) fn tell_of_global_out_nak(&mut self, now: Cycles, around: &mut Surroundings<'_>) {
        self.push_status(PacketStatus::GlobalOutNak, 0, Pid::Data0, &[], now, around);
    }

    /// Adds an entry to the receive FIFO.
    pub(super) fn push_status(
        &mut self,
        status: PacketStatus,
        endpoint: usize,
        pid: Pid,
        data: &[u8],
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        let frame = self.device.frame;
        let bytes = data.len();
        let entry = Status { status, endpoint, bytes, pid, frame, notice: Notice::None };
        self.push(entry, data, now, around);
    }

    pub(super) fn push(
        &mut self,
        entry: Status,
        data: &[u8],
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        if !self.rx.push(self.global.rx_size, entry, data) {
            around.log(now, Violation::RxFifoOverflow);
        }
    }
}
