//! embassy-nrf and its executor without USB: what is left is not counted as USB's share.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_nrf::config::{Config, HfclkSource};
use panic_halt as _;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut chip = Config::default();
    chip.hfclk_source = HfclkSource::ExternalXtal;
    let _peripherals = embassy_nrf::init(chip);
    core::future::pending::<()>().await;
}
