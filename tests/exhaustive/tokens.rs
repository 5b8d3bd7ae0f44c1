//! Tokens without sense, and a device that is polled or not: whatever comes, SETUP is acknowledged,
//! the contract of the controller holds, and the device enumerates afterwards.

use usbd_acm::class::SerialState;
use usbd_acm::{Controller, SetupPacket, Speed};
use usbd_acm_tests::model::Answer;
use usbd_acm_tests::{HIGH_SPEED, TWO_PORTS, TokenHost};
use usbd_acm_virtual::host::{SplitMix64, request};
use usbd_acm_virtual::{
    DevicePort, FullSpeed, Handshake, InResponse, Pid, VirtualController, VirtualHighSpeed,
};

const STORMS: usize = 10_000;
const TOKENS: usize = 100;

fn byte(random: &mut SplitMix64) -> u8 {
    random.next_u64().to_le_bytes()[7]
}

fn number(random: &mut SplitMix64) -> u8 {
    byte(random) % 5
}

fn any_setup(random: &mut SplitMix64) -> SetupPacket {
    match random.below(10) {
        0 => SetupPacket::from_bytes(random.next_u64().to_le_bytes()),
        1 => request::get_descriptor(request::CONFIGURATION, 0, u16::from(byte(random))),
        2 => request::set_line_coding(number(random)),
        3 => request::set_control_line_state(number(random), byte(random) < 128, true),
        4 => request::set_configuration(byte(random) % 2),
        5 => request::set_address(byte(random) % 128),
        6 => request::set_interface(number(random), 0),
        7 => request::set_device_feature(request::DEVICE_REMOTE_WAKEUP),
        8 => {
            SetupPacket { index: u16::from(byte(random) & 0x83), ..halt(byte(random) % 2 * 2 + 1) }
        }
        _ => request::get_line_coding(number(random)),
    }
}

/// SET_FEATURE (3) or CLEAR_FEATURE (1) of a halt.
fn halt(request: u8) -> SetupPacket {
    SetupPacket { request_type: 2, request, value: 0, index: 0, length: 0 }
}

fn pid(random: &mut SplitMix64) -> Pid {
    if byte(random) < 128 { Pid::Data0 } else { Pid::Data1 }
}

fn token<C: Controller, const PORTS: usize, const SIZE: usize>(
    host: &mut TokenHost<C, (), PORTS, SIZE>,
    random: &mut SplitMix64,
) {
    let address = host.address;
    match random.below(8) {
        0 => {
            let setup = any_setup(random);
            let handshake = host.wire.setup(address, 0, setup.to_bytes());
            // Another address, or suspended: not for the device.
            assert!(matches!(handshake, Handshake::Ack | Handshake::NoResponse), "{setup:?}");
        }
        1 | 2 => drop(host.wire.in_token(address, 0, byte(random) < 200)),
        3 => drop(host.wire.in_token(address, number(random), byte(random) < 200)),
        4 => {
            let length = [0, 7, 8, 64][random.below(4)];
            host.wire.out_token(address, 0, pid(random), &vec![1; length]);
        }
        5 => {
            let length = random.below(SIZE + 1);
            host.wire.out_token(address, number(random), pid(random), &vec![2; length]);
        }
        6 => {
            host.wire.ping(address, number(random));
        }
        _ => bus_event(host, random),
    }
    follow_address(host);
}

/// An IN token without ACK changes nothing: who answers it has the address.
fn follow_address<C: Controller, const PORTS: usize, const SIZE: usize>(
    host: &mut TokenHost<C, (), PORTS, SIZE>,
) {
    let mut answers = |address| host.wire.in_token(address, 0, false) != InResponse::NoResponse;
    if !answers(host.address) {
        host.address = (0..128).find(|address| answers(*address)).unwrap_or(host.address);
    }
}

fn bus_event<C: Controller, const PORTS: usize, const SIZE: usize>(
    host: &mut TokenHost<C, (), PORTS, SIZE>,
    random: &mut SplitMix64,
) {
    match random.below(40) {
        0 => {
            host.wire.bus_reset(if byte(random) < 128 { Speed::Full } else { Speed::High });
            host.address = 0;
        }
        1 => {
            host.wire.set_vbus(false);
            host.wire.set_vbus(true);
        }
        2..=6 => host.wire.set_suspended(true),
        7..=20 => host.wire.set_suspended(false),
        _ => host.wire.run(1_000_000),
    }
}

/// The application does something on any port.
fn act<const PORTS: usize, const SIZE: usize>(
    host: &mut TokenHost<impl Controller, (), PORTS, SIZE>,
    random: &mut SplitMix64,
) {
    let port = &mut host.ports[random.below(PORTS)];
    match random.below(6) {
        0 => drop(port.writer.write(&vec![3; random.below(2 * SIZE)])),
        1 => drop(port.reader.read(&mut vec![0; random.below(2 * SIZE)])),
        2 => port.control.raise(SerialState::from_bits_truncate(byte(random))),
        3 => port.control.set_levels(SerialState::from_bits_truncate(byte(random))),
        4 => port.control.request_wakeup(),
        _ => drop(port.control.next_event()),
    }
}

fn storm<C: Controller, const PORTS: usize, const SIZE: usize>(
    mut host: TokenHost<C, (), PORTS, SIZE>,
    seed: u64,
) {
    let mut random = SplitMix64::new(seed);
    for number in 0..STORMS {
        for _ in 0..TOKENS {
            token(&mut host, &mut random);
            match random.below(4) {
                0 => act(&mut host, &mut random),
                1 => {}
                _ => host.poll(),
            }
        }
        host.wire.set_suspended(false);
        host.reset();
        // As many events as a storm may have left.
        (0..TOKENS).for_each(|_| host.poll());
        host.configure();
        let answer = host.control(request::get_configuration());
        assert_eq!(answer, Answer::Data(vec![1]), "storm {number} of seed {seed}");
        assert_eq!(host.violations(), [], "storm {number} of seed {seed}");
    }
}

#[test]
fn exhaustive_token_storms_on_two_ports() {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    storm(TokenHost::<_, _, 2, 64>::new(controller, wire, &TWO_PORTS, ()), 1);
    let (controller, wire) = VirtualController::<FullSpeed>::new(1);
    storm(TokenHost::<_, _, 2, 64>::new(controller, wire, &TWO_PORTS, ()), 2);
}

#[test]
fn exhaustive_token_storms_at_high_speed() {
    let (controller, wire) = VirtualHighSpeed::new(2);
    storm(TokenHost::<_, _, 1, 512>::new(controller, wire, &HIGH_SPEED, ()), 3);
}
