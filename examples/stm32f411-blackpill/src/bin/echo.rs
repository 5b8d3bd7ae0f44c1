//! Sends back what it receives. USB runs in its interrupt, the application in the main loop, and
//! they share no lock.
#![no_std]
#![no_main]

use applications::{Echo, Handed};
use cortex_m::peripheral::NVIC;
use cortex_m_rt::entry;
use stm32f4_board::Board;
use stm32f4_board::usb::{Controller, controller};
use stm32f4xx_hal::pac::{Interrupt, interrupt};
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Device, Storage};
use usbd_acm_synopsys_otg::stm32f4::OtgFs;
use usbd_acm_synopsys_otg::{Core, State};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: OtgFs::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "STM32F411 echo",
};

static DEVICE: Handed<Device<Controller>> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage = Storage::new();
    static mut STATE: State = State::new();
    let Some(mut board) = Board::take(stm32f411_blackpill::clocks()) else { cortex_m::asm::udf() };
    let pins = (board.a.pa11, board.a.pa12);
    let Ok(controller) = controller(board.otg, pins, &mut board.rcc, STATE) else {
        cortex_m::asm::udf()
    };
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    // SAFETY: the interrupt is enabled below.
    unsafe { DEVICE.put(device) };
    // SAFETY: no critical section is made of a masked interrupt here.
    unsafe { NVIC::unmask(Interrupt::OTG_FS) };
    let mut echo = Echo::new(port);
    loop {
        while echo.step() {}
        // Returns after any interrupt since the last one.
        cortex_m::asm::wfe();
    }
}

#[interrupt]
fn OTG_FS() {
    // SAFETY: this is the only handler that does so.
    if let Some(device) = unsafe { DEVICE.get() } {
        device.poll();
    }
}
