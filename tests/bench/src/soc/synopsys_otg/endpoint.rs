//! One endpoint of one direction, as its registers show it.

use usbd_acm_virtual::Pid;

/// Bits of DIEPINTx and DOEPINTx.
pub(super) mod cause {
    pub const XFRC: u32 = 1 << 0;
    pub const EPDISD: u32 = 1 << 1;
    pub const STUP: u32 = 1 << 3;
    pub const ITTXFE: u32 = 1 << 4;
    pub const OTEPDIS: u32 = 1 << 4;
    pub const STSPHSRX: u32 = 1 << 5;
    pub const INEPNE: u32 = 1 << 6;
    pub const B2BSTUP: u32 = 1 << 6;
    pub const TXFE: u32 = 1 << 7;
    pub const STPKTRX: u32 = 1 << 15;
}

/// Bits of DIEPCTLx and DOEPCTLx.
pub(super) mod control {
    pub const USBAEP: u32 = 1 << 15;
    pub const STALL: u32 = 1 << 21;
    pub const CNAK: u32 = 1 << 26;
    pub const SNAK: u32 = 1 << 27;
    pub const SD0PID: u32 = 1 << 28;
    pub const SD1PID: u32 = 1 << 29;
    pub const EPDIS: u32 = 1 << 30;
    pub const EPENA: u32 = 1 << 31;
}

/// Whose registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// DIEP…
    In,
    /// DOEP…
    Out,
}

/// DIEPTSIZx or DOEPTSIZx.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Transfer {
    /// XFRSIZ, bytes.
    pub bytes: u32,
    /// PKTCNT.
    pub packets: u32,
    /// STUPCNT of EP0 OUT, MCNT of IN endpoints.
    pub count: u32,
}

/// An endpoint.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    number: usize,
    /// USBAEP.
    pub active: bool,
    /// EPTYP.
    kind: u32,
    /// MPSIZ as it was written.
    packet_size: u32,
    /// STALL.
    pub stalled: bool,
    /// NAKSTS.
    pub nak: bool,
    pub toggle: Pid,
    /// EPENA.
    pub enabled: bool,
    /// EPDIS, until it is done.
    pub disabling: bool,
    /// TXFNUM, of an IN endpoint.
    pub fifo: usize,
    /// DIEPINTx or DOEPINTx, but for TXFE.
    pub interrupts: u32,
    pub transfer: Transfer,
    /// The transfer of this IN endpoint is a zero-length packet.
    pub zero_length: bool,
}

impl Endpoint {
    pub fn new(number: usize) -> Self {
        Self {
            number,
            active: number == 0,
            kind: 0,
            packet_size: 0,
            stalled: false,
            nak: false,
            toggle: Pid::Data0,
            enabled: false,
            disabling: false,
            fifo: 0,
            interrupts: 0,
            transfer: Transfer::default(),
            zero_length: false,
        }
    }

    /// EP0.
    pub fn is_control(&self) -> bool {
        self.number == 0
    }

    /// Bytes of the largest packet.
    pub fn max_packet(&self) -> u32 {
        match (self.number, self.packet_size & 3) {
            (0, code) => 64 >> code,
            _ => self.packet_size,
        }
    }

    /// Packets of this many bytes, at least one.
    pub fn packets_of(&self, bytes: u32) -> u32 {
        bytes.div_ceil(self.max_packet().max(1)).max(1)
    }

    pub fn read_control(&self) -> u32 {
        let bit = |set: bool, bit: u32| if set { bit } else { 0 };
        self.packet_size
            | bit(self.active, control::USBAEP)
            | bit(self.toggle == Pid::Data1, 1 << 16)
            | bit(self.nak, 1 << 17)
            | self.kind << 18
            | bit(self.stalled, control::STALL)
            | (self.fifo as u32) << 22
            | bit(self.disabling, control::EPDIS)
            | bit(self.enabled, control::EPENA)
    }

    /// What a write sets at once: everything but NAK, EPDIS and EPENA.
    pub fn write_fields(&mut self, side: Side, value: u32) {
        if side == Side::In {
            self.fifo = value as usize >> 22 & 0xF;
        }
        let stall = value & control::STALL != 0;
        if self.number == 0 {
            self.packet_size = value & 3;
            // §34.16.4: the core clears it, with the next SETUP.
            self.stalled |= stall;
            return;
        }
        self.packet_size = value & 0x7FF;
        self.active = value & control::USBAEP != 0;
        self.kind = value >> 18 & 3;
        self.stalled = stall;
        if value & control::SD0PID != 0 {
            self.toggle = Pid::Data0;
        } else if value & control::SD1PID != 0 {
            self.toggle = Pid::Data1;
        }
    }

    pub fn read_transfer(&self) -> u32 {
        self.transfer.count << 29 | self.transfer.packets << 19 | self.transfer.bytes
    }

    /// DIEPTSIZ0 has two bits of PKTCNT, DOEPTSIZ0 one, the others ten.
    pub fn write_transfer(&mut self, side: Side, value: u32) {
        let (bytes, packets) = match (self.number, side) {
            (0, Side::In) => (0x7F, 3),
            (0, Side::Out) => (0x7F, 1),
            _ => (0x7_FFFF, 0x3FF),
        };
        self.transfer = Transfer {
            bytes: value & bytes,
            packets: value >> 19 & packets,
            count: value >> 29 & 3,
        };
        self.zero_length = self.transfer.bytes == 0;
    }

    /// SNAK is done.
    pub fn nak_effective(&mut self, side: Side) {
        self.nak = true;
        if side == Side::In {
            self.interrupts |= cause::INEPNE;
        }
    }

    pub fn clear_nak(&mut self, side: Side) {
        self.nak = false;
        if side == Side::In {
            self.interrupts &= !cause::INEPNE;
        }
    }

    /// EPDIS is done.
    pub fn disabled(&mut self) {
        self.enabled = false;
        self.disabling = false;
        self.interrupts |= cause::EPDISD;
    }
}
