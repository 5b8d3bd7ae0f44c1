//! A reset, and an unplugged cable, at every single packet.

use usbd_acm_tests::bridge::{self, BRIDGES, Bridge};
use usbd_acm_tests::fixture::{Options, Polling};
use usbd_acm_tests::{ONE_PORT, TestBoard, soak};
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{Fault, Host, PacketKind, Rule, SplitMix64};

use crate::{converse, echo, host};

/// One conversation after the other on one device, each broken off one packet later, and a whole
/// one after each. How many there were.
fn break_off_at_every(kind: PacketKind, fault: Fault, mut host: Host<TestBoard>) -> u32 {
    for packet in 0.. {
        host.faults().add(Rule::new(kind, fault).after(packet));
        let outcome = converse(&mut host);
        let happened = !host.faults().is_pending();
        host.faults().clear();
        if !happened {
            outcome.unwrap();
            assert_eq!(host.port().wire().violations(), []);
            return packet;
        }
        assert!(outcome.is_err(), "{fault:?} at packet {packet}");
        if fault == Fault::Unplug {
            host.plug().unwrap();
        }
        converse(&mut host).unwrap_or_else(|error| panic!("{fault:?} at {packet}: {error:?}"));
    }
    unreachable!("there are not so many packets");
}

fn everywhere(fault: Fault) {
    let prompt = Options::default();
    for polling in [Polling::Always, Polling::OnInterrupt(0), Polling::OnInterrupt(30_000)] {
        let options = Options { polling, ..prompt };
        let host = || host::<FullSpeed, 2, 64>(options);
        let tokens = break_off_at_every(PacketKind::AnyToken, fault, host());
        let packets = break_off_at_every(PacketKind::Any, fault, host());
        println!("{fault:?} at each of {tokens} tokens and {packets} packets, {polling:?}");
        assert!(tokens > 100 && packets > 2 * tokens);
    }
}

/// The same by way of `usb-device`.
fn everywhere_by(bridge: Bridge, fault: Fault) {
    let host = || {
        let mut host = bridge::board(bridge, &ONE_PORT, (), |[port]| echo(port));
        host.plug().unwrap();
        host
    };
    let tokens = break_off_at_every(PacketKind::AnyToken, fault, host());
    let packets = break_off_at_every(PacketKind::Any, fault, host());
    println!("{fault:?} at each of {tokens} tokens and {packets} packets, {bridge:?}");
    assert!(tokens > 100 && packets > 2 * tokens);
}

#[test]
fn a_reset_at_every_packet_by_way_of_usb_device() {
    BRIDGES.into_iter().for_each(|bridge| everywhere_by(bridge, Fault::Reset));
}

#[test]
fn an_unplugged_cable_at_every_packet_by_way_of_usb_device() {
    BRIDGES.into_iter().for_each(|bridge| everywhere_by(bridge, Fault::Unplug));
}

#[test]
fn a_reset_at_every_packet() {
    everywhere(Fault::Reset);
}

#[test]
fn an_unplugged_cable_at_every_packet() {
    everywhere(Fault::Unplug);
}

#[test]
fn two_faults_anywhere() {
    let faults = [
        Fault::Drop,
        Fault::Corrupt,
        Fault::Duplicate,
        Fault::Delay(300_000),
        Fault::NakStorm(5),
        Fault::Reset,
        Fault::Unplug,
    ];
    let mut random = SplitMix64::new(2);
    for _ in 0..500 * soak(200) {
        let depth = 1 + random.below(3);
        let mut host = host::<FullSpeed, 2, 64>(Options { depth, ..Options::default() });
        let plan: Vec<Rule> = (0..2)
            .map(|_| {
                let fault = faults[random.below(faults.len())];
                let packet = u32::try_from(random.below(500)).unwrap();
                Rule::new(PacketKind::Any, fault).after(packet)
            })
            .collect();
        for rule in &plan {
            host.faults().add(*rule);
        }
        // At most one failure for each fault.
        let succeeded = (0..3).any(|_| {
            let outcome = converse(&mut host);
            if outcome.is_err() {
                host.plug().unwrap();
            }
            outcome.is_ok()
        });
        assert!(succeeded, "{plan:?}");
        assert_eq!(host.port().wire().violations(), [], "{plan:?}");
    }
}
