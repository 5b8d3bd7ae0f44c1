//! embassy-usb with its `CdcAcmClass` on embassy-stm32, driven by interrupts.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_futures::join::join;
use embassy_stm32::usb::{self, Driver};
use embassy_stm32::{bind_interrupts, peripherals};
use embassy_usb::class::cdc_acm::{CdcAcmClass, State};
use embassy_usb::driver::EndpointError;
use embassy_usb::{Builder, Config};
use panic_halt as _;
use static_cell::StaticCell;

#[path = "../../clocks.rs"]
mod clocks;

bind_interrupts!(struct Interrupts {
    OTG_FS => usb::InterruptHandler<peripherals::USB_OTG_FS>;
});

type Serial = CdcAcmClass<'static, Driver<'static, peripherals::USB_OTG_FS>>;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let peripherals = embassy_stm32::init(clocks::config());
    static OUT_PACKETS: StaticCell<[u8; 256]> = StaticCell::new();
    let mut chip = usb::Config::default();
    chip.vbus_detection = false;
    let driver = Driver::new_fs(
        peripherals.USB_OTG_FS,
        Interrupts,
        peripherals.PA12,
        peripherals.PA11,
        OUT_PACKETS.init([0; 256]),
        chip,
    );

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
