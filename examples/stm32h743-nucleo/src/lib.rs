//! The NUCLEO-H743ZI2: its clocks, and what of the chip the examples use. Sections are those of RM0433.
#![no_std]

pub mod button;
pub mod clock_tree;
pub mod pin;
pub mod usart;
pub mod usb;

pub use button::Button;
pub use clock_tree::ClockTree;
pub use pin::OutputPin;
pub use usart::Usart;

use cortex_m::peripheral::{NVIC, SYST};
use stm32h7xx_hal::gpio::{gpioa, gpiob, gpioc, gpiod, gpioe};
use stm32h7xx_hal::pac::{self, OTG2_HS_DEVICE, OTG2_HS_GLOBAL, OTG2_HS_PWRCLK};
use stm32h7xx_hal::prelude::*;
use stm32h7xx_hal::rcc::rec::{self, UsbClkSel};
use stm32h7xx_hal::rcc::{CoreClocks, ResetEnable};

/// The registers of USB, and its clock.
pub type Otg = (OTG2_HS_GLOBAL, OTG2_HS_DEVICE, OTG2_HS_PWRCLK, rec::Usb2Otg);

/// Cycles of the core in a millisecond.
pub const MILLISECOND: u32 = 400_000;

/// The board, with its clocks running: the core at 400 MHz, USB at 48 MHz, from the 8 MHz of the debugger.
pub struct Board {
    /// What runs at which frequency.
    pub clocks: CoreClocks,
    /// Port A: USB.
    pub a: gpioa::Parts,
    /// Port B: LED 1 at pin 0, lit when high.
    pub b: gpiob::Parts,
    /// Port C: the button at pin 13, high when pressed.
    pub c: gpioc::Parts,
    /// Port D: the serial port of the debugger.
    pub d: gpiod::Parts,
    /// Port E.
    pub e: gpioe::Parts,
    /// The registers of USB, and its clock.
    pub otg: Otg,
    /// The serial port that leads to the debugger, and its clock.
    pub usart3: (pac::USART3, rec::Usart3),
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
    /// Once.
    pub fn take() -> Option<Self> {
        let (chip, core) = (pac::Peripherals::take()?, cortex_m::Peripherals::take()?);
        // §6: the supply of USB is that of the board, and has to be said to be there.
        chip.PWR.cr3.modify(|_, w| w.usb33den().set_bit());
        // §8: the clock of an external PHY, which is on in sleep after reset, holds the core up where
        // there is none.
        chip.RCC.ahb1lpenr.modify(|_, w| w.usb2otghsulpilpen().clear_bit());
        let power = chip.PWR.constrain().freeze();
        let rcc = chip.RCC.constrain().use_hse(8.MHz()).bypass_hse();
        // The HAL switches PLL3 on for its P output alone.
        let rcc = rcc.sys_ck(400.MHz()).pll3_p_ck(48.MHz()).pll3_q_ck(48.MHz());
        let rcc = rcc.freeze(power, &chip.SYSCFG);
        let mut peripheral = rcc.peripheral;
        peripheral.kernel_usb_clk_mux(UsbClkSel::Pll3Q);
        Some(Self {
            clocks: rcc.clocks,
            a: chip.GPIOA.split(peripheral.GPIOA),
            b: chip.GPIOB.split(peripheral.GPIOB),
            c: chip.GPIOC.split(peripheral.GPIOC),
            d: chip.GPIOD.split(peripheral.GPIOD),
            e: chip.GPIOE.split(peripheral.GPIOE),
            otg: (
                chip.OTG2_HS_GLOBAL,
                chip.OTG2_HS_DEVICE,
                chip.OTG2_HS_PWRCLK,
                peripheral.USB2OTG,
            ),
            usart3: (chip.USART3, peripheral.USART3.reset().enable()),
            syscfg: chip.SYSCFG,
            exti: chip.EXTI,
            nvic: core.NVIC,
            syst: core.SYST,
        })
    }
}
