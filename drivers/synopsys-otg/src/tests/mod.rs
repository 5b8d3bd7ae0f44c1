//! The driver against registers with no core behind them. What it does with one is tested on the model of
//! `tests/bench`.

mod attach;
mod control;
mod errata;
mod power;
mod transfers;

use usbd_acm::class::PortStorage;
use usbd_acm::class::fifo::PacketSlot;
use usbd_acm::{
    Controller, Direction, Endpoint, EndpointAddress, Event, RxSlot, TransferType, TxPacket,
};

use crate::registers::CID;
use crate::registers::fake::{make_noise, set};
use crate::{AhbClock, Core, State, SynopsysOtg, Usb, Vbus, stm32f4};

/// A controller on a core of the kind, connected.
fn connected<C: Core>(vbus: Vbus) -> SynopsysOtg<C> {
    with_depth(vbus)
}

/// The same, with so many places in each direction.
fn with_depth<C: Core, const DEPTH: usize>(vbus: Vbus) -> SynopsysOtg<C, 1, DEPTH> {
    let state = Box::leak(Box::new(State::new()));
    let clock = AhbClock::new(168_000_000).unwrap();
    let mut controller = SynopsysOtg::new(Usb::fake(), clock, vbus, state);
    set::<C>(CID, core_id::<C>());
    controller.connect();
    controller
}

fn attached() -> SynopsysOtg<stm32f4::OtgFs> {
    connected(Vbus::Ignored)
}

/// Reset value of CID (RM0090 §34.16.2, RM0433 §57.14.16): only the newer cores have 8 endpoints.
fn core_id<C: Core>() -> u32 {
    match C::ENDPOINT_NUMBERS {
        8.. => 0x2300,
        _ => 0x1200,
    }
}

/// Opens IN and OUT endpoint 1.
fn open(controller: &mut impl Controller) {
    for address in [data_in(), data_out()] {
        let transfer_type = TransferType::Bulk;
        controller.open(Endpoint { address, transfer_type, max_packet_size: 64 });
    }
}

fn data_in() -> EndpointAddress {
    EndpointAddress::new(1, Direction::In).unwrap()
}

fn data_out() -> EndpointAddress {
    EndpointAddress::new(1, Direction::Out).unwrap()
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

/// Packets of a length, up to 64 bytes: 0, 1, 2 and so on.
pub(crate) fn packets() -> impl FnMut(usize) -> TxPacket {
    |length| {
        let bytes: Vec<u8> = (0..64).collect();
        let mut lender = Box::leak(Box::new(PacketSlot::<64>::new())).lender();
        lender.packet(&bytes[..length]).unwrap()
    }
}

/// Packets of data that are taken in, and slots.
fn places<const DEPTH: usize>() -> (usize, usize) {
    let mut controller = with_depth::<stm32f4::OtgFs, DEPTH>(Vbus::Ignored);
    open(&mut controller);
    let (mut packets, mut slots) = (packets(), slots());
    let sent = (0..10).take_while(|_| controller.send(data_in(), packets(64)).is_ok()).count();
    let taken = (0..8).take_while(|_| controller.receive(data_out(), slots()).is_ok()).count();
    (sent, taken)
}

/// `Controller::DEPTH` and `IN_DEPTH`: the stack offers no more.
#[test]
fn it_holds_as_many_packets_as_it_says() {
    fn check<const DEPTH: usize>() {
        type Depths<const DEPTH: usize> = SynopsysOtg<stm32f4::OtgFs, 1, DEPTH>;
        let said = (Depths::<DEPTH>::IN_DEPTH, <Depths<DEPTH> as Controller>::DEPTH);
        assert_eq!(places::<DEPTH>(), said);
    }
    check::<2>();
    check::<3>();
    check::<7>();
    assert_eq!(places::<2>(), (1, 2));
}

/// Whatever the registers say, nothing panics and nothing goes on for ever.
#[test]
fn no_content_of_a_register_stops_it() {
    for seed in 0..200 {
        let mut controller = attached();
        open(&mut controller);
        let _ = controller.send(data_in(), packets()(5));
        let _ = controller.receive(data_out(), slots()());
        make_noise(seed);
        for _ in 0..20 {
            match controller.poll() {
                Some(Event::Setup(_)) => controller.ep0_send(&[0; 100]),
                Some(Event::Ep0Received) => _ = controller.ep0_read(&mut [0; 7]),
                Some(Event::Suspend) => controller.suspend(),
                Some(Event::Resume) => controller.resume(),
                _ => controller.unhalt(data_out()),
            }
        }
        controller.halt(data_in());
        controller.abort(data_out());
        controller.close_all();
        controller.disconnect();
    }
}
