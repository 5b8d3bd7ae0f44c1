//! Control transfers of a `Device` on a driver of usb-device, call by call.

use usb_device::bus::PollResult;
use usbd_acm::{Controller, Event, SetupPacket, TxPacket};
use usbd_acm_tests::ONE_PORT;

use crate::spy::{Call, OnSpy, Spy, connected};

const SETUP: SetupPacket =
    SetupPacket { request_type: 0x80, request: 6, value: 0x0100, index: 0, length: 18 };

fn setup_comes(spy: &Spy) {
    spy.put(0x00, &SETUP.to_bytes());
    spy.tell(PollResult::Data { ep_setup: 1, ep_out: 0, ep_in_complete: 0 });
}

/// A request was told; the calls up to there are forgotten.
fn begun() -> (OnSpy, Spy) {
    let (mut controller, spy) = connected();
    setup_comes(&spy);
    assert!(matches!(controller.poll(), Some(Event::Setup(SETUP))));
    assert_eq!(spy.calls(), [Call::Read(0x00), Call::Stall(0x00, false)]);
    (controller, spy)
}

fn sent(packet: &[u8]) -> Call {
    Call::Write(0x80, packet.to_vec())
}

#[test]
fn a_setup_of_another_length_is_none() {
    let (mut controller, spy) = connected::<false>();
    spy.put(0x00, &[0; 7]);
    spy.tell(PollResult::Data { ep_setup: 1, ep_out: 0, ep_in_complete: 0 });
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), [Call::Read(0x00)]);
    setup_comes(&spy);
    assert!(matches!(controller.poll(), Some(Event::Setup(SETUP))));
}

#[test]
fn data_to_the_host() {
    let (mut controller, spy) = begun();
    for packet in [&[1; 64][..], &[2; 64], &[3; 2]] {
        controller.ep0_send(packet);
        assert_eq!(spy.calls(), [sent(packet)]);
        assert!(controller.poll().is_none());
        spy.complete(0x80);
        assert!(matches!(controller.poll(), Some(Event::Ep0Sent)));
        // A bit without a packet.
        spy.complete(0x80);
        assert!(controller.poll().is_none());
    }
    controller.ep0_status_out();
    assert_eq!(spy.calls(), [Call::Stall(0x00, false)]);
    spy.arrive(0, &[]);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert!(controller.poll().is_none());
}

/// The last packet of a transfer that was given up is still there.
#[test]
fn data_that_finds_no_room_is_written_later() {
    let (mut controller, spy) = begun();
    spy.set_full(0x80, true);
    controller.ep0_send(&[1, 2]);
    assert!(controller.poll().is_none());
    assert!(spy.calls().iter().all(|call| *call == Call::Refuse(0x80)));
    spy.set_full(0x80, false);
    assert!(controller.poll().is_none());
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), [sent(&[1, 2])]);
}

/// What was given up is not written any more.
#[test]
fn what_ends_a_transfer_ends_what_waits_to_be_written() {
    let ends: [fn(&mut OnSpy, &Spy); 5] = [
        |controller, spy| {
            setup_comes(spy);
            assert!(matches!(controller.poll(), Some(Event::Setup(_))));
        },
        |controller, _| controller.ep0_stall(),
        |controller, spy| {
            spy.tell(PollResult::Reset);
            assert!(matches!(controller.poll(), Some(Event::Reset(_))));
        },
        |controller, _| controller.disconnect(),
        |controller, spy| {
            spy.arrive(0, &[]);
            assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
        },
    ];
    for end in ends {
        let (mut controller, spy) = begun();
        spy.set_full(0x80, true);
        controller.ep0_send(&[1, 2]);
        end(&mut controller, &spy);
        spy.set_full(0x80, false);
        spy.calls();
        assert!(controller.poll().is_none());
        spy.complete(0x80);
        assert!(controller.poll().is_none());
        assert_eq!(spy.calls(), []);
    }
}

/// USB 2.0 §8.5.3: a status stage ends it early, and data in its place is STALLed.
#[test]
fn out_packets_while_data_goes_to_the_host() {
    for (length, asks_status) in [(0, false), (0, true), (1, false), (1, true)] {
        let (mut controller, spy) = begun();
        match asks_status {
            true => controller.ep0_status_out(),
            false => controller.ep0_send(&[1]),
        }
        spy.calls();
        spy.arrive(0, &vec![7; length]);
        let event = controller.poll();
        assert_eq!(matches!(event, Some(Event::Ep0Status)), length == 0);
        let stalls = [Call::Stall(0x00, true), Call::Stall(0x80, true)];
        let refused = if length == 0 { &[][..] } else { &stalls };
        assert_eq!(spy.calls(), [&[Call::Read(0x00)][..], refused].concat());
        assert!(controller.poll().is_none());
        spy.complete(0x80);
        assert!(controller.poll().is_none());
    }
}

