//! What the chips' errata sheets say about the core, and what is done about it.
//!
//! | erratum | sheets | what is wrong | what is done | where |
//! |---|---|---|---|---|
//! | Transmit data FIFO is corrupted when a write sequence to the FIFO is interrupted with accesses to certain OTG registers | ES0182, ES0287 (OTG_FS), ES0392 (OTG_HS) | an access to registers of an endpoint in the middle of a packet corrupts the next word | a packet is written in one go, by the one owner of the registers | `fifo_write_uninterrupted` |
//! | Error in software-read OTG_FS_DCFG register values | ES0182 | DAD and PFIVL may be read wrongly after a write | DCFG is never read: all of it is written each time | `write_dcfg` |

use crate::registers::{DCFG, Usb};
use crate::{Core, Phy};

/// Writes a packet to a transmit FIFO. `write` accesses no other register, and whoever could interrupt
/// it has no [`Usb`] to access one with: the doorbell pends an interrupt in the NVIC and no more.
#[inline(always)]
pub(crate) fn fifo_write_uninterrupted(write: impl FnOnce()) {
    write();
}

/// DCFG: DSPD, device speed: full speed with the PHY on the chip. High speed is 0.
const DSPD_FULL_SPEED: u32 = 3;
/// DCFG: XCVRDLY: a delay in the chirp, which some PHYs at ULPI need, as the USB3340 family.
const XCVRDLY: u32 = 1 << 14;
/// DCFG: NZLSOHSK: a status OUT packet that is not of zero length is STALLed.
const NZLSOHSK: u32 = 1 << 2;

/// Sets the device address, 0 to 127.
pub(crate) fn write_dcfg<C: Core>(usb: &Usb<C>, address: u8) {
    let speed = match C::PHY {
        Phy::FullSpeed => DSPD_FULL_SPEED,
        Phy::Ulpi => XCVRDLY,
    };
    usb.write(DCFG, speed | NZLSOHSK | u32::from(address) << 4);
}
