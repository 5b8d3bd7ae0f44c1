//! USB on the driver of this project.

use stm32f4xx_hal::gpio::{PA11, PA12, Speed};
use stm32f4xx_hal::pac::OTG_FS_GLOBAL;
use stm32f4xx_hal::rcc::{Enable, Rcc, Reset};
use usbd_acm_synopsys_otg::stm32f4::OtgFs;
use usbd_acm_synopsys_otg::{AhbClock, AhbTooSlow, State, SynopsysOtg, Usb, Vbus};

use crate::Otg;

/// The controller of a board, for one port of `DEPTH` packets each way.
pub type Controller<const DEPTH: usize = 2> = SynopsysOtg<OtgFs, 1, DEPTH>;

/// The controller, at its pins. It is taken for plugged in: none of these boards has VBUS at PA9, and each is
/// supplied by it.
///
/// # Errors
/// The clock of the AHB is below 14.2 MHz.
pub fn controller<const DEPTH: usize>(
    _registers: Otg,
    (dm, dp): (PA11, PA12),
    rcc: &mut Rcc,
    state: &'static mut State<1, DEPTH>,
) -> Result<Controller<DEPTH>, AhbTooSlow> {
    OTG_FS_GLOBAL::enable(rcc);
    OTG_FS_GLOBAL::reset(rcc);
    let _dm = dm.into_alternate::<10>().speed(Speed::VeryHigh);
    let _dp = dp.into_alternate::<10>().speed(Speed::VeryHigh);
    // SAFETY: whoever had the registers has given them away.
    let usb = unsafe { Usb::steal() };
    Ok(SynopsysOtg::new(usb, AhbClock::new(rcc.clocks.hclk().raw())?, Vbus::Ignored, state))
}
