//! usbd-acm on its own driver, driven by interrupts.
#![no_std]
#![no_main]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use cortex_m::peripheral::NVIC;
use cortex_m_rt::entry;
use panic_halt as _;
use stm32f4xx_hal::gpio::alt::otg_fs::{Dm, Dp};
use stm32f4xx_hal::pac::{Interrupt, OTG_FS_GLOBAL, Peripherals, interrupt};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::{Config, Enable};
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Device, Port, Storage};
use usbd_acm_synopsys_otg::stm32f4::OtgFs;
use usbd_acm_synopsys_otg::{AhbClock, Core, State, SynopsysOtg, Usb, Vbus};

include!("../../../nrf52840/application.rs");

#[cfg(feature = "suite")]
static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: OtgFs::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Device under test",
    serial_number: "0123456789ABCDEF",
    power: usbd_acm::descriptors::Power::Bus { milliamps: 100 },
    remote_wakeup: true,
};

#[cfg(not(feature = "suite"))]
static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: OtgFs::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Serial port",
    serial_number: "1",
};

/// Packets in each direction.
const SLOTS: usize = if cfg!(feature = "deep") { 8 } else { 2 };

type Usbd = Device<SynopsysOtg<OtgFs, 1, SLOTS>, (), 1, SLOTS>;

/// What main hands to the interrupt before it enables it. Not an `Option`, whose `None` is not all zeros and so
/// takes as much of flash as of RAM.
struct Handed(UnsafeCell<MaybeUninit<Usbd>>);

// SAFETY: main has it before the interrupt is enabled, and the interrupt alone from then on.
unsafe impl Sync for Handed {}

static DEVICE: Handed = Handed(UnsafeCell::new(MaybeUninit::uninit()));

#[entry]
fn main() -> ! {
    static mut STORAGE: Storage<1, SLOTS> = Storage::new();
    static mut STATE: State<1, SLOTS> = State::new();
    let Some(peripherals) = Peripherals::take() else { halt() };
    let clocks = Config::hse(12.MHz()).sysclk(168.MHz()).require_pll48clk();
    let mut rcc = peripherals.RCC.freeze(clocks);
    let pins = peripherals.GPIOA.split(&mut rcc);
    let _pins: (Dm, Dp) = (pins.pa11.into(), pins.pa12.into());
    OTG_FS_GLOBAL::enable(&mut rcc);
    let Ok(clock) = AhbClock::new(rcc.clocks.hclk().raw()) else { halt() };
    // SAFETY: nothing else here uses OTG_FS.
    let usb = unsafe { Usb::steal() };
    let controller = SynopsysOtg::new(usb, clock, VBUS, STATE);
    let (mut device, [mut port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    // SAFETY: the interrupt is not enabled yet.
    unsafe { (*DEVICE.0.get()).write(device) };
    // SAFETY: there is no critical section that masks it.
    unsafe { NVIC::unmask(Interrupt::OTG_FS) };
    loop {
        while application(&mut port) {}
        cortex_m::asm::wfe();
    }
}

/// The tests unplug the device that they look at closely.
const VBUS: Vbus = if cfg!(feature = "suite") { Vbus::Sensed } else { Vbus::Ignored };

#[interrupt]
fn OTG_FS() {
    // SAFETY: main has filled it before it enabled this handler, which alone uses it from then on.
    unsafe { (*DEVICE.0.get()).assume_init_mut() }.poll();
}

fn halt() -> ! {
    loop {
        cortex_m::asm::wfe();
    }
}
