//! What a `Device` on a driver of usb-device asks of that driver, call by call.

use usb_device::bus::PollResult;
use usb_device::endpoint::EndpointType::{Bulk, Control, Interrupt};
use usbd_acm::class::fifo::{PacketLender, PacketSlot};
use usbd_acm::usb_device::{BeyondUsbBus, OwnBus};
use usbd_acm::{Controller, Endpoint, EndpointAddress, Event, Speed, TransferType, TxPacket};
use usbd_acm_tests::ONE_PORT;
use usbd_acm_tests::bridge::leak;
use usbd_acm_tests::probe::bell;

use crate::spy::{Call, OnSpy, Spy, connected};

/// bEndpointAddress of the port.
const IN: u8 = 0x81;
const OUT: u8 = 0x01;
const NOTIFICATION: u8 = 0x82;

fn address(byte: u8) -> EndpointAddress {
    EndpointAddress::from_byte(byte).expect("an endpoint")
}

fn lender() -> PacketLender<64> {
    leak(PacketSlot::new()).lender()
}

fn packet(byte: u8) -> TxPacket {
    lender().packet(&[byte]).expect("its slot is new")
}

fn write(byte: u8) -> Call {
    Call::Write(IN, vec![byte])
}

#[test]
fn endpoints_are_allocated_as_the_descriptors_say() {
    let ports = ONE_PORT.ports()[0];
    let addresses = [ports.data_in, ports.data_out, ports.notification];
    assert_eq!(addresses.map(EndpointAddress::to_byte), [IN, OUT, NOTIFICATION]);
    let spy: Spy = Spy::default();
    let mut controller = OnSpy::new(OwnBus::new(spy.clone()), &ONE_PORT).expect("endpoints");
    let expected = [
        Call::Allocate(IN, Bulk, 64, 0),
        Call::Allocate(OUT, Bulk, 64, 0),
        Call::Allocate(NOTIFICATION, Interrupt, 16, 16),
        Call::Allocate(0x00, Control, 64, 0),
        Call::Allocate(0x80, Control, 64, 0),
    ];
    assert_eq!(spy.calls(), expected);
    assert!(controller.bus().is_none());
    controller.connect();
    controller.connect();
    assert_eq!(spy.calls(), [Call::Enable]);
    assert!(controller.bus().is_some());
}

/// Suspend is told once, and whatever comes then but suspend is the resume.
#[test]
fn suspend_and_resume_are_told_once() {
    let (mut controller, spy) = connected::<false>();
    assert!(controller.poll().is_none());
    spy.tell(PollResult::Suspend);
    assert!(matches!(controller.poll(), Some(Event::Suspend)));
    spy.tell(PollResult::Suspend);
    assert!(controller.poll().is_none() && controller.poll().is_none());
    spy.tell(PollResult::Resume);
    assert!(matches!(controller.poll(), Some(Event::Resume)));
    spy.tell(PollResult::Resume);
    assert!(controller.poll().is_none());
    spy.tell(PollResult::Suspend);
    assert!(matches!(controller.poll(), Some(Event::Suspend)));
    // Some drivers give no other sign.
    spy.arrive(0, &[]);
    assert!(matches!(controller.poll(), Some(Event::Resume)));
    spy.arrive(0, &[]);
    assert!(controller.poll().is_none());
}

#[test]
fn the_driver_is_gated_and_restored_once() {
    let (mut controller, spy) = connected::<false>();
    controller.resume();
    assert_eq!(spy.calls(), []);
    controller.suspend();
    assert_eq!(spy.calls(), [Call::Suspend]);
    controller.resume();
    controller.resume();
    assert_eq!(spy.calls(), [Call::Resume]);
    controller.remote_wakeup();
    assert_eq!(spy.calls(), [Call::RemoteWakeup]);
}

#[test]
fn a_reset_in_suspend_restores_the_driver_first() {
    let (mut controller, spy) = connected::<false>();
    spy.tell(PollResult::Suspend);
    assert!(matches!(controller.poll(), Some(Event::Suspend)));
    controller.suspend();
    spy.calls();
    spy.tell(PollResult::Reset);
    assert!(matches!(controller.poll(), Some(Event::Reset(Speed::Full))));
    assert_eq!(spy.calls(), [Call::Resume, Call::Reset]);
    controller.resume();
    assert_eq!(spy.calls(), []);
}

/// News of one endpoint is no news of another one.
#[test]
fn only_what_happened_is_looked_at() {
    let (mut controller, spy) = connected::<false>();
    open(&mut controller, OUT);
    assert!(controller.send(address(IN), packet(1)).is_ok());
    assert!(controller.send(address(NOTIFICATION), packet(2)).is_ok());
    assert!(controller.receive(address(OUT), lender().empty().expect("free")).is_ok());
    controller.ep0_send(&[3]);
    spy.calls();
    spy.complete(NOTIFICATION);
    assert!(matches!(controller.poll(), Some(Event::Sent(a)) if a == address(NOTIFICATION)));
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), []);
    spy.arrive(OUT, &[4; 5]);
    let Some(Event::Received(from, slot, 5)) = controller.poll() else { panic!("no packet") };
    assert_eq!((from, &slot[..5]), (address(OUT), &[4; 5][..]));
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), [Call::Read(OUT)]);
    spy.complete(0x80);
    assert!(matches!(controller.poll(), Some(Event::Ep0Sent)));
    spy.complete(IN);
    assert!(matches!(controller.poll(), Some(Event::Sent(a)) if a == address(IN)));
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), []);
}

