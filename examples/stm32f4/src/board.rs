//! What of the chip the examples use.

use cortex_m::peripheral::{NVIC, SYST};
use stm32f4xx_hal::gpio::{gpioa, gpiob, gpioc};
use stm32f4xx_hal::pac::{self, OTG_FS_DEVICE, OTG_FS_GLOBAL, OTG_FS_PWRCLK};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::{Config, Rcc};

/// The registers of USB.
pub type Otg = (OTG_FS_GLOBAL, OTG_FS_DEVICE, OTG_FS_PWRCLK);

/// The USART whose pins the board has.
#[cfg(feature = "stm32f405")]
pub type Serial = pac::USART3;
/// The USART whose pins the board has.
#[cfg(feature = "stm32f411")]
pub type Serial = pac::USART2;

/// A board, with its clocks running.
pub struct Board {
    /// Clocks.
    pub rcc: Rcc,
    /// Port A, with USB at pins 11 and 12.
    pub a: gpioa::Parts,
    /// Port B.
    pub b: gpiob::Parts,
    /// Port C.
    pub c: gpioc::Parts,
    /// The registers of USB.
    pub otg: Otg,
    /// The USART.
    pub serial: Serial,
    /// Which pins interrupt.
    pub syscfg: pac::SYSCFG,
    /// Interrupts of pins.
    pub exti: pac::EXTI,
    /// Priorities of interrupts.
    pub nvic: NVIC,
    /// For a tick.
    pub syst: SYST,
}

impl Board {
    /// The board, once.
    pub fn take(clocks: Config) -> Option<Self> {
        let (chip, core) = (pac::Peripherals::take()?, cortex_m::Peripherals::take()?);
        let mut rcc = chip.RCC.freeze(clocks);
        Some(Self {
            a: chip.GPIOA.split(&mut rcc),
            b: chip.GPIOB.split(&mut rcc),
            c: chip.GPIOC.split(&mut rcc),
            rcc,
            otg: (chip.OTG_FS_GLOBAL, chip.OTG_FS_DEVICE, chip.OTG_FS_PWRCLK),
            #[cfg(feature = "stm32f405")]
            serial: chip.USART3,
            #[cfg(feature = "stm32f411")]
            serial: chip.USART2,
            syscfg: chip.SYSCFG,
            exti: chip.EXTI,
            nvic: core.NVIC,
            syst: core.SYST,
        })
    }
}
