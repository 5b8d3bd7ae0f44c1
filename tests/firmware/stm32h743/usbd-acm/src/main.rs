//! usbd-acm on its own driver, at high speed with an external PHY at the ULPI, driven by interrupts.
#![no_std]
#![no_main]

use core::cell::UnsafeCell;

use cortex_m::peripheral::NVIC;
use cortex_m_rt::entry;
use panic_halt as _;
#[cfg(not(feature = "full-speed"))]
use stm32h7xx_hal::gpio::Speed;
#[cfg(feature = "full-speed")]
use stm32h7xx_hal::gpio::{Alternate, PB14, PB15};
use stm32h7xx_hal::gpio::{gpioa, gpiob, gpioc};
use stm32h7xx_hal::pac::{Interrupt, Peripherals, interrupt};
use stm32h7xx_hal::prelude::*;
use stm32h7xx_hal::rcc::ResetEnable;
use stm32h7xx_hal::rcc::rec::UsbClkSel;
use usbd_acm::descriptors::{Descriptors, Power, descriptors};
use usbd_acm::{Device, Storage};
#[cfg(feature = "full-speed")]
use usbd_acm_synopsys_otg::stm32h7::Otg1 as Otg;
#[cfg(not(feature = "full-speed"))]
use usbd_acm_synopsys_otg::stm32h7::Otg1Ulpi as Otg;
use usbd_acm_synopsys_otg::{AhbClock, Core, State, SynopsysOtg, Usb, Vbus};

/// Serial ports, each with the same application.
const PORTS: usize = if cfg!(feature = "four-ports") { 4 } else { 1 };
/// Packets of each port in each direction.
const SLOTS: usize = if cfg!(feature = "deep") { 4 } else { 2 };
/// Bytes of a bulk packet.
const PACKET: usize = if cfg!(feature = "full-speed") { 64 } else { 512 };

/// What the application has.
type Port<const SLOTS: usize> = usbd_acm::Port<SLOTS, PACKET>;

include!("../../../nrf52840/application.rs");

static DESCRIPTORS: Descriptors<PORTS> = descriptors! {
    endpoints: Otg::ENDPOINTS,
    ports: PORTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "Device under test",
    serial_number: "0123456789ABCDEF",
    power: Power::Bus { milliamps: 100 },
    remote_wakeup: true,
    high_speed: cfg!(not(feature = "full-speed")),
};

type Usbd = Device<SynopsysOtg<Otg, PORTS, SLOTS>, (), PORTS, SLOTS, PACKET>;

/// What main hands to the interrupt before it enables it.
struct Handed(UnsafeCell<Option<Usbd>>);

// SAFETY: main has it before the interrupt is enabled, and the interrupt alone from then on.
unsafe impl Sync for Handed {}

static DEVICE: Handed = Handed(UnsafeCell::new(None));

#[entry]
fn main() -> ! {
    static mut STORAGE: Storage<PORTS, SLOTS, PACKET> = Storage::new();
    static mut STATE: State<PORTS, SLOTS> = State::new();
    let Some(chip) = Peripherals::take() else { halt() };
    // RM0433 §6.6.2: the supply of the transceiver in the chip.
    chip.PWR.cr3.modify(|_, w| w.usb33den().set_bit());
    // §8.7.40: the clock from the external PHY; it is on in sleep after reset.
    #[cfg(not(feature = "full-speed"))]
    chip.RCC.ahb1enr.modify(|_, w| w.usb1ulpien().set_bit());
    #[cfg(feature = "full-speed")]
    chip.RCC.ahb1lpenr.modify(|_, w| w.usb1otghsulpilpen().clear_bit());
    let power = chip.PWR.constrain().freeze();
    let rcc = chip.RCC.constrain().use_hse(8.MHz()).bypass_hse().sys_ck(400.MHz());
    let mut rcc = rcc.freeze(power, &chip.SYSCFG);
    rcc.peripheral.kernel_usb_clk_mux(UsbClkSel::Hsi48);
    let _clock = rcc.peripheral.USB1OTG.reset().enable();
    let Ok(clock) = AhbClock::new(rcc.clocks.hclk().raw()) else { halt() };
    let pins = (chip.GPIOA, chip.GPIOB, chip.GPIOC);
    let ports = (rcc.peripheral.GPIOA, rcc.peripheral.GPIOB, rcc.peripheral.GPIOC);
    connect(pins.0.split(ports.0), pins.1.split(ports.1), pins.2.split(ports.2));
    // SAFETY: nothing else here uses OTG_HS1.
    let usb = unsafe { Usb::steal() };
    let controller = SynopsysOtg::new(usb, clock, Vbus::Ignored, STATE);
    let (mut device, mut ports) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    // SAFETY: the interrupt is not enabled yet.
    unsafe { *DEVICE.0.get() = Some(device) };
    // SAFETY: there is no critical section that masks it.
    unsafe { NVIC::unmask(Interrupt::OTG_HS) };
    loop {
        // Without early exit: each has its turn.
        while ports.iter_mut().fold(false, |moved, port| moved | application(port)) {}
        cortex_m::asm::wfe();
    }
}

/// D- and D+.
#[cfg(feature = "full-speed")]
fn connect(_: gpioa::Parts, b: gpiob::Parts, _: gpioc::Parts) {
    let _: (PB14<Alternate<12>>, PB15<Alternate<12>>) = (b.pb14.into(), b.pb15.into());
}

/// The ULPI: CK, DIR, NXT, STP, D0 to D7.
#[cfg(not(feature = "full-speed"))]
fn connect(a: gpioa::Parts, b: gpiob::Parts, c: gpioc::Parts) {
    macro_rules! ulpi {
        ($($pin:expr),*) => {
            $(let _ = $pin.into_alternate::<10>().speed(Speed::VeryHigh);)*
        };
    }
    ulpi!(a.pa5, c.pc2, c.pc3, c.pc0, a.pa3);
    ulpi!(b.pb0, b.pb1, b.pb10, b.pb11, b.pb12, b.pb13, b.pb5);
}

#[interrupt]
fn OTG_HS() {
    // SAFETY: this handler alone uses it once it is enabled.
    if let Some(device) = unsafe { &mut *DEVICE.0.get() } {
        device.poll();
    }
}

fn halt() -> ! {
    loop {
        cortex_m::asm::wfe();
    }
}
