//! The device is introduced, and configured.

use usbd_acm::Speed;

use crate::guest::{Guest, STALL, SUCCESS, hello, kind, packet};

#[test]
fn the_device_is_introduced_after_the_guests_hello() {
    let mut guest = Guest::silent(Speed::High);
    let ours = guest.answer();
    assert_eq!((ours.kind, ours.body.len()), (kind::HELLO, 68));
    // connect_device_version, ep_info_max_packet_size, 64bits_ids, 32bits_bulk_length.
    assert_eq!(ours.body[64..], 0b111_0010u32.to_le_bytes());
    guest.run();
    assert_eq!(guest.take(), []);
    guest.receive(&hello(0xFF)).unwrap();
    let packets = guest.take();
    let kinds: Vec<_> = packets.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [kind::EP_INFO, kind::INTERFACE_INFO, kind::DEVICE_CONNECT]);
    assert_eq!(packets[0].body.len(), 32 * 5);
    assert_eq!(packets[1].body.len(), 4 + 32 * 4);
    assert_eq!(packets[1].body[..4], 2u32.to_le_bytes());
    assert_eq!(packets[2].body, [2, 2, 0, 0, 0x09, 0x12, 0x01, 0x00, 0x34, 0x12]);
}

#[test]
fn a_guest_without_the_needed_capabilities_is_refused() {
    for missing in [1, 4, 5, 6] {
        let mut guest = Guest::silent(Speed::Full);
        assert!(guest.receive(&hello(0xFF & !(1 << missing))).is_err(), "capability {missing}");
    }
}

#[test]
fn something_else_than_a_hello_is_refused() {
    let mut guest = Guest::silent(Speed::Full);
    assert!(guest.receive(&packet(kind::RESET, 0, &[])).is_err());
}

#[test]
fn the_endpoint_table_follows_the_configuration() {
    let mut guest = Guest::attached(Speed::Full);
    guest.send(kind::SET_CONFIGURATION, 7, &[1]);
    let packets = guest.take();
    let kinds: Vec<_> = packets.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [kind::EP_INFO, kind::INTERFACE_INFO, kind::CONFIGURATION_STATUS]);
    let table = &packets[0].body;
    for (slot, kind, interval, interface, size) in
        [(0x11, 3, 8, 0, 16u16), (0x02, 2, 0, 1, 64), (0x12, 2, 0, 1, 64)]
    {
        assert_eq!([table[slot], table[32 + slot], table[64 + slot]], [kind, interval, interface]);
        assert_eq!(table[96 + 2 * slot..98 + 2 * slot], size.to_le_bytes());
    }
    assert_eq!(table[..32].iter().filter(|&&kind| kind == 255).count(), 27);
    assert_eq!(packets[2].id, 7);
    // The SETUP packet was made from the packet.
    assert_eq!(guest.panel.borrow().setups.last(), Some(&[0, 9, 1, 0, 0, 0, 0, 0]));
}

#[test]
fn a_refused_configuration_is_a_stall() {
    let mut guest = Guest::attached(Speed::Full);
    guest.send(kind::SET_CONFIGURATION, 7, &[9]);
    let answer = guest.answer();
    assert_eq!((answer.kind, answer.body[0]), (kind::CONFIGURATION_STATUS, STALL));
}

#[test]
fn configuration_and_interface_are_read_back() {
    let mut guest = Guest::configured(Speed::Full);
    guest.send(kind::GET_CONFIGURATION, 2, &[]);
    assert_eq!(guest.answer().body, [SUCCESS, 1]);
    guest.send(kind::GET_ALTERNATE, 3, &[1]);
    let answer = guest.answer();
    assert_eq!((answer.kind, answer.body), (kind::ALTERNATE_STATUS, vec![SUCCESS, 1, 0]));
    guest.send(kind::SET_ALTERNATE, 4, &[1, 0]);
    let answer = guest.take().pop().unwrap();
    assert_eq!((answer.kind, answer.body), (kind::ALTERNATE_STATUS, vec![SUCCESS, 1, 0]));
}
