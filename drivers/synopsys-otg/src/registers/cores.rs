//! The cores that are known, and what tells one from the other.

use usbd_acm::EndpointSet;

/// The transceiver of a core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phy {
    /// The one on the chip, for full speed.
    FullSpeed,
    /// One for high speed, connected by ULPI.
    Ulpi,
}

/// What a core looks at VBUS with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Generation {
    /// CID 0x1xxx: GCCFG has VBUSBSEN and NOVBUSSENS.
    One,
    /// CID 0x2xxx and later: GCCFG has VBDEN, and GOTGCTL says in its place that VBUS is valid.
    Two,
}

impl Generation {
    /// By the register CID, which is 0x1200 after reset in RM0090 and 0x2300 in RM0433. Other chips have 0x1100,
    /// 0x2000, 0x2100, 0x3000 and 0x3100.
    pub(crate) const fn of(cid: u32) -> Self {
        match cid {
            ..0x2000 => Self::One,
            _ => Self::Two,
        }
    }
}

/// A Synopsys OTG core in a chip. Another chip's is described by implementing this.
///
/// # Safety
/// At `BASE` there is such a core, with at least these endpoints and words of RAM, and `INTERRUPT` is
/// the one of it.
pub unsafe trait Core {
    /// Address of its registers.
    const BASE: u32;
    /// Number of its interrupt in the NVIC.
    const INTERRUPT: u16;
    /// Words of 32 bits in its packet RAM.
    const FIFO_WORDS: u16;
    /// Endpoints in each direction beside EP0.
    const ENDPOINT_NUMBERS: u8;
    /// The transceiver that is used.
    const PHY: Phy;

    /// The endpoints, as `descriptors!` is to be given them.
    const ENDPOINTS: EndpointSet = EndpointSet::first(Self::ENDPOINT_NUMBERS);
}

/// The cores of STM32F401, F405, F407, F411, F415, F417, F427, F429, F437, F439 (RM0090, RM0383).
pub mod stm32f4 {
    use super::{Core, Phy};

    /// OTG_FS.
    #[derive(Debug)]
    pub struct OtgFs;

    // SAFETY: RM0090 §2.3, table 61 and §34.1: address, interrupt 67, 1.25 Kbytes, 4 endpoints with EP0.
    unsafe impl Core for OtgFs {
        const BASE: u32 = 0x5000_0000;
        const INTERRUPT: u16 = 67;
        const FIFO_WORDS: u16 = 320;
        const ENDPOINT_NUMBERS: u8 = 3;
        const PHY: Phy = Phy::FullSpeed;
    }

    /// OTG_HS with the full-speed PHY on the chip; not in F401 and F411.
    #[derive(Debug)]
    pub struct OtgHs;

    // SAFETY: RM0090 §2.3, table 61 and §35.1: address, interrupt 77, 4 Kbytes, 6 endpoints with EP0.
    unsafe impl Core for OtgHs {
        const BASE: u32 = 0x4004_0000;
        const INTERRUPT: u16 = 77;
        const FIFO_WORDS: u16 = 1024;
        const ENDPOINT_NUMBERS: u8 = 5;
        const PHY: Phy = Phy::FullSpeed;
    }
}

/// The cores of STM32H742, H743, H745, H747, H750, H753 and their like (RM0433, RM0399).
pub mod stm32h7 {
    use super::{Core, Phy};

    /// USB1 OTG_HS with the full-speed PHY on the chip.
    #[derive(Debug)]
    pub struct Otg1;

    // SAFETY: RM0433 §2.3, §19.1 and §57.2: address, interrupt 77, 4 Kbytes, 9 endpoints with EP0.
    unsafe impl Core for Otg1 {
        const BASE: u32 = 0x4004_0000;
        const INTERRUPT: u16 = 77;
        const FIFO_WORDS: u16 = 1024;
        const ENDPOINT_NUMBERS: u8 = 8;
        const PHY: Phy = Phy::FullSpeed;
    }

    /// USB1 OTG_HS with a high-speed PHY at its ULPI.
    #[derive(Debug)]
    pub struct Otg1Ulpi;

    // SAFETY: as for `Otg1`.
    unsafe impl Core for Otg1Ulpi {
        const BASE: u32 = Otg1::BASE;
        const INTERRUPT: u16 = Otg1::INTERRUPT;
        const FIFO_WORDS: u16 = Otg1::FIFO_WORDS;
        const ENDPOINT_NUMBERS: u8 = Otg1::ENDPOINT_NUMBERS;
        const PHY: Phy = Phy::Ulpi;
    }

    /// USB2 OTG_FS: a second core of the same kind, with the full-speed PHY on the chip. Boards with one
    /// USB connector have it at PA11 and PA12.
    #[derive(Debug)]
    pub struct Otg2;

    // SAFETY: RM0433 §2.3, §19.1 and §57.2: address, interrupt 101, and else as `Otg1`.
    unsafe impl Core for Otg2 {
        const BASE: u32 = 0x4008_0000;
        const INTERRUPT: u16 = 101;
        const FIFO_WORDS: u16 = 1024;
        const ENDPOINT_NUMBERS: u8 = 8;
        const PHY: Phy = Phy::FullSpeed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_told_by_the_core_id() {
        for cid in [0x1000, 0x1100, 0x1200] {
            assert_eq!(Generation::of(cid), Generation::One, "{cid:#x}");
        }
        for cid in [0x2000, 0x2100, 0x2300, 0x3000, 0x3100] {
            assert_eq!(Generation::of(cid), Generation::Two, "{cid:#x}");
        }
    }
}
