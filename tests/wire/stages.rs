//! 3.2: the stages of a control transfer, and what a host may do wrong in them.

use usbd_acm::SetupPacket;
use usbd_acm_tests::TokenHost;
use usbd_acm_tests::model::{Answer, DEFAULT_LINE_CODING};
use usbd_acm_virtual::host::request::{self, CONFIGURATION, DEVICE, get_descriptor};
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Pid};

const STATUS: InResponse = InResponse::Data { pid: Pid::Data1, bytes: Vec::new() };

fn is_alive(host: &mut TokenHost) {
    let answer = host.control(request::get_configuration());
    assert_eq!(answer, Answer::Data(vec![1]));
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_2_data_stage_begins_with_data1_and_alternates() {
    let mut host = TokenHost::configured();
    host.setup(get_descriptor(CONFIGURATION, 0, 4096));
    let pids: Vec<(Pid, usize)> = (0..2)
        .map(|_| match host.in_token() {
            InResponse::Data { pid, bytes } => (pid, bytes.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(pids, [(Pid::Data1, 64), (Pid::Data0, 11)]);
    assert_eq!(host.out_token(Pid::Data1, &[]), Handshake::Ack, "the status stage is DATA1");
    is_alive(&mut host);
}

#[test]
fn wire_3_2_a_lost_ack_repeats_every_packet() {
    let mut host = TokenHost::configured();
    host.setup(get_descriptor(CONFIGURATION, 0, 4096));
    let mut data = Vec::new();
    for expected in [Pid::Data1, Pid::Data0] {
        let first = host.wire.in_token(host.address, 0, false);
        host.poll();
        assert_eq!(host.in_token(), first, "the same again");
        let InResponse::Data { pid, bytes } = first else { panic!("{first:?}") };
        assert_eq!(pid, expected);
        data.extend(bytes);
    }
    assert_eq!(data, usbd_acm_tests::model::FULL_SPEED.configuration);
    for _ in 0..3 {
        // The host missed our ACK, and repeats its status stage.
        assert_eq!(host.out_token(Pid::Data1, &[]), Handshake::Ack);
    }
    is_alive(&mut host);
}

#[test]
fn wire_3_2_a_repeated_setup_starts_over() {
    let mut host = TokenHost::configured();
    for _ in 0..3 {
        host.setup(get_descriptor(DEVICE, 0, 18));
        host.in_token();
    }
    is_alive(&mut host);
}

#[test]
fn wire_3_2_early_status_stage() {
    let mut host = TokenHost::configured();
    for length in [1, 18, 64, 65, 75, 255, 4096] {
        for packets in 0..=2 {
            host.setup(get_descriptor(CONFIGURATION, 0, length));
            for _ in 0..packets {
                host.in_token();
            }
            let status = host.out_token(Pid::Data1, &[]);
            assert_eq!(status, Handshake::Ack, "wLength {length}, after {packets} packets");
            assert_eq!(host.in_token(), InResponse::Nak, "the transfer is over");
        }
    }
    is_alive(&mut host);
}

#[test]
fn wire_3_2_wrong_toggle_of_out_data_is_a_repetition() {
    let mut host = TokenHost::configured();
    host.setup(request::set_line_coding(0));
    assert_eq!(host.out_token(Pid::Data0, &[9; 7]), Handshake::Ack, "acknowledged and dropped");
    assert_eq!(host.in_token(), InResponse::Nak, "the data is still due");
    assert_eq!(host.out_token(Pid::Data1, &[5; 7]), Handshake::Ack);
    assert_eq!(host.out_token(Pid::Data1, &[5; 7]), Handshake::Ack, "the host missed our ACK");
    assert_eq!(host.in_token(), STATUS);
    assert_eq!(host.control(request::get_line_coding(0)), Answer::Data(vec![5; 7]));
    is_alive(&mut host);
}

#[test]
fn wire_3_2_wrong_toggle_of_the_status_stage() {
    let mut host = TokenHost::configured();
    host.setup(get_descriptor(DEVICE, 0, 18));
    host.in_token();
    // DATA0 passes for a repetition; the transfer is over with DATA1.
    assert_eq!(host.out_token(Pid::Data0, &[]), Handshake::Ack);
    assert_eq!(host.out_token(Pid::Data1, &[]), Handshake::Ack);
    is_alive(&mut host);
}

#[test]
fn wire_3_2_status_stage_with_data_is_stalled() {
    let mut host = TokenHost::configured();
    for length in [1, 8, 64] {
        host.setup(get_descriptor(DEVICE, 0, 18));
        host.in_token();
        assert_eq!(host.out_token(Pid::Data1, &vec![1; length]), Handshake::Stall);
        is_alive(&mut host);
    }
}

#[test]
fn wire_3_2_tokens_without_a_transfer() {
    let mut host = TokenHost::configured();
    assert_eq!(host.in_token(), InResponse::Nak);
    for data in [[].as_slice(), &[1; 7], &[1; 64]] {
        assert_eq!(host.out_token(Pid::Data1, data), Handshake::Nak);
        assert_eq!(host.in_token(), InResponse::Nak);
    }
    is_alive(&mut host);
    let coding = host.control(request::get_line_coding(0));
    assert_eq!(coding, Answer::Data(DEFAULT_LINE_CODING.into()));
}

#[test]
fn wire_3_2_protocol_stall_ends_with_the_next_setup() {
    let mut host = TokenHost::configured();
    for setup in [
        get_descriptor(0x42, 0, 18),
        request::set_configuration(9),
        SetupPacket { length: 64, ..request::set_configuration(1) },
    ] {
        host.setup(setup);
        for _ in 0..5 {
            assert_eq!(host.in_token(), InResponse::Stall);
            assert_eq!(host.out_token(Pid::Data1, &[]), Handshake::Stall);
        }
        // It is no Halt of EP0.
        let status = SetupPacket { request_type: 0x82, ..request::get_device_status() };
        assert_eq!(host.control(status), Answer::Data(vec![0, 0]));
        is_alive(&mut host);
    }
}

#[test]
fn wire_3_2_setup_is_taken_while_the_bulk_endpoints_are_full() {
    let mut host = TokenHost::configured();
    for pid in [Pid::Data0, Pid::Data1] {
        assert_eq!(host.wire.out_token(host.address, 1, pid, &[1; 64]), Handshake::Ack);
        host.poll();
    }
    assert_eq!(host.ports[0].writer.write(&[2; 200]), Ok(128));
    host.poll();
    for _ in 0..10 {
        let nak = host.wire.out_token(host.address, 1, Pid::Data0, &[1; 64]);
        assert_eq!(nak, Handshake::Nak);
        is_alive(&mut host);
        assert_eq!(host.control_with(request::set_line_coding(0), &[3; 7]), Answer::Ack);
    }
}

#[test]
fn wire_3_2_suspend_between_any_two_tokens() {
    for sleep_before in 1..=4 {
        let mut host = TokenHost::configured();
        let mut tokens = 0;
        let mut maybe_sleep = |host: &mut TokenHost| {
            tokens += 1;
            if tokens == sleep_before {
                for suspended in [true, false] {
                    host.wire.set_suspended(suspended);
                    host.poll();
                }
            }
        };
        host.setup(get_descriptor(CONFIGURATION, 0, 4096));
        let mut data = Vec::new();
        for _ in 0..2 {
            maybe_sleep(&mut host);
            let InResponse::Data { bytes, .. } = host.in_token() else { panic!("{sleep_before}") };
            data.extend(bytes);
        }
        assert_eq!(data, usbd_acm_tests::model::FULL_SPEED.configuration);
        maybe_sleep(&mut host);
        assert_eq!(host.out_token(Pid::Data1, &[]), Handshake::Ack);
        maybe_sleep(&mut host);
        is_alive(&mut host);
    }
}
