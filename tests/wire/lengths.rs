//! 3.2: how long a data stage is, and what ends it.

use usbd_acm::descriptors::{Descriptors, EndpointSet, Power, descriptors};
use usbd_acm::{Controller, SetupPacket};
use usbd_acm_tests::model::Answer;
use usbd_acm_tests::{HIGH_SPEED, ONE_PORT, TWO_PORTS, TokenHost};
use usbd_acm_virtual::host::request;
use usbd_acm_virtual::{
    DevicePort, FullSpeed, Handshake, InResponse, Pid, VirtualController, VirtualHighSpeed,
};

const LETTERS: &str = "The quick brown fox jumps over the lazy dog, and the lazy dog looks up at \
                       the quick brown fox, then it goes to sleep once more.";

const fn letters(count: usize) -> &'static str {
    LETTERS.split_at(count).0
}

/// Strings whose descriptors are 64, 128 and 192 bytes long.
static MULTIPLES: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(15),
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: letters(31),
    product: letters(63),
    serial_number: letters(95),
    power: Power::Bus { milliamps: 500 },
};

/// Strings whose descriptors are 62, 66 and 254 bytes long.
static NEAR_MULTIPLES: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(15),
    vendor_id: 0x1209,
    product_id: 0x0001,
    manufacturer: letters(30),
    product: letters(32),
    serial_number: letters(126),
    power: Power::Bus { milliamps: 500 },
};

/// USB 2.0 §5.5.3, in other words than the stack's: the sizes of the packets of a data IN stage.
fn packet_sizes(length: usize, asked: usize) -> Vec<usize> {
    let sent = length.min(asked);
    let mut sizes = vec![64; sent / 64];
    if !sent.is_multiple_of(64) || sent < asked {
        sizes.push(sent % 64);
    }
    sizes
}

/// Reads every descriptor of the device with every wLength; the number of reads.
fn every_length<C: Controller, const PORTS: usize, const SIZE: usize>(
    host: &mut TokenHost<C, (), PORTS, SIZE>,
) -> usize {
    let mut reads = 0;
    for kind in [1, 2, 3, 6, 7u16] {
        for index in 0..4u16 {
            let language = if kind == 3 { 0x0409 } else { 0 };
            let setup = SetupPacket {
                request_type: 0x80,
                request: 6,
                value: kind << 8 | index,
                index: language,
                length: 4096,
            };
            let Answer::Data(whole) = host.control(setup) else { continue };
            for length in 0..=4096 {
                check_length(host, SetupPacket { length, ..setup }, &whole);
                reads += 1;
            }
        }
    }
    assert_eq!(host.violations(), []);
    reads
}

fn check_length<C: Controller, const PORTS: usize, const SIZE: usize>(
    host: &mut TokenHost<C, (), PORTS, SIZE>,
    setup: SetupPacket,
    whole: &[u8],
) {
    let asked = usize::from(setup.length);
    let answer = host.control(setup);
    if asked == 0 {
        // No data stage; the status stage is IN (USB 2.0 §9.3.1).
        return assert_eq!(answer, Answer::Ack);
    }
    assert_eq!(answer, Answer::Data(whole[..whole.len().min(asked)].into()), "{setup:?}");
    let sizes: Vec<usize> = host.packets.iter().map(Vec::len).collect();
    assert_eq!(sizes, packet_sizes(whole.len(), asked), "{setup:?}");
}

#[test]
fn wire_3_2_zero_length_packet_rule_of_every_descriptor() {
    let mut reads = 0;
    for descriptors in [&ONE_PORT, &MULTIPLES, &NEAR_MULTIPLES] {
        let (controller, wire) = VirtualController::<FullSpeed>::new(2);
        let mut host = TokenHost::<_, _, 1, 64>::new(controller, wire, descriptors, ());
        reads += every_length(&mut host);
        host.configure();
        reads += every_length(&mut host);
    }
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    reads += every_length(&mut TokenHost::<_, _, 2, 64>::new(controller, wire, &TWO_PORTS, ()));
    let (controller, wire) = VirtualHighSpeed::new(2);
    reads += every_length(&mut TokenHost::<_, _, 1, 512>::new(controller, wire, &HIGH_SPEED, ()));
    // Device, configuration and four strings; at high speed qualifier and other speed, too.
    assert_eq!(reads, 4097 * (6 * 6 + 6 + 8));
}

