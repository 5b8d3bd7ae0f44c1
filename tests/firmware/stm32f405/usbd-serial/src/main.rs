//! usb-device with usbd-serial's `SerialPort` on synopsys-usb-otg, polled by the main loop.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use panic_halt as _;
use static_cell::StaticCell;
use stm32f4xx_hal::otg_fs::{USB, UsbBus, UsbBusType};
use stm32f4xx_hal::pac::Peripherals;
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Config;
use usb_device::bus::UsbBusAllocator;
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbVidPid};
use usbd_serial::SerialPort;

#[entry]
fn main() -> ! {
    let Some(peripherals) = Peripherals::take() else { halt() };
    let clocks = Config::hse(12.MHz()).sysclk(168.MHz()).require_pll48clk();
    let mut rcc = peripherals.RCC.freeze(clocks);
    let pins = peripherals.GPIOA.split(&mut rcc);
    // Everything in statics, so that it shows as RAM.
    static OUT_PACKETS: StaticCell<[u32; 64]> = StaticCell::new();
    static BUS: StaticCell<UsbBusAllocator<UsbBusType>> = StaticCell::new();
    static SERIAL: StaticCell<SerialPort<'static, UsbBusType>> = StaticCell::new();
    static DEVICE: StaticCell<UsbDevice<'static, UsbBusType>> = StaticCell::new();
    let usb = USB::new(
        (peripherals.OTG_FS_GLOBAL, peripherals.OTG_FS_DEVICE, peripherals.OTG_FS_PWRCLK),
        (pins.pa11, pins.pa12),
        &rcc.clocks,
    );
    let bus: &'static _ = BUS.init(UsbBus::new(usb, OUT_PACKETS.init([0; 64])));
    let serial = SERIAL.init(SerialPort::new(bus));
    let strings = StringDescriptors::default()
        .manufacturer("usbd-acm")
        .product("Serial port")
        .serial_number("1");
    let builder = UsbDeviceBuilder::new(bus, UsbVidPid(0x1209, 0x0001))
        .strings(&[strings])
        .and_then(|builder| builder.max_packet_size_0(64));
    let Ok(builder) = builder else { halt() };
    let device = DEVICE.init(builder.composite_with_iads().build());
    let mut application = Application::default();
    loop {
        device.poll(&mut [serial]);
        application.run(serial);
    }
}

include!("../../../usbd_serial.rs");

fn halt() -> ! {
    loop {
        cortex_m::asm::wfe();
    }
}
