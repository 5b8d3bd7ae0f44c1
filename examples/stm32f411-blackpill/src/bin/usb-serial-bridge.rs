//! A USB serial adapter: what the host sends goes to USART2, and back.
//!
//! | signal | pin | |
//! |---|---|---|
//! | TXD, RXD | A2, A3 | |
//! | RTS, CTS | A1, A0 | flow control of the UART: low when this end, or the other, can take bytes; KEY is at A0 too |
//! | DTR, RTS of the host | C13, B12 | low when set: the LED, or reset and boot of another chip |
//!
//! USB runs in its interrupt, and everything of the UART in its own, which may interrupt USB. They
//! share no lock.
#![no_std]
#![no_main]

use applications::bridge::{Bridge, SLOTS};
use applications::{Buffered, CoreTick, Handed};
use cortex_m::peripheral::NVIC;
use cortex_m_rt::{entry, exception};
use stm32f4_board::usb::{Controller, controller};
use stm32f4_board::{Board, Serial, Usart};
use stm32f4xx_hal::gpio::{Output, PA1, PB12, PC13, PinState, Pull};
use stm32f4xx_hal::pac::{Interrupt, interrupt};
use stm32f4xx_hal::rcc::Enable;
use usbd_acm::descriptors::{Descriptors, descriptors};
use usbd_acm::{Device, Storage};
use usbd_acm_synopsys_otg::stm32f4::OtgFs;
use usbd_acm_synopsys_otg::{Core, State};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: OtgFs::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "STM32F411 serial adapter",
};

/// The UART, with RTS as another pin.
type Uart = Buffered<Usart<Serial, 'A', 2>, PA1<Output>>;

static DEVICE: Handed<Device<Controller<SLOTS>, (), 1, SLOTS>> = Handed::new();
static BRIDGE: Handed<Bridge<Uart, PC13<Output>, PB12<Output>, CoreTick>> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage<1, SLOTS> = Storage::new();
    static mut STATE: State<1, SLOTS> = State::new();
    let Some(mut board) = Board::take(stm32f411_blackpill::clocks()) else { cortex_m::asm::udf() };
    let pins = (board.a.pa11, board.a.pa12);
    let Ok(controller) = controller(board.otg, pins, &mut board.rcc, STATE) else {
        cortex_m::asm::udf()
    };
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    Serial::enable(&mut board.rcc);
    let clocks = &board.rcc.clocks;
    let txd = board.a.pa2.into_alternate();
    let _rxd = board.a.pa3.into_alternate::<7>().internal_resistor(Pull::Up);
    // Nothing connected means that the other end can take bytes.
    let _cts = board.a.pa0.into_alternate::<7>().internal_resistor(Pull::Down);
    let rts = board.a.pa1.into_push_pull_output();
    let of_host = (
        board.c.pc13.into_push_pull_output_in_state(PinState::High),
        board.b.pb12.into_push_pull_output_in_state(PinState::High),
    );
    let uart = Buffered::new(Usart::new(board.serial, clocks.pclk1().raw(), txd), rts);
    let tick = CoreTick::new(board.syst, clocks.hclk().raw() / 1000);
    // SAFETY: the interrupts are enabled below.
    unsafe { DEVICE.put(device) };
    // SAFETY: as above.
    unsafe { BRIDGE.put(Bridge::new(port, uart, of_host, tick)) };
    give_way(board.nvic);
    // SAFETY: no critical section is made of a masked interrupt here.
    unsafe { NVIC::unmask(Interrupt::OTG_FS) };
    // SAFETY: as above.
    unsafe { NVIC::unmask(Interrupt::USART2) };
    loop {
        cortex_m::asm::wfi();
    }
}

/// Lets the UART interrupt USB. After reset all are as urgent.
fn give_way(mut nvic: NVIC) {
    // SAFETY: no critical section is made of priorities here.
    unsafe { nvic.set_priority(Interrupt::OTG_FS, 0x40) };
}

#[interrupt]
fn OTG_FS() {
    // SAFETY: this is the only handler that does so.
    if let Some(device) = unsafe { DEVICE.get() } {
        device.poll();
        NVIC::pend(Interrupt::USART2);
    }
}

#[interrupt]
fn USART2() {
    // SAFETY: this is the only handler that does so.
    if let Some(bridge) = unsafe { BRIDGE.get() } {
        bridge.run();
    }
}

#[exception]
fn SysTick() {
    NVIC::pend(Interrupt::USART2);
}