#[test]
fn wire_3_2_zero_length_packet_rule_by_example() {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let mut host = TokenHost::<_, _, 1, 64>::new(controller, wire, &MULTIPLES, ());
    for (length, sizes) in
        [(63, [63].as_slice()), (64, &[64]), (65, &[64, 0]), (255, &[64, 0]), (0xFFFF, &[64, 0])]
    {
        host.control(request::get_string(1, 0x0409, length));
        assert_eq!(host.packets.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{length}");
    }
}

#[test]
fn wire_3_2_without_data_the_status_stage_is_in() {
    let mut host = TokenHost::configured();
    for setup in [
        request::get_descriptor(request::DEVICE, 0, 0),
        SetupPacket { length: 0, ..request::get_device_status() },
        SetupPacket { length: 0, ..request::get_configuration() },
        SetupPacket { length: 0, ..request::get_interface(0) },
        SetupPacket { length: 0, ..request::get_line_coding(0) },
        request::set_control_line_state(0, true, true),
    ] {
        assert_eq!(host.control(setup), Answer::Ack, "{setup:?}");
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_2_first_get_descriptor_is_one_packet() {
    let mut host = TokenHost::full_speed();
    for length in [8, 18, 64, 255] {
        host.reset();
        host.control(request::get_descriptor(request::DEVICE, 0, length));
        assert_eq!(host.packets.len(), 1, "wLength {length}");
    }
    assert_eq!(host.packets[0][7], 64, "bMaxPacketSize0 is what the controller uses");
}

#[test]
fn wire_3_2_out_data_is_taken_whole_or_not_at_all() {
    let mut host = TokenHost::configured();
    let good = [0x80, 0x25, 0, 0, 0, 0, 8];
    for length in (0..=64).filter(|length| *length != 7) {
        assert_eq!(host.control_with(request::set_line_coding(0), &good), Answer::Ack);
        host.setup(request::set_line_coding(0));
        let sent = host.out_token(Pid::Data1, &vec![0xEE; length]);
        assert_eq!(sent, Handshake::Ack, "the packet itself is a good packet");
        assert_eq!(host.in_token(), InResponse::Stall, "{length} bytes");
        let coding = host.control(request::get_line_coding(0));
        assert_eq!(coding, Answer::Data(good.into()), "after {length} bytes");
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_2_out_data_that_no_request_takes_is_stalled_at_setup() {
    let mut host = TokenHost::configured();
    for length in (1..=4096).chain([0xFFFF]) {
        let line_coding = SetupPacket { length, ..request::set_line_coding(0) };
        let refused = [
            SetupPacket { length, ..request::set_configuration(1) },
            SetupPacket { length, ..request::set_control_line_state(0, true, true) },
            SetupPacket { length, ..request::send_break(0, 1) },
        ];
        let line_coding = (length != 7).then_some(line_coding);
        for setup in refused.into_iter().chain(line_coding) {
            host.setup(setup);
            assert_eq!(host.out_token(Pid::Data1, &[1]), Handshake::Stall, "{setup:?}");
            assert_eq!(host.in_token(), InResponse::Stall, "{setup:?}");
        }
    }
    assert!(matches!(host.control(request::get_device_status()), Answer::Data(_)));
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_2_a_second_out_packet_does_no_harm() {
    let mut host = TokenHost::configured();
    host.setup(request::set_line_coding(0));
    assert_eq!(host.out_token(Pid::Data1, &[1; 7]), Handshake::Ack);
    assert_ne!(host.out_token(Pid::Data0, &[2; 7]), Handshake::Ack);
    let coding = host.control(request::get_line_coding(0));
    assert_eq!(coding, Answer::Data(vec![1; 7]));
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_2_bulk_in_of_full_packets_ends_with_a_zero_length_packet() {
    for packets in 1..=2 {
        let mut host = TokenHost::configured();
        assert_eq!(host.ports[0].writer.write(&vec![7; 64 * packets]), Ok(64 * packets));
        host.poll();
        let mut sizes = Vec::new();
        for _ in 0..packets + 3 {
            if let InResponse::Data { bytes, .. } = host.wire.in_token(host.address, 1, true) {
                sizes.push(bytes.len());
            }
            host.poll();
        }
        assert_eq!(sizes, [vec![64; packets], vec![0]].concat());
        assert_eq!(host.ports[0].writer.is_flushed(), Ok(true));
        assert_eq!(host.violations(), []);
    }
}
