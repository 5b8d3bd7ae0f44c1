//! embassy-usb with its `CdcAcmClass` on embassy-stm32 at high speed, with an external PHY
//! at the ULPI.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_futures::join::join;
use embassy_stm32::rcc::*;
use embassy_stm32::time::Hertz;
use embassy_stm32::usb::{self, Driver};
use embassy_stm32::{Config as ChipConfig, bind_interrupts, peripherals};
use embassy_usb::class::cdc_acm::{CdcAcmClass, State};
use embassy_usb::driver::EndpointError;
use embassy_usb::{Builder, Config};
use panic_halt as _;
use static_cell::StaticCell;

bind_interrupts!(struct Interrupts {
    OTG_HS => usb::InterruptHandler<peripherals::USB_OTG_HS>;
});

type Serial = CdcAcmClass<'static, Driver<'static, peripherals::USB_OTG_HS>>;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(clocks());
    static OUT_PACKETS: StaticCell<[u8; 1024]> = StaticCell::new();
    let mut chip = usb::Config::default();
    chip.vbus_detection = false;
    let out = OUT_PACKETS.init([0; 1024]);
    let driver = Driver::new_hs_ulpi(
        p.USB_OTG_HS,
        Interrupts,
        p.PA5,
        p.PC2,
        p.PC3,
        p.PC0,
        p.PA3,
        p.PB0,
        p.PB1,
        p.PB10,
        p.PB11,
        p.PB12,
        p.PB13,
        p.PB5,
        out,
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
    let mut serial = CdcAcmClass::new(&mut builder, STATE.init(State::new()), 512);
    let mut device = builder.build();
    let application = async {
        loop {
            serial.wait_connection().await;
            let _ = run(&mut serial).await;
        }
    };
    join(device.run(), application).await;
}

/// 400 MHz from a clock of 8 MHz.
fn clocks() -> ChipConfig {
    let mut config = ChipConfig::default();
    config.rcc.hse = Some(Hse { freq: Hertz(8_000_000), mode: HseMode::Bypass });
    config.rcc.hsi48 = Some(Hsi48Config { sync_from_usb: false });
    config.rcc.pll1 = Some(Pll {
        source: PllSource::HSE,
        prediv: PllPreDiv::DIV1,
        mul: PllMul::MUL100,
        fracn: None,
        divp: Some(PllDiv::DIV2),
        divq: None,
        divr: None,
    });
    config.rcc.sys = Sysclk::PLL1_P;
    config.rcc.ahb_pre = AHBPrescaler::DIV2;
    config.rcc.apb1_pre = APBPrescaler::DIV2;
    config.rcc.apb2_pre = APBPrescaler::DIV2;
    config.rcc.apb3_pre = APBPrescaler::DIV2;
    config.rcc.apb4_pre = APBPrescaler::DIV2;
    config.rcc.voltage_scale = VoltageScale::Scale1;
    config.rcc.mux.usbsel = mux::Usbsel::HSI48;
    config
}

/// Bytes of a bulk packet.
const PACKET: usize = 512;

include!("../../../embassy.rs");