#[test]
fn one_packet_in_hardware_and_one_that_waits() {
    let (mut controller, spy) = connected::<false>();
    assert!(controller.send(address(IN), packet(1)).is_ok());
    assert!(controller.send(address(IN), packet(2)).is_ok());
    let refused = controller.send(address(IN), packet(3)).expect_err("two are enough");
    assert_eq!(refused[..], [3]);
    assert_eq!(spy.calls(), [write(1)]);
    spy.complete(IN);
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    assert_eq!(spy.calls(), [write(2)]);
    spy.complete(IN);
    assert!(matches!(controller.poll(), Some(Event::Sent(_))));
    // A bit without a packet.
    spy.complete(IN);
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), []);
}

#[test]
fn a_packet_without_room_is_written_later() {
    let (mut controller, spy) = connected::<false>();
    spy.set_full(IN, true);
    assert!(controller.send(address(IN), packet(1)).is_ok());
    assert_eq!(spy.calls(), [Call::Refuse(IN)]);
    spy.set_full(IN, false);
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), [write(1)]);
}

/// The slot of a packet is its owner's again when the packet is gone.
#[test]
fn what_ends_drops_the_packets() {
    let ends: [fn(&mut OnSpy, &Spy); 4] = [
        |controller, _| controller.disconnect(),
        |controller, _| controller.close_all(),
        |controller, _| {
            controller.abort(address(IN));
            controller.abort(address(OUT));
        },
        |controller, spy| {
            spy.tell(PollResult::Reset);
            assert!(matches!(controller.poll(), Some(Event::Reset(_))));
        },
    ];
    for end in ends {
        let (mut controller, spy) = connected::<false>();
        let [mut first, mut second, mut slot] = [lender(), lender(), lender()];
        assert!(controller.send(address(IN), first.packet(&[1]).expect("free")).is_ok());
        assert!(controller.send(address(IN), second.packet(&[2]).expect("free")).is_ok());
        assert!(controller.receive(address(OUT), slot.empty().expect("free")).is_ok());
        end(&mut controller, &spy);
        assert!(first.empty().is_some() && second.empty().is_some() && slot.empty().is_some());
        // Of a packet that nobody waits for, nothing is told.
        spy.complete(IN);
        assert!(controller.poll().is_none());
    }
}

/// What was not told before the end is not told after it.
#[test]
fn a_reset_forgets_what_happened() {
    for disconnects in [false, true] {
        let (mut controller, spy) = connected::<false>();
        open(&mut controller, OUT);
        spy.arrive(OUT, &[1]);
        assert!(controller.poll().is_none());
        match disconnects {
            true => controller.disconnect(),
            false => {
                spy.tell(PollResult::Reset);
                assert!(matches!(controller.poll(), Some(Event::Reset(_))));
            }
        }
        spy.calls();
        assert!(controller.receive(address(OUT), lender().empty().expect("free")).is_ok());
        assert!(controller.poll().is_none());
        assert_eq!(spy.calls(), []);
    }
}

#[test]
fn hardware_that_can_drop_its_packet_has_room_at_once() {
    for can_abort in [false, true] {
        for closes in [false, true] {
            let (mut controller, spy) = connected::<false>();
            spy.set_can_abort(can_abort);
            assert!(controller.send(address(IN), packet(1)).is_ok());
            spy.calls();
            match closes {
                true => controller.close_all(),
                false => controller.abort(address(IN)),
            }
            assert_eq!(spy.calls(), [Call::Abort(IN)]);
            assert!(controller.send(address(IN), packet(2)).is_ok());
            let written = if can_abort { vec![write(2)] } else { vec![] };
            assert_eq!(spy.calls(), written);
            // What the hardware held goes out untold, and makes room.
            spy.complete(IN);
            assert_eq!(controller.poll().is_some(), can_abort);
            let written = if can_abort { vec![] } else { vec![write(2)] };
            assert_eq!(spy.calls(), written);
        }
    }
}

#[test]
fn a_halted_in_endpoint_is_not_written_to() {
    let (mut controller, spy) = connected::<false>();
    controller.halt(address(IN));
    assert!(controller.send(address(IN), packet(1)).is_ok());
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), [Call::Stall(IN, true)]);
    controller.unhalt(address(IN));
    assert_eq!(spy.calls(), [Call::Stall(IN, false), write(1)]);
    // Without a halt the driver has lost nothing.
    assert!(controller.send(address(IN), packet(2)).is_ok());
    controller.unhalt(address(IN));
    assert_eq!(spy.calls(), [Call::Stall(IN, false)]);
    controller.halt(address(IN));
    controller.unhalt(address(IN));
    assert_eq!(spy.calls(), [Call::Stall(IN, true), Call::Stall(IN, false), write(1)]);
}

