//! A USB serial adapter: what the host sends goes to USART3, and back.
//!
//! | signal | pin of the board | of the chip | |
//! |---|---|---|---|
//! | TXD, RXD | TX, RX | PB10, PB11 | |
//! | RTS, CTS | MI, SCK | PB14, PB13 | flow control of the UART: low when this end, or the other, can take bytes |
//! | DTR, RTS of the host | 5, 6 | PC7, PC6 | low when set: for reset and boot of another chip |
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
use stm32f4xx_hal::gpio::{Output, PB14, PC6, PC7, PinState, Pull};
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
    product: "STM32F405 serial adapter",
};

/// The UART, with RTS as another pin.
type Uart = Buffered<Usart<Serial, 'B', 10>, PB14<Output>>;

static DEVICE: Handed<Device<Controller<SLOTS>, (), 1, SLOTS>> = Handed::new();
static BRIDGE: Handed<Bridge<Uart, PC7<Output>, PC6<Output>, CoreTick>> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage<1, SLOTS> = Storage::new();
    static mut STATE: State<1, SLOTS> = State::new();
    let Some(mut board) = Board::take(stm32f405_feather::clocks()) else { cortex_m::asm::udf() };
    let pins = (board.a.pa11, board.a.pa12);
    let Ok(controller) = controller(board.otg, pins, &mut board.rcc, STATE) else {
        cortex_m::asm::udf()
    };
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    Serial::enable(&mut board.rcc);
    let clocks = &board.rcc.clocks;
    let txd = board.b.pb10.into_alternate();
    let _rxd = board.b.pb11.into_alternate::<7>().internal_resistor(Pull::Up);
    // Nothing connected means that the other end can take bytes.
    let _cts = board.b.pb13.into_alternate::<7>().internal_resistor(Pull::Down);
    let rts = board.b.pb14.into_push_pull_output();
    let of_host = (
        board.c.pc7.into_push_pull_output_in_state(PinState::High),
        board.c.pc6.into_push_pull_output_in_state(PinState::High),
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
    unsafe { NVIC::unmask(Interrupt::USART3) };
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
        NVIC::pend(Interrupt::USART3);
    }
}

#[interrupt]
fn USART3() {
    // SAFETY: this is the only handler that does so.
    if let Some(bridge) = unsafe { BRIDGE.get() } {
        bridge.run();
    }
}

#[exception]
fn SysTick() {
    NVIC::pend(Interrupt::USART3);
}
