//! embassy-stm32 and its executor without USB: what is left is not counted as USB's share.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use panic_halt as _;

#[path = "../../clocks.rs"]
mod clocks;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let _peripherals = embassy_stm32::init(clocks::config());
    core::future::pending::<()>().await;
}
