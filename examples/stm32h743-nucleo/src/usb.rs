//! USB on the driver of this project.

use stm32h7xx_hal::gpio::{Alternate, PA11, PA12, Speed};
use stm32h7xx_hal::rcc::{CoreClocks, ResetEnable};
use usbd_acm_synopsys_otg::stm32h7::Otg2;
use usbd_acm_synopsys_otg::{AhbClock, AhbTooSlow, State, SynopsysOtg, Usb, Vbus};

use crate::Otg;

/// The controller, for one port of `DEPTH` packets each way.
pub type Controller<const DEPTH: usize = 2> = SynopsysOtg<Otg2, 1, DEPTH>;

/// The controller, at its pins. The board is supplied by its debugger, and so looks at VBUS, which leads to
/// PA9.
///
/// # Errors
/// The clock of the AHB is below 14.2 MHz.
pub fn controller<const DEPTH: usize>(
    (_global, _device, _power, clock): Otg,
    (dm, dp): (PA11, PA12),
    clocks: &CoreClocks,
    state: &'static mut State<1, DEPTH>,
) -> Result<Controller<DEPTH>, AhbTooSlow> {
    let _clock = clock.reset().enable();
    let mut pins: (PA11<Alternate<10>>, PA12<Alternate<10>>) =
        (dm.into_alternate(), dp.into_alternate());
    pins.0.set_speed(Speed::VeryHigh);
    pins.1.set_speed(Speed::VeryHigh);
    // SAFETY: whoever had the registers has given them away.
    let usb = unsafe { Usb::steal() };
    Ok(SynopsysOtg::new(usb, AhbClock::new(clocks.hclk().raw())?, Vbus::Sensed, state))
}
