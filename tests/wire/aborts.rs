//! 3.2: a SETUP in any stage ends the transfer before it, and is answered itself.

use usbd_acm::{Direction, SetupPacket};
use usbd_acm_tests::TokenHost;
use usbd_acm_tests::model::{Answer, FULL_SPEED};
use usbd_acm_virtual::host::request::{self, CONFIGURATION, DEVICE, get_descriptor};
use usbd_acm_virtual::{DevicePort, Pid};

const CODING: [u8; 7] = [0x80, 0x25, 0, 0, 2, 1, 7];

/// Transfers to be given up: every shape there is.
fn victims() -> [SetupPacket; 9] {
    [
        get_descriptor(CONFIGURATION, 0, 4096),
        get_descriptor(CONFIGURATION, 0, 75),
        get_descriptor(DEVICE, 0, 18),
        request::get_line_coding(0),
        request::set_line_coding(0),
        request::set_control_line_state(0, true, true),
        request::set_configuration(1),
        get_descriptor(0x42, 0, 18),
        SetupPacket { length: 200, ..request::set_configuration(1) },
    ]
}

/// The first `steps` tokens of a transfer. After the *n*th token the device is polled if bit *n* of
/// `polls` is set.
fn begin(host: &mut TokenHost, setup: SetupPacket, steps: usize, polls: u32) {
    let is_in = setup.length > 0 && matches!(setup.direction(), Direction::In);
    for step in 0..steps {
        match (step, is_in) {
            (0, _) => {
                host.wire.setup(host.address, 0, setup.to_bytes());
            }
            (1 | 2, true) => {
                host.wire.in_token(host.address, 0, true);
            }
            (_, true) => {
                host.wire.out_token(host.address, 0, Pid::Data1, &[]);
            }
            (1, false) if setup.length > 0 => {
                host.wire.out_token(host.address, 0, Pid::Data1, &CODING);
            }
            (_, false) => {
                host.wire.in_token(host.address, 0, true);
            }
        }
        if polls >> step & 1 == 1 {
            host.poll();
        }
    }
}

#[test]
fn wire_3_2_setup_in_any_stage_with_any_timing() {
    let mut host = TokenHost::configured();
    let mut aborts = 0;
    for victim in victims() {
        for steps in 1..=5 {
            for polls in 0..1 << steps {
                begin(&mut host, victim, steps, polls);
                let whole = host.control(get_descriptor(CONFIGURATION, 0, 4096));
                assert_eq!(whole, Answer::Data(FULL_SPEED.configuration.into()), "{victim:?}");
                begin(&mut host, victim, steps, polls);
                let set = host.control_with(request::set_line_coding(0), &[1; 7]);
                assert_eq!(set, Answer::Ack, "{victim:?} {steps} {polls:b}");
                begin(&mut host, victim, steps, polls);
                let coding = host.control(request::get_line_coding(0));
                // The old coding or the new one, never a mixture.
                let whole = [Answer::Data(vec![1; 7]), Answer::Data(CODING.into())];
                assert!(whole.contains(&coding), "{victim:?} {coding:?}");
                begin(&mut host, victim, steps, polls);
                assert_eq!(host.control(get_descriptor(0x42, 0, 18)), Answer::Stall);
                aborts += 4;
            }
        }
    }
    assert_eq!(aborts, 9 * (2 + 4 + 8 + 16 + 32) * 4);
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_2_two_setups_before_the_device_looks() {
    let mut host = TokenHost::configured();
    for first in victims() {
        for second in victims() {
            host.wire.setup(host.address, 0, first.to_bytes());
            host.wire.setup(host.address, 0, second.to_bytes());
            let answer = host.control(request::get_configuration());
            assert_eq!(answer, Answer::Data(vec![1]), "{first:?}, {second:?}");
        }
    }
    assert_eq!(host.violations(), []);
}
