//! 3.1: addresses, remote wake-up and suspend.

use usbd_acm::{Hooks, SetupPacket, Speed, State, WriteError};
use usbd_acm_tests::model::{self, Answer};
use usbd_acm_tests::{HIGH_SPEED, ONE_PORT, TWO_PORTS, TokenHost, full_speed_running};
use usbd_acm_virtual::host::request::{self, DEVICE_REMOTE_WAKEUP};
use usbd_acm_virtual::host::{TransferError, linux};
use usbd_acm_virtual::{
    DevicePort, FullSpeed, Handshake, InResponse, Pid, VirtualController, VirtualHighSpeed,
};

const SECOND: u64 = 1_000_000_000;
const STATUS: InResponse = InResponse::Data { pid: Pid::Data1, bytes: Vec::new() };

#[test]
fn wire_3_1_set_address_after_the_status_stage() {
    let mut host = TokenHost::full_speed();
    for address in (1..=127).chain([1, 0, 127, 5]) {
        let old = host.address;
        host.setup(request::set_address(address));
        // As long as the host has not acknowledged the status stage, nothing changes.
        for _ in 0..3 {
            assert_eq!(host.wire.in_token(old, 0, false), STATUS);
            host.poll();
        }
        if old != address {
            assert_eq!(host.wire.in_token(address, 0, true), InResponse::NoResponse);
        }
        assert_eq!(host.wire.in_token(old, 0, true), STATUS);
        if old != address {
            assert_eq!(host.wire.setup(old, 0, [0; 8]), Handshake::NoResponse);
        }
        host.poll();
        host.address = address;
        let state = if address == 0 { State::Default } else { State::Address };
        assert_eq!(host.device.state(), state);
        assert!(matches!(host.control(request::get_device_status()), Answer::Data(_)));
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_1_set_address_given_up_changes_nothing() {
    let mut host = TokenHost::full_speed();
    for polled in [true, false] {
        host.wire.setup(0, 0, request::set_address(9).to_bytes());
        if polled {
            host.poll();
        }
        assert!(matches!(host.control(request::get_device_status()), Answer::Data(_)));
        assert_eq!(host.device.state(), State::Default);
        assert_eq!(host.wire.setup(9, 0, [0; 8]), Handshake::NoResponse);
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_1_set_address_refused() {
    let mut host = TokenHost::full_speed();
    let set =
        |value, index, length| SetupPacket { value, index, length, ..request::set_address(0) };
    for _ in [State::Default, State::Address] {
        for wrong in [set(128, 0, 0), set(0xFF05, 0, 0), set(5, 1, 0), set(5, 0, 1)] {
            assert_eq!(host.control(wrong), Answer::Stall);
        }
        assert_eq!(host.control(set(0, 0, 0)), Answer::Ack);
        assert_eq!(host.device.state(), State::Default);
        assert_eq!(host.control(request::set_address(7)), Answer::Ack);
    }
    host.configure();
    for address in [0, 5, 6] {
        assert_eq!(host.control(request::set_address(address)), Answer::Stall);
        assert_eq!(host.device.state(), State::Configured);
    }
    assert_eq!(host.violations(), []);
}

#[test]
fn wire_3_1_remote_wakeup_only_while_suspended() {
    // An application that asks all the time.
    let mut rig = full_speed_running(|[port], _| port.control.request_wakeup());
    rig.host.plug().unwrap();
    linux::enumerate(&mut rig.host).unwrap();
    rig.host.control_out(request::set_device_feature(DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    rig.host.run(SECOND);
    assert!(!rig.host.port().wakeup_signalled(), "awake");
    rig.host.suspend();
    let start = rig.host.now();
    rig.host.await_remote_wakeup(SECOND).unwrap();
    // The bus had been idle for 3 ms; 5 are due before the device may signal.
    assert!(rig.host.now() - start >= 2_000_000);
    assert_eq!(rig.host.control_in(request::get_configuration()), Ok(vec![1]));
    rig.host.control_out(request::clear_device_feature(DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    rig.host.suspend();
    assert_eq!(rig.host.await_remote_wakeup(SECOND), Err(TransferError::Timeout));
    assert_eq!(rig.violations(), []);
}

/// Counts what the board is told.
#[derive(Default)]
struct Board {
    wakeups: u32,
    gated: bool,
}

impl Hooks for Board {
    fn suspended(&mut self) {
        assert!(!std::mem::replace(&mut self.gated, true), "told once");
    }

    fn resumed(&mut self) {
        assert!(std::mem::take(&mut self.gated), "told once");
    }

    fn wakeup_requested(&mut self) {
        assert!(!self.gated, "resumed comes first");
        self.wakeups += 1;
    }
}

#[test]
fn wire_3_1_remote_wakeup_is_signalled_once() {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let mut host = TokenHost::<_, _, 1, 64>::new(controller, wire, &ONE_PORT, Board::default());
    host.configure();
    host.control(request::set_device_feature(DEVICE_REMOTE_WAKEUP));
    for suspends in 1..=3 {
        host.wire.set_suspended(true);
        host.poll();
        // K lasts 15 ms at most, however often the application writes and asks.
        for _ in 0..10 {
            let _ = host.ports[0].writer.write(&[1]);
            host.ports[0].control.request_wakeup();
            host.poll();
        }
        assert_eq!(host.device.hooks().wakeups, suspends);
        host.wire.set_suspended(false);
        host.poll();
    }
    assert_eq!(host.violations(), []);
}

/// USB 2.0 §9.1.1: a device that is detached is in none of the states, and begins anew.
#[test]
fn wire_3_1_a_device_that_disconnects_has_neither_address_nor_session() {
    let mut host = TokenHost::configured();
    assert!(host.wire.attached() && host.ports[0].control.is_connected());
    host.device.disconnect();
    assert!(!host.wire.attached() && !host.ports[0].control.is_connected());
    assert_eq!(host.device.state(), State::Default);
    host.device.connect();
    assert!(host.wire.attached());
    host.reset();
    host.configure();
    assert!(host.ports[0].control.is_connected());
    assert_eq!(host.violations(), []);
}

/// One port or the other, or both at a time.
#[test]
fn wire_3_1_any_port_wakes_a_host_that_allows_it() {
    for asking in [[true, false], [false, true], [true, true], [false, false]] {
        let (controller, wire) = <VirtualController>::new(2);
        let mut host = TokenHost::<_, _, 2>::new(controller, wire, &TWO_PORTS, Board::default());
        host.configure();
        assert_eq!(host.control(request::set_device_feature(DEVICE_REMOTE_WAKEUP)), Answer::Ack);
        host.wire.set_suspended(true);
        host.poll();
        for (port, asks) in host.ports.iter_mut().zip(asking) {
            if asks {
                port.control.request_wakeup();
            }
        }
        host.poll();
        let expected = u32::from(asking != [false, false]);
        assert_eq!(host.device.hooks().wakeups, expected, "{asking:?}");
        assert_eq!(host.violations(), []);
    }
}

#[test]
fn wire_3_1_suspend_lies_across_the_states() {
    for configured in [false, true] {
        let mut host = if configured { TokenHost::configured() } else { TokenHost::full_speed() };
        let state = host.device.state();
        for suspended in [false, true, false] {
            host.wire.set_suspended(suspended);
            host.poll();
            assert_eq!((host.device.is_suspended(), host.device.state()), (suspended, state));
        }
    }
}

#[test]
fn wire_3_1_the_speed_is_that_of_the_last_reset() {
    let (controller, wire) = VirtualHighSpeed::new(2);
    let mut host = TokenHost::<_, _, 1, 512>::new(controller, wire, &HIGH_SPEED, ());
    let speeds = [(Speed::High, &model::HIGH_SPEED), (Speed::Full, &model::HIGH_SPEED_AT_FULL)];
    for (speed, golden) in speeds.into_iter().cycle().take(6) {
        host.wire.bus_reset(speed);
        host.address = 0;
        host.poll();
        host.configure();
        for (kind, expected) in [
            (request::CONFIGURATION, Some(golden.configuration)),
            (request::OTHER_SPEED_CONFIGURATION, golden.other_speed),
            (request::DEVICE_QUALIFIER, golden.qualifier),
        ] {
            let answer = host.control(request::get_descriptor(kind, 0, 4096));
            assert_eq!(answer, Answer::Data(expected.unwrap().into()));
        }
        // The end of the session before is told first.
        if host.ports[0].writer.write(&[7; 600]) == Err(WriteError::Disconnected) {
            assert!(host.ports[0].writer.write(&[7; 600]).is_ok());
        }
        host.poll();
        let InResponse::Data { bytes, .. } = host.wire.in_token(host.address, 1, true) else {
            panic!("600 bytes were written");
        };
        assert_eq!(bytes.len(), usize::from(speed.bulk_packet_size()));
        host.poll();
    }
    assert_eq!(host.violations(), []);
}
