//! The same firmware without USB: what is left is not counted as USB's share.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use nrf52840_hal as _;
use panic_halt as _;

#[entry]
fn main() -> ! {
    #[cfg(feature = "hal")]
    start_clocks();
    loop {
        cortex_m::asm::wfe();
    }
}

#[cfg(feature = "hal")]
fn start_clocks() {
    let Some(peripherals) = nrf52840_hal::pac::Peripherals::take() else { return };
    let _clocks = nrf52840_hal::clocks::Clocks::new(peripherals.CLOCK).enable_ext_hfosc();
    while !peripherals.POWER.usbregstatus.read().outputrdy().is_ready() {}
}
