//! Any eight bytes as a SETUP packet.

use usbd_acm::class::{Break, Recipient, Request, RequestKind};
use usbd_acm::{Direction, SetupPacket};

/// Every field survives, and what parses as a class request is one that the ACM functional
/// descriptor promises (I6, I7).
///
/// # Panics
/// When that does not hold.
pub fn setup_parse(input: &[u8]) {
    let Some(&bytes) = input.first_chunk::<8>() else { return };
    let setup = SetupPacket::from_bytes(bytes);
    assert_eq!(setup.to_bytes(), bytes);
    let (kind, recipient, direction) = (setup.kind(), setup.recipient(), setup.direction());

    let Some((port, request)) = Request::parse(&setup) else { return };
    assert_eq!((kind, recipient), (Some(RequestKind::Class), Some(Recipient::Interface)));
    assert_eq!(usize::from(setup.index), 2 * port);
    let (code, is_in, length) = match request {
        Request::SetLineCoding => (0x20, false, 7),
        Request::GetLineCoding => (0x21, true, setup.length),
        Request::SetControlLineState(lines) => {
            assert_eq!(u16::from(lines.bits()), setup.value & 0b11);
            (0x22, false, 0)
        }
        Request::SendBreak(request) => {
            assert_eq!(request.to_value(), setup.value);
            assert_eq!(Break::from_value(setup.value), request);
            (0x23, false, 0)
        }
    };
    assert_eq!((setup.request, setup.length), (code, length));
    assert_eq!(direction == Direction::In, is_in);
}
