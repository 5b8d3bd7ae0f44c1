//! Test modes of a high-speed device (USB 2.0 §7.1.20, §9.4.9), token by token.

use usbd_acm::State::{Address, Configured, Default};
use usbd_acm::{SetupPacket, Speed, State, TestMode};
use usbd_acm_tests::model::Answer;
use usbd_acm_tests::{HIGH_SPEED, TokenHost};
use usbd_acm_virtual::host::request;
use usbd_acm_virtual::{DevicePort, InResponse, Pid, VirtualHighSpeed};

const MODES: [TestMode; 4] = [TestMode::J, TestMode::K, TestMode::Se0Nak, TestMode::Packet];
const STATUS: InResponse = InResponse::Data { pid: Pid::Data1, bytes: Vec::new() };

type HighSpeedHost = TokenHost<VirtualHighSpeed, (), 1, 512>;

fn host(state: State) -> HighSpeedHost {
    let (controller, wire) = VirtualHighSpeed::new(2);
    let mut host = TokenHost::new(controller, wire, &HIGH_SPEED, ());
    if state != Default {
        assert_eq!(host.control(request::set_address(5)), Answer::Ack);
    }
    if state == Configured {
        assert_eq!(host.control(request::set_configuration(1)), Answer::Ack);
    }
    host
}

fn set_test_mode(mode: TestMode) -> SetupPacket {
    let index = u16::from(mode as u8) << 8;
    SetupPacket { request_type: 0, request: 3, value: 2, index, length: 0 }
}

fn is_alive(host: &mut HighSpeedHost) {
    let device = host.control(request::get_descriptor(request::DEVICE, 0, 18));
    assert_eq!(device, Answer::Data(HIGH_SPEED.device().to_vec()));
}

#[test]
fn wire_3_1_a_test_mode_is_entered_after_the_status_stage() {
    for state in [Default, Address, Configured] {
        for mode in MODES {
            let mut host = host(state);
            host.setup(set_test_mode(mode));
            let address = host.address;
            // The host does not acknowledge.
            assert_eq!(host.wire.in_token(address, 0, false), STATUS);
            host.poll();
            assert_eq!(host.wire.test_mode(), None);
            assert_eq!(host.in_token(), STATUS);
            assert_eq!(host.wire.test_mode(), Some(mode));
            assert_eq!(host.violations(), []);
        }
    }
}

#[test]
fn wire_3_1_a_test_mode_lasts_until_the_power_is_cycled() {
    for mode in MODES {
        let mut host = host(Configured);
        assert_eq!(host.control(set_test_mode(mode)), Answer::Ack);
        host.reset();
        host.wire.set_suspended(true);
        host.poll();
        assert_eq!(host.wire.test_mode(), Some(mode));
        assert_eq!(host.device.state(), Configured, "the device hears nothing");
        let expected =
            if mode == TestMode::Se0Nak { InResponse::Nak } else { InResponse::NoResponse };
        assert_eq!(host.wire.in_token(5, 0, true), expected);
        for present in [false, true] {
            host.wire.set_vbus(present);
            host.poll();
        }
        assert_eq!(host.wire.test_mode(), None);
        host.reset();
        is_alive(&mut host);
        assert_eq!(host.violations(), []);
    }
}

#[test]
fn wire_3_1_a_newer_setup_keeps_the_device_out_of_a_test_mode() {
    let mut host = host(Configured);
    host.setup(set_test_mode(TestMode::J));
    is_alive(&mut host);
    host.setup(set_test_mode(TestMode::J));
    assert_eq!(host.control(request::set_configuration(1)), Answer::Ack);
    assert_eq!(host.wire.test_mode(), None);
    host.setup(set_test_mode(TestMode::J));
    host.reset();
    is_alive(&mut host);
    assert_eq!(host.wire.test_mode(), None);
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_1_no_test_mode_at_full_speed() {
    let mut host = host(Default);
    for mode in MODES {
        host.wire.bus_reset(Speed::Full);
        host.poll();
        assert_eq!(host.control(set_test_mode(mode)), Answer::Stall);
        assert_eq!(host.wire.test_mode(), None);
    }
    is_alive(&mut host);
    assert_eq!(host.violations(), []);
}
