//! The simulated host against a device written by hand, on a bad cable.

mod tiny;

use tiny::{host, opened, plugged};
use usbd_acm_virtual::host::{
    AcmPort, EnumerationError, Fault, Noise, PacketKind, Rule, Side, SplitMix64, Statistics, Token,
    TransferError, linux, macos, request, windows,
};
use usbd_acm_virtual::{FullSpeed, Handshake};

const ACK: PacketKind = PacketKind::Handshake(Handshake::Ack);

#[test]
fn one_spoilt_packet_of_any_kind_is_repaired() {
    let kinds = [
        PacketKind::Token(Token::In),
        PacketKind::Token(Token::Out),
        PacketKind::Token(Token::Setup),
        PacketKind::SetupData,
        PacketKind::Data,
        PacketKind::ZeroLength,
        ACK,
        PacketKind::Handshake(Handshake::Nak),
    ];
    let faults =
        [Fault::Drop, Fault::Corrupt, Fault::Duplicate, Fault::Delay(30_000), Fault::NakStorm(5)];
    for kind in kinds {
        for fault in faults {
            let (mut host, knobs, mut port) = opened();
            let sent: Vec<u8> = (0..=255).chain(0..44).collect();
            // This device rarely has to refuse anything.
            let skips: &[u32] =
                if kind == PacketKind::Handshake(Handshake::Nak) { &[0] } else { &[0, 1, 3] };
            for skip in skips {
                host.faults().add(Rule::new(kind, fault).after(*skip));
            }
            let coding = [9, 1, 2, 3, 0, 0, 8];
            port.set_line_coding(&mut host, coding).unwrap();
            assert_eq!(knobs.borrow().line_coding, coding, "{kind:?} {fault:?}");
            let received = port.transfer(&mut host, &sent, sent.len()).unwrap();
            assert!(received == sent, "{kind:?} {fault:?}");
            for _ in 0..4 {
                assert_eq!(port.line_coding(&mut host), Ok(coding), "{kind:?} {fault:?}");
            }
            assert!(!host.faults().is_pending(), "{kind:?} {fault:?} did not happen");
            assert_eq!(host.port().wire().violations(), []);
        }
    }
}

#[test]
fn a_lost_ack_of_the_host_makes_the_device_send_again() {
    let (mut host, _, mut port) = opened();
    let statistics = host.observe(Statistics::default());
    host.faults().add(Rule::new(ACK, Fault::Drop).from(Side::Host).on_endpoint(1));
    assert_eq!(port.transfer(&mut host, b"once", 4).unwrap(), b"once");
    assert_eq!(port.read_for(&mut host, 1_000_000).unwrap(), b"");
    assert_eq!(statistics.borrow().packets_in, 2);
    assert_eq!(statistics.borrow().spoilt, 1);
}

#[test]
fn a_lost_ack_of_the_device_makes_the_host_send_again() {
    let (mut host, _, mut port) = opened();
    let statistics = host.observe(Statistics::default());
    host.faults().add(Rule::new(ACK, Fault::Drop).from(Side::Device).on_endpoint(1));
    assert_eq!(port.transfer(&mut host, b"once", 4).unwrap(), b"once");
    assert_eq!(port.read_for(&mut host, 1_000_000).unwrap(), b"");
    assert_eq!(statistics.borrow().packets_out, 2);
}

#[test]
fn three_spoilt_transactions_in_a_row_fail_the_transfer() {
    let (mut host, _, port) = opened();
    host.faults().add(Rule::new(PacketKind::Token(Token::Out), Fault::Drop).times(2));
    port.write(&mut host, b"x").unwrap();
    host.faults().add(Rule::new(PacketKind::Token(Token::Out), Fault::Corrupt).times(3));
    assert_eq!(port.write(&mut host, b"x"), Err(TransferError::NoResponse));
}

#[test]
fn a_nak_storm_takes_time_and_nothing_else() {
    let (mut host, _, mut port) = opened();
    host.faults()
        .add(Rule::new(PacketKind::Token(Token::Out), Fault::NakStorm(100)).on_endpoint(1));
    let start = host.now();
    assert_eq!(port.transfer(&mut host, b"late", 4).unwrap(), b"late");
    assert!(host.now() - start > 1_000_000, "100 refused packets, with a rest after each");
}

#[test]
fn a_reset_at_any_token_of_an_enumeration_leaves_a_device_that_enumerates() {
    for after in 0.. {
        let (mut host, _) = plugged();
        host.faults().add(Rule::new(PacketKind::AnyToken, Fault::Reset).after(after));
        let outcome = linux::enumerate(&mut host);
        if host.faults().is_pending() {
            assert!(after > 20, "an enumeration of {after} tokens");
            outcome.unwrap();
            return;
        }
        if let Err(error) = outcome {
            assert_eq!(error, EnumerationError::Transfer(TransferError::BusReset));
        }
        linux::enumerate(&mut host).unwrap();
        assert_eq!(host.port().wire().violations(), []);
    }
}

#[test]
fn unplugging_at_any_packet_leaves_a_device_that_works_when_plugged_again() {
    for after in (0..400).step_by(7) {
        let (mut host, _) = host::<FullSpeed>(64);
        host.faults().add(Rule::new(PacketKind::Any, Fault::Unplug).after(after));
        host.plug().unwrap();
        if let Ok(device) = linux::enumerate(&mut host) {
            let mut port = AcmPort::all(&device).remove(0);
            while port.transfer(&mut host, &[1; 100], 100).is_ok() {}
        }
        assert!(!host.faults().is_pending());
        assert_eq!(
            host.control_in(request::get_device_status()),
            Err(TransferError::Detached),
            "{after}"
        );
        host.plug().unwrap();
        let device = linux::enumerate(&mut host).unwrap();
        let mut port = AcmPort::all(&device).remove(0);
        assert_eq!(port.transfer(&mut host, b"new", 3).unwrap(), b"new");
    }
}

#[test]
fn noise_loses_nothing() {
    let noise = Noise { drop: 600, corrupt: 600, duplicate: 600, nak_storm: 300, delay: 600 };
    for seed in 0..20 {
        let (mut host, _, mut port) = opened();
        host.faults().add_noise(seed, noise);
        let mut sent = vec![0; 10_000];
        SplitMix64::new(seed).fill(&mut sent);
        let received = port.transfer(&mut host, &sent, sent.len()).unwrap();
        assert!(received == sent, "seed {seed}");
        assert!(host.faults().hits() > 5, "seed {seed}");
    }
}

#[test]
fn every_system_enumerates_on_a_noisy_cable() {
    for seed in 0..10 {
        let (mut host, _) = plugged();
        host.faults().add_noise(seed, Noise { drop: 1000, corrupt: 1000, ..Noise::default() });
        for enumerate in [linux::enumerate, windows::enumerate, macos::enumerate] {
            // A lost ACK of SET_ADDRESS's status stage cannot be repaired (USB 2.0 §9.4.6): the
            // device stays where it was, and a host starts again.
            let tried = (0..5).find_map(|_| enumerate(&mut host).ok());
            assert!(tried.is_some(), "seed {seed}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_faults() {
    let run = || {
        let (mut host, _, mut port) = opened();
        let statistics = host.observe(Statistics::default());
        host.faults().add_noise(7, Noise { drop: 2000, duplicate: 2000, ..Noise::default() });
        port.transfer(&mut host, &[9; 3000], 3000).unwrap();
        let counts = *statistics.borrow();
        (counts, host.now(), host.faults().hits())
    };
    assert_eq!(run(), run());
}
