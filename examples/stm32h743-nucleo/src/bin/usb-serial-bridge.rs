//! A USB serial adapter: what the host sends goes to USART3, and back.
//!
//! | signal | pin | |
//! |---|---|---|
//! | TXD, RXD | PD8, PD9 | those of the debugger, which offers a second port for them |
//! | RTS, CTS | PD12, PD11 | flow control of the UART: low when this end, or the other, can take bytes |
//! | DTR, RTS of the host | PE9, PE11 (D6, D5) | low when set: for reset and boot of another chip |
//!
//! USB runs in its interrupt, and everything of the UART in its own, which may interrupt USB. They
//! share no lock.
#![no_std]
#![no_main]

use applications::bridge::{Bridge, SLOTS};
use applications::{Buffered, CoreTick, Handed};
use cortex_m::peripheral::NVIC;
use cortex_m_rt::{entry, exception};
use stm32h7xx_hal::gpio::{Output, PD12, PE9, PE11, PinState, Pull};
use stm32h7xx_hal::pac::{Interrupt, interrupt};
use stm32h743_nucleo::usb::{Controller, controller};
use stm32h743_nucleo::{Board, MILLISECOND, OutputPin, Usart};
use usbd_acm::descriptors::{Descriptors, Power, descriptors};
use usbd_acm::{Device, Storage};
use usbd_acm_synopsys_otg::stm32h7::Otg2;
use usbd_acm_synopsys_otg::{Core, State};

static DESCRIPTORS: Descriptors<1> = descriptors! {
    endpoints: Otg2::ENDPOINTS,
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: "usbd-acm",
    product: "STM32H743 serial adapter",
    power: Power::SelfPowered { milliamps: 0 },
};

/// The UART, with RTS as another pin.
type Uart = Buffered<Usart<'D', 8>, OutputPin<PD12<Output>>>;

/// DTR and RTS of the host.
type Dtr = OutputPin<PE9<Output>>;
type Rts = OutputPin<PE11<Output>>;

static DEVICE: Handed<Device<Controller<SLOTS>, (), 1, SLOTS>> = Handed::new();
static BRIDGE: Handed<Bridge<Uart, Dtr, Rts, CoreTick>> = Handed::new();

#[entry]
fn main() -> ! {
    // `entry` makes a `&'static mut` of each.
    static mut STORAGE: Storage<1, SLOTS> = Storage::new();
    static mut STATE: State<1, SLOTS> = State::new();
    let Some(board) = Board::take() else { cortex_m::asm::udf() };
    let pins = (board.a.pa11, board.a.pa12);
    let Ok(controller) = controller(board.otg, pins, &board.clocks, STATE) else {
        cortex_m::asm::udf()
    };
    let (mut device, [port]) = STORAGE.split(controller, &DESCRIPTORS, ());
    device.connect();
    let txd = board.d.pd8.into_alternate().internal_resistor(Pull::Up);
    let _rxd = board.d.pd9.into_alternate::<7>().internal_resistor(Pull::Up);
    // Nothing connected means that the other end can take bytes.
    let _cts = board.d.pd11.into_alternate::<7>().internal_resistor(Pull::Down);
    let rts = OutputPin(board.d.pd12.into_push_pull_output());
    let of_host = (
        OutputPin(board.e.pe9.into_push_pull_output_in_state(PinState::High)),
        OutputPin(board.e.pe11.into_push_pull_output_in_state(PinState::High)),
    );
    let (registers, _clock) = board.usart3;
    let uart = Buffered::new(Usart::new(registers, board.clocks.pclk1().raw(), txd), rts);
    let tick = CoreTick::new(board.syst, MILLISECOND);
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