/// The packet before an abort may be lost with the halt, and then there is room.
#[test]
fn after_a_halt_there_may_be_room_for_the_next_session() {
    for halts in [false, true] {
        let (mut controller, spy) = connected::<false>();
        assert!(controller.send(address(IN), packet(1)).is_ok());
        controller.abort(address(IN));
        assert!(controller.send(address(IN), packet(2)).is_ok());
        if halts {
            controller.halt(address(IN));
        }
        spy.calls();
        controller.unhalt(address(IN));
        let written = if halts { vec![write(2)] } else { vec![] };
        assert_eq!(spy.calls(), [vec![Call::Stall(IN, false)], written].concat());
    }
}

fn open(controller: &mut OnSpy, byte: u8) {
    let transfer_type = TransferType::Bulk;
    controller.open(Endpoint { address: address(byte), transfer_type, max_packet_size: 64 });
}

#[test]
fn an_endpoint_is_opened_without_a_halt_and_without_packets() {
    let (mut controller, spy) = connected::<false>();
    let mut slot = lender();
    controller.halt(address(IN));
    assert!(controller.send(address(IN), slot.packet(&[1]).expect("free")).is_ok());
    spy.calls();
    open(&mut controller, IN);
    assert_eq!(spy.calls(), [Call::Stall(IN, false)]);
    assert!(slot.empty().is_some());
    assert!(controller.send(address(IN), packet(2)).is_ok());
    assert_eq!(spy.calls(), [write(2)]);
    open(&mut controller, OUT);
    assert_eq!(spy.calls(), [Call::Read(OUT), Call::Stall(OUT, false)]);
}

/// A packet is read when it is there, there is a slot for it, and the endpoint is not halted.
#[test]
fn out_packets_are_read_when_there_is_a_slot() {
    let (mut controller, spy) = connected::<false>();
    open(&mut controller, OUT);
    let mut slot = lender();
    assert!(controller.receive(address(OUT), slot.empty().expect("free")).is_ok());
    let refused = controller.receive(address(OUT), lender().empty().expect("free"));
    assert!(refused.is_err());
    spy.calls();
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), []);
    controller.halt(address(OUT));
    spy.arrive(OUT, &[1]);
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), [Call::Stall(OUT, true)]);
    controller.unhalt(address(OUT));
    assert!(matches!(controller.poll(), Some(Event::Received(_, _, 1))));
    assert_eq!(spy.calls(), [Call::Stall(OUT, false), Call::Read(OUT)]);
    // An error of the driver costs no slot.
    assert!(controller.receive(address(OUT), slot.empty().expect("it was given back")).is_ok());
    spy.tell(PollResult::Data { ep_out: 1 << OUT, ep_in_complete: 0, ep_setup: 0 });
    assert!(controller.poll().is_none());
    spy.arrive(OUT, &[2]);
    assert!(matches!(controller.poll(), Some(Event::Received(_, _, 1))));
}

/// What comes for a closed endpoint, and what waited when it was opened, belongs to nobody.
#[test]
fn packets_outside_of_a_configuration_are_dropped() {
    let (mut controller, spy) = connected::<false>();
    spy.arrive(OUT, &[1]);
    open(&mut controller, OUT);
    controller.close_all();
    spy.calls();
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), [Call::Read(OUT)]);
    spy.arrive(OUT, &[2]);
    open(&mut controller, OUT);
    assert!(controller.poll().is_none());
    assert!(controller.receive(address(OUT), lender().empty().expect("free")).is_ok());
    assert!(controller.poll().is_none(), "it was dropped with the opening");
}

/// A slot for a packet that waits: the interrupt that would read it has gone by.
#[test]
fn a_slot_rings_when_a_packet_waits_for_it() {
    let (mut controller, spy) = connected::<false>();
    open(&mut controller, OUT);
    bell::take();
    assert!(controller.receive(address(OUT), lender().empty().expect("free")).is_ok());
    assert!(!bell::take());
    for _ in 0..2 {
        spy.arrive(OUT, &[1]);
    }
    assert!(matches!(controller.poll(), Some(Event::Received(..))));
    assert!(bell::take(), "another event may be latched");
    assert!(controller.poll().is_none());
    assert!(!bell::take());
    assert!(controller.receive(address(OUT), lender().empty().expect("free")).is_ok());
    assert!(bell::take());
}

#[test]
fn the_status_stage_out_is_a_read_of_nothing() {
    let (mut controller, spy) = connected::<false>();
    controller.ep0_status_out();
    assert_eq!(spy.calls(), [Call::Stall(0x00, false)]);
    spy.arrive(0, &[]);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert_eq!(spy.calls(), [Call::Read(0x00)]);
}

/// What a chip can do of which it does not say so: nothing, and it says that.
#[test]
fn without_more_than_usb_bus_no_packet_is_taken_back() {
    let spy = Spy::default();
    <() as BeyondUsbBus<Spy>>::remote_wakeup(&spy);
    assert!(!<() as BeyondUsbBus<Spy>>::abort(&spy, address(IN)));
    assert_eq!(spy.calls(), []);
}
