//! The same firmware without USB: what is left is not counted as USB's share.
#![no_std]
#![no_main]

use panic_halt as _;

#[cfg(feature = "embassy")]
mod with_embassy {
    use embassy_executor::Spawner;
    use embassy_nrf::config::{Config, HfclkSource};

    #[embassy_executor::main]
    async fn main(_spawner: Spawner) {
        let mut chip = Config::default();
        chip.hfclk_source = HfclkSource::ExternalXtal;
        let _peripherals = embassy_nrf::init(chip);
        core::future::pending::<()>().await;
    }
}

#[cfg(feature = "hal")]
mod with_hal {
    use cortex_m_rt::entry;
    use nrf52840_hal::clocks::Clocks;
    use nrf52840_hal::pac::Peripherals;

    #[entry]
    fn main() -> ! {
        if let Some(peripherals) = Peripherals::take() {
            let _clocks = Clocks::new(peripherals.CLOCK).enable_ext_hfosc();
            while !peripherals.POWER.usbregstatus.read().outputrdy().is_ready() {}
        }
        loop {
            cortex_m::asm::wfe();
        }
    }
}

#[cfg(not(any(feature = "embassy", feature = "hal")))]
mod bare {
    use cortex_m_rt::entry;
    use nrf52840_hal as _;

    #[entry]
    fn main() -> ! {
        loop {
            cortex_m::asm::wfe();
        }
    }
}