#[test]
fn data_from_the_host() {
    let (mut controller, spy) = begun();
    let mut buffer = [0; 8];
    controller.ep0_receive();
    spy.arrive(0, &[1, 2, 3]);
    assert!(matches!(controller.poll(), Some(Event::Ep0Received)));
    assert_eq!(controller.ep0_read(&mut buffer), 3);
    assert_eq!(buffer, [1, 2, 3, 0, 0, 0, 0, 0]);
    assert_eq!(spy.calls(), [Call::Read(0x00)]);
    // Nobody asked for another one.
    spy.arrive(0, &[4]);
    assert!(controller.poll().is_none());
    controller.ep0_receive();
    spy.arrive(0, &[5; 64]);
    assert!(matches!(controller.poll(), Some(Event::Ep0Received)));
    assert_eq!(controller.ep0_read(&mut buffer), 64, "on the wire");
    assert_eq!(buffer, [5; 8]);
    spy.calls();
    controller.ep0_status_in(None);
    assert_eq!(spy.calls(), [sent(&[])]);
    spy.complete(0x80);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert_eq!(spy.calls(), []);
}

#[test]
fn the_address_is_set_before_or_after_the_status_stage() {
    let (mut controller, spy) = connected::<false>();
    controller.ep0_status_in(Some(5));
    assert_eq!(spy.calls(), [sent(&[])]);
    spy.complete(0x80);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert_eq!(spy.calls(), [Call::Address(5)]);
    let (mut controller, spy) = connected::<true>();
    controller.ep0_status_in(Some(5));
    assert_eq!(spy.calls(), [Call::Address(5), sent(&[])]);
    spy.complete(0x80);
    assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
    assert_eq!(spy.calls(), []);
}

/// nrf-usbd takes the address by itself and tells of no status stage: the next SETUP does.
#[test]
fn the_next_request_ends_a_status_stage_that_is_not_told() {
    for (address, is_told) in [(Some(5), true), (None, false)] {
        let (mut controller, spy) = connected::<false>();
        controller.ep0_status_in(address);
        setup_comes(&spy);
        if is_told {
            assert!(matches!(controller.poll(), Some(Event::Ep0Status)));
        }
        assert!(matches!(controller.poll(), Some(Event::Setup(SETUP))));
        assert!(controller.poll().is_none());
    }
}

/// With a newer SETUP in hardware, what answers the older one comes too late.
#[test]
fn answers_to_an_older_request_are_dropped() {
    let answers: [fn(&mut OnSpy); 5] = [
        |controller| controller.ep0_send(&[1]),
        |controller| controller.ep0_receive(),
        |controller| controller.ep0_status_in(Some(9)),
        |controller| controller.ep0_status_out(),
        |controller| controller.ep0_stall(),
    ];
    for answer in answers {
        let (mut controller, spy) = begun();
        let data_in = ONE_PORT.ports()[0].data_in;
        assert!(controller.send(data_in, TxPacket::ZERO_LENGTH).is_ok());
        // Of what came in one look, data is told first.
        spy.put(0x00, &SETUP.to_bytes());
        let ep_in_complete = 1 << data_in.number();
        spy.tell(PollResult::Data { ep_setup: 1, ep_out: 0, ep_in_complete });
        assert!(matches!(controller.poll(), Some(Event::Sent(_))));
        spy.calls();
        answer(&mut controller);
        assert_eq!(spy.calls(), []);
        assert!(matches!(controller.poll(), Some(Event::Setup(SETUP))));
        spy.arrive(0, &[1]);
        assert!(controller.poll().is_none());
    }
}

/// An acknowledged packet before a newer SETUP: nobody needs to know.
#[test]
fn a_setup_hides_the_packet_before_it() {
    let (mut controller, spy) = begun();
    controller.ep0_send(&[1]);
    spy.calls();
    spy.put(0x00, &SETUP.to_bytes());
    spy.tell(PollResult::Data { ep_setup: 1, ep_out: 1, ep_in_complete: 1 });
    assert!(matches!(controller.poll(), Some(Event::Setup(SETUP))));
    assert_eq!(spy.calls(), [Call::Read(0x00), Call::Stall(0x00, false)]);
    // Nor is the OUT bit that came with it, which is that of the SETUP.
    assert!(controller.poll().is_none());
    assert_eq!(spy.calls(), []);
}
