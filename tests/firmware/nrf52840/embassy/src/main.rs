//! embassy-usb with its `CdcAcmClass` on embassy-nrf, driven by interrupts.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_futures::join::join;
use embassy_nrf::config::{Config as ChipConfig, HfclkSource};
use embassy_nrf::usb::Driver;
use embassy_nrf::usb::vbus_detect::HardwareVbusDetect;
use embassy_nrf::{bind_interrupts, peripherals, usb};
use embassy_usb::class::cdc_acm::{CdcAcmClass, State};
use embassy_usb::driver::EndpointError;
use embassy_usb::{Builder, Config};
use panic_halt as _;
use static_cell::StaticCell;

bind_interrupts!(struct Interrupts {
    USBD => usb::InterruptHandler<peripherals::USBD>;
    CLOCK_POWER => usb::vbus_detect::InterruptHandler;
});

type Serial = CdcAcmClass<'static, Driver<'static, HardwareVbusDetect>>;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut chip = ChipConfig::default();
    chip.hfclk_source = HfclkSource::ExternalXtal;
    let peripherals = embassy_nrf::init(chip);
    let driver = Driver::new(peripherals.USBD, Interrupts, HardwareVbusDetect::new(Interrupts));

    static CONFIGURATION_DESCRIPTOR: StaticCell<[u8; 80]> = StaticCell::new();
    static BOS_DESCRIPTOR: StaticCell<[u8; 16]> = StaticCell::new();
    static CONTROL: StaticCell<[u8; 64]> = StaticCell::new();
    static STATE: StaticCell<State> = StaticCell::new();
    let mut config = Config::new(0x1209, 0x0001);
    config.manufacturer = Some("usbd-acm");
    config.product = Some("Serial port");
    config.serial_number = Some("1");
    let mut builder = Builder::new(
        driver,
        config,
        CONFIGURATION_DESCRIPTOR.init([0; 80]),
        BOS_DESCRIPTOR.init([0; 16]),
        &mut [],
        CONTROL.init([0; 64]),
    );
    let mut serial = CdcAcmClass::new(&mut builder, STATE.init(State::new()), 64);
    let mut device = builder.build();
    let application = async {
        loop {
            serial.wait_connection().await;
            let _ = run(&mut serial).await;
        }
    };
    join(device.run(), application).await;
}

/// Bytes of a bulk packet.
const PACKET: usize = 64;

include!("../../../embassy.rs");
