//! In what the cores of the chips differ.

use crate::cpu::Cycles;

/// How a core finds out about VBUS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sensing {
    /// GCCFG.NOVBUSSENS and VBUSBSEN: cores 1.x.
    NoVbusSens,
    /// GCCFG.VBDEN, or the override in GOTGCTL: cores 2.x and 3.x.
    VbusDetection,
}

/// What drives D+ and D-.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phy {
    /// The full-speed transceiver in the chip.
    Internal,
    /// That, or an external PHY for high speed by ULPI: GUSBCFG.PHYSEL decides.
    InternalOrUlpi,
}

/// One core.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameters {
    /// Words of the FIFO RAM.
    pub fifo_words: u32,
    /// Endpoints in each direction, with EP0.
    pub endpoints: usize,
    /// CID, the product identifier.
    pub core_id: u32,
    /// GSNPSID, the release of the core.
    pub release: u32,
    /// GHWCFG1 to GHWCFG4.
    pub hardware: [u32; 4],
    /// How it finds out about VBUS.
    pub sensing: Sensing,
    /// DCTL.SDIS after a reset.
    pub disconnected_at_reset: bool,
    /// What drives D+ and D-.
    pub phy: Phy,
    /// ES0182, "Transmit data FIFO is corrupted when a write sequence to the FIFO is interrupted with
    /// accesses to certain OTG_FS registers".
    pub fifo_erratum: bool,
    /// Release 3.00a and later: entries of their own say that a SETUP packet was received, and, with STSPHST, that
    /// the status stage of a control write begins; and "SETUP stage done" is not written while STUP or STSPHSRX of
    /// the one before stand in DOEPINT0.
    pub latching: bool,
    /// Cycles of the processor in a second.
    pub frequency: Cycles,
}

impl Parameters {
    /// So many cycles.
    pub const fn microseconds(&self, count: u64) -> Cycles {
        count * self.frequency / 1_000_000
    }

    /// So many cycles.
    pub const fn milliseconds(&self, count: u64) -> Cycles {
        count * self.frequency / 1_000
    }

    /// OTG_FS of the STM32F405, F407, F411 and F429.
    pub const fn otg_fs_1_2(frequency: Cycles) -> Self {
        Self {
            fifo_words: 320,
            endpoints: 4,
            core_id: 0x0000_1200,
            release: 0x4F54_281A,
            hardware: [0, 0x229D_CD20, 0x0200_01E8, 0x0FF0_8030],
            sensing: Sensing::NoVbusSens,
            disconnected_at_reset: false,
            phy: Phy::Internal,
            fifo_erratum: true,
            latching: false,
            frequency,
        }
    }

    /// OTG_HS1 of the STM32H743 and H750.
    pub const fn otg_hs_2_3(frequency: Cycles) -> Self {
        Self {
            fifo_words: 1024,
            endpoints: 9,
            core_id: 0x0000_2300,
            release: 0x4F54_330A,
            hardware: [0, 0x229F_E190, 0x03B8_D2E8, 0xE3F0_0030],
            sensing: Sensing::VbusDetection,
            disconnected_at_reset: true,
            phy: Phy::InternalOrUlpi,
            fifo_erratum: false,
            latching: true,
            frequency,
        }
    }

    /// OTG_HS2 of the STM32H743 and H750: full speed only.
    pub const fn otg_fs_2_3(frequency: Cycles) -> Self {
        Self { phy: Phy::Internal, ..Self::otg_hs_2_3(frequency) }
    }
}
