//! Every kind of packet, every kind of fault, at every occurrence.

use usbd_acm::Speed;
use usbd_acm_tests::TestBoard;
use usbd_acm_tests::fixture::{OnePort, Options, Polling};
use usbd_acm_virtual::host::{AcmPort, Fault, Host, PacketKind, Rule, Side, Token, linux};
use usbd_acm_virtual::{FullSpeed, Handshake, HighSpeed};

use crate::{converse, host, talk};

const KINDS: [(PacketKind, Side); 13] = [
    (PacketKind::Token(Token::Setup), Side::Host),
    (PacketKind::Token(Token::In), Side::Host),
    (PacketKind::Token(Token::Out), Side::Host),
    (PacketKind::Token(Token::Ping), Side::Host),
    (PacketKind::SetupData, Side::Host),
    (PacketKind::Data, Side::Host),
    (PacketKind::Data, Side::Device),
    (PacketKind::ZeroLength, Side::Host),
    (PacketKind::ZeroLength, Side::Device),
    (PacketKind::Handshake(Handshake::Ack), Side::Host),
    (PacketKind::Handshake(Handshake::Ack), Side::Device),
    (PacketKind::Handshake(Handshake::Nak), Side::Device),
    (PacketKind::Handshake(Handshake::Stall), Side::Device),
];

const FAULTS: [Fault; 6] = [
    Fault::Drop,
    Fault::Corrupt,
    Fault::Duplicate,
    Fault::Delay(700_000),
    Fault::NakStorm(7),
    Fault::Reset,
];

/// An interrupt that is served after this long makes the host see NAKs.
const LATE: Polling = Polling::OnInterrupt(30_000);

/// Runs `part` with each fault at each packet until there is no such packet any more, after
/// `before`, and expects it to succeed, or to succeed when repeated. How many faults there were.
fn at_every_occurrence<V: OnePort, const SIZE: usize, T>(
    options: Options,
    mut before: impl FnMut(&mut Host<TestBoard>) -> T,
    mut part: impl FnMut(&mut Host<TestBoard>, &mut T) -> bool,
) -> usize {
    let mut count = 0;
    for (kind, side) in KINDS {
        for fault in FAULTS {
            for occurrence in 0.. {
                let mut host = host::<V, 2, SIZE>(options);
                let mut state = before(&mut host);
                let rule = Rule::new(kind, fault).from(side).after(occurrence);
                host.faults().add(rule);
                let succeeded = part(&mut host, &mut state);
                let happened = !host.faults().is_pending();
                host.faults().clear();
                if !succeeded {
                    assert!(happened && may_fail(kind, fault), "{rule:?}");
                    converse(&mut host).unwrap_or_else(|error| panic!("{rule:?}: {error:?}"));
                }
                assert_eq!(host.port().wire().violations(), [], "{rule:?}");
                if !happened {
                    break;
                }
                count += 1;
            }
        }
    }
    count
}

/// A reset breaks whatever there is. A host whose acknowledgement of the status stage of SET_ADDRESS
/// is lost goes on at an address that the device does not have yet, and starts over.
fn may_fail(kind: PacketKind, fault: Fault) -> bool {
    let acknowledges = matches!(
        kind,
        PacketKind::ZeroLength
            | PacketKind::Token(Token::In)
            | PacketKind::Handshake(Handshake::Ack)
    );
    fault == Fault::Reset || acknowledges && !matches!(fault, Fault::Delay(_) | Fault::NakStorm(_))
}

fn enumerations<V: OnePort, const SIZE: usize>(options: Options) -> usize {
    at_every_occurrence::<V, SIZE, _>(
        options,
        |_| (),
        |host, ()| linux::enumerate(host).is_ok() && converse(host).is_ok(),
    )
}

fn transfers<V: OnePort, const SIZE: usize>(options: Options) -> usize {
    let before =
        |host: &mut Host<TestBoard>| AcmPort::all(&linux::enumerate(host).unwrap()).remove(0);
    let count =
        at_every_occurrence::<V, SIZE, _>(options, before, |host, port| talk(host, port).is_ok());
    println!("{count} faults in a conversation");
    count
}

#[test]
fn an_enumeration_survives_one_fault_anywhere() {
    let prompt = Options::default();
    let late = Options { polling: LATE, ..prompt };
    let count = enumerations::<FullSpeed, 64>(prompt) + enumerations::<FullSpeed, 64>(late);
    println!("{count} faults in an enumeration and the conversation after it");
    assert!(count > 1000);
}

#[test]
fn a_transfer_survives_one_fault_anywhere() {
    let prompt = Options::default();
    let late = Options { polling: LATE, ..prompt };
    assert!(transfers::<FullSpeed, 64>(prompt) > 200);
    assert!(transfers::<FullSpeed, 64>(late) > 200);
    assert!(transfers::<FullSpeed, 64>(Options { depth: 1, ..late }) > 200);
    assert!(transfers::<FullSpeed, 64>(Options { depth: 4, ..prompt }) > 200);
}

#[test]
fn a_transfer_at_high_speed_survives_one_fault_anywhere() {
    let prompt = Options { host: Speed::High, ..Options::default() };
    let late = Options { polling: LATE, ..prompt };
    assert!(transfers::<HighSpeed, 512>(prompt) > 100);
    assert!(transfers::<HighSpeed, 512>(late) > 100);
    assert!(transfers::<HighSpeed, 512>(Options { host: Speed::Full, ..late }) > 200);
}
