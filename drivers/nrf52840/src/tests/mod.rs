//! The driver against registers with no chip behind them: what it writes, and when.

mod control;
mod errata;
mod packets;
mod power;
mod two_packets;

use usbd_acm::class::PortStorage;
use usbd_acm::{
    Controller, Direction, Endpoint, EndpointAddress, Event, RxSlot, TransferType, TxPacket,
};

use crate::line::Line;
use crate::registers::fake::{raise, set, written};
use crate::registers::{
    EPDATA, EPDATASTATUS, EVENTCAUSE, HFCLKSTAT, Register, USBEVENT, USBREGSTATUS, Usbd, end,
};
use crate::{Nrf52840, OnChip, State};

const READY: u32 = 1 << 11;
/// NVIC_ISPR1, where USBD is bit 7.
const PENDING: Register = Register(0xE000_E204);

fn detached<const DEPTH: usize>() -> Nrf52840<OnChip, 1, DEPTH> {
    let state = Box::leak(Box::new(State::new()));
    Nrf52840::new(Usbd::fake(), OnChip::new(), state)
}

/// Plugged in, with all that the chip needs running.
fn attached() -> Nrf52840 {
    attached_with()
}

/// The same, with so many packets for each IN endpoint.
fn attached_with<const DEPTH: usize>() -> Nrf52840<OnChip, 1, DEPTH> {
    let mut controller = detached();
    set(USBREGSTATUS, 3);
    set(HFCLKSTAT, 1 << 16 | 1);
    connect(&mut controller);
    cause(READY);
    assert!(controller.poll().is_none());
    written();
    controller
}

/// Wants to be attached, and takes the first step towards it.
fn connect(controller: &mut impl Controller) {
    controller.connect();
    assert!(controller.poll().is_none());
}

/// Attached, with IN and OUT endpoint 1 open.
fn opened() -> Nrf52840 {
    opened_with()
}

/// The same, with so many packets for each IN endpoint.
fn opened_with<const DEPTH: usize>() -> Nrf52840<OnChip, 1, DEPTH> {
    let mut controller = attached_with();
    for address in [data_in(), data_out()] {
        let transfer_type = TransferType::Bulk;
        controller.open(Endpoint { address, transfer_type, max_packet_size: 64 });
    }
    written();
    controller
}

fn data_in() -> EndpointAddress {
    EndpointAddress::new(1, Direction::In).unwrap()
}

fn data_out() -> EndpointAddress {
    EndpointAddress::new(1, Direction::Out).unwrap()
}

fn line_in() -> Line {
    Line::of(data_in())
}

fn line_out() -> Line {
    Line::of(data_out())
}

fn packet() -> TxPacket {
    TxPacket::ZERO_LENGTH
}

/// Slots of 64 bytes.
pub(crate) fn slots() -> impl FnMut() -> RxSlot {
    let storage = Box::leak(Box::new([PortStorage::<8, 64>::new()]));
    let (mut bus, _) = PortStorage::split(storage);
    let mut slots = Vec::new();
    bus.get_mut(0).unwrap().receiver().pump(|slot| {
        slots.push(slot);
        Ok(())
    });
    move || slots.pop().unwrap()
}

/// The hardware raises an event cause.
fn cause(bits: u32) {
    raise(EVENTCAUSE, bits);
    raise(USBEVENT, 1);
}

/// The hardware moved a packet over the bus.
fn data(line: Line) {
    raise(EPDATASTATUS, 1 << (line.number() + 16 * line.out()));
    raise(EPDATA, 1);
}

/// The hardware is done with a DMA.
fn dma_ends(line: Line) {
    raise(end(line), 1);
}

/// The task that starts the DMA of a line.
fn start(line: Line) -> Register {
    Register(0x4002_7004 + 4 * (line.number() + 9 * line.out()))
}

/// MAXCNT of a line; AMOUNT follows.
fn maxcnt(line: Line) -> Register {
    Register(0x4002_7604 + 0x14 * line.number() + 0x100 * line.out())
}

/// AMOUNT of a line.
fn amount(line: Line) -> Register {
    Register(maxcnt(line).0 + 4)
}

/// Whether the log has this write.
fn has(log: &[(Register, u32)], register: Register, value: u32) -> bool {
    log.contains(&(register, value))
}

/// Whatever the registers say, nothing panics and nothing goes on for ever.
#[test]
fn no_content_of_a_register_stops_it() {
    let mut slots = slots();
    for seed in 0..2_000 {
        let mut controller = if seed % 2 == 0 { attached() } else { opened() };
        let _ = controller.send(data_in(), packet());
        if seed == 1 {
            let _ = controller.receive(data_out(), slots());
        }
        crate::registers::fake::make_noise(seed);
        for _ in 0..20 {
            match controller.poll() {
                Some(Event::Setup(_)) => controller.ep0_send(&[0; 100]),
                Some(Event::Ep0Received) => _ = controller.ep0_read(&mut [0; 7]),
                Some(Event::Suspend) => controller.suspend(),
                Some(Event::Resume) => controller.resume(),
                _ => controller.unhalt(data_out()),
            }
        }
        controller.abort(data_in());
        controller.close_all();
        controller.disconnect();
    }
}
