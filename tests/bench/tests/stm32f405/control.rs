//! EP0, token by token.

use usbd_acm_virtual::host::{Host, linux, request};
use usbd_acm_virtual::{DevicePort, Handshake, InResponse, Pid};

use crate::{Board, LINE_CODING, MICROSECOND, data, is_well, opened, plugged};

const GET_DEVICE: [u8; 8] = [0x80, 6, 0, 1, 0, 0, 18, 0];
const GET_STATUS: [u8; 8] = [0x80, 0, 0, 0, 0, 0, 2, 0];
const GET_CONFIGURATION: [u8; 8] = [0x80, 8, 0, 0, 0, 0, 1, 0];

/// The tokens of one transaction, and the time that it takes.
struct Wire<'a> {
    port: &'a mut Board,
    address: u8,
}

impl<'a> Wire<'a> {
    fn of(host: &'a mut Host<Board>) -> Self {
        let address = host.address();
        Self { port: host.port_mut(), address }
    }

    /// A SETUP, which every device must take.
    fn setup(&mut self, bytes: [u8; 8]) {
        assert_eq!(self.port.setup(self.address, 0, bytes), Handshake::Ack);
        self.port.run(14 * MICROSECOND);
    }

    /// IN on EP0, until it is answered.
    fn data_in(&mut self) -> (Pid, Vec<u8>) {
        for _ in 0..100 {
            match self.port.in_token(self.address, 0, true) {
                InResponse::Nak => self.port.run(10 * MICROSECOND),
                InResponse::Data { pid, bytes } => {
                    self.port.run((9 + bytes.len() as u64) * MICROSECOND);
                    return (pid, bytes);
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("NAK for ever");
    }

    /// A status stage after data to the host.
    fn status_out(&mut self) {
        for _ in 0..100 {
            let handshake = self.port.out_token(self.address, 0, Pid::Data1, &[]);
            self.port.run(10 * MICROSECOND);
            match handshake {
                Handshake::Nak => {}
                Handshake::Ack => return,
                other => panic!("{other:?}"),
            }
        }
        panic!("NAK for ever");
    }
}

/// USB 2.0 §5.5.5: any of them may replace the one before, and the device answers the last.
#[test]
fn of_setups_in_a_row_the_last_is_answered() {
    let (mut host, _) = opened();
    for count in 1..=3 {
        let mut wire = Wire::of(&mut host);
        (1..count).for_each(|_| wire.setup(GET_DEVICE));
        wire.setup(GET_CONFIGURATION);
        assert_eq!(wire.data_in(), (Pid::Data1, vec![1]), "{count}");
        wire.status_out();
        is_well(&mut host);
    }
}

/// The answer to the first SETUP is on its way, or armed, or being fetched, when the second comes; the core
/// holds it back by its NAK, and the driver takes it out of the FIFO.
#[test]
fn no_setup_is_answered_with_what_answers_the_one_before() {
    let (mut host, _) = opened();
    for pause in 0..300 {
        let mut wire = Wire::of(&mut host);
        wire.setup(GET_DEVICE);
        // From 0 to 30 µs by 0.1 µs, as an interrupt takes that long.
        wire.port.run(pause * MICROSECOND / 10);
        wire.setup(GET_STATUS);
        assert_eq!(wire.data_in(), (Pid::Data1, vec![0, 0]), "{pause}");
        wire.status_out();
    }
    is_well(&mut host);
}

/// The same with a token in between, which ends the SETUP stage and so has the driver answer.
#[test]
fn no_setup_is_answered_with_what_answers_the_one_that_was_begun() {
    let (mut host, _) = opened();
    for pause in 0..300 {
        let mut wire = Wire::of(&mut host);
        wire.setup(GET_DEVICE);
        let _ = wire.port.in_token(wire.address, 0, pause % 2 == 0);
        wire.port.run(3 * MICROSECOND + pause * MICROSECOND / 10);
        wire.setup(GET_STATUS);
        assert_eq!(wire.data_in(), (Pid::Data1, vec![0, 0]), "{pause}");
        wire.status_out();
    }
    is_well(&mut host);
}

/// A packet that waits in the receive FIFO before the SETUP does not hide it.
#[test]
fn packets_in_front_of_a_setup_do_not_hide_it() {
    let (mut host, port) = opened();
    for pause in 0..120 {
        let bytes = data(64);
        let data_out = port.function().data_out.address.number();
        let mut wire = Wire::of(&mut host);
        wire.setup(GET_DEVICE);
        let _ = wire.port.in_token(wire.address, 0, true);
        wire.port.run(4 * MICROSECOND);
        // Whether it is taken, and with which toggle, does not matter.
        let pid = if pause % 2 == 0 { Pid::Data0 } else { Pid::Data1 };
        let _ = wire.port.out_token(wire.address, data_out, pid, &bytes);
        wire.port.run(52 * MICROSECOND);
        wire.setup(GET_DEVICE);
        wire.port.run(pause * MICROSECOND / 4);
        wire.setup(GET_STATUS);
        assert_eq!(wire.data_in(), (Pid::Data1, vec![0, 0]), "{pause}");
        wire.status_out();
    }
    is_well(&mut host);
}

/// USB 2.0 §8.5.3: the host may begin the status stage before it has all data.
#[test]
fn a_host_may_end_the_data_stage_early() {
    let (mut host, port) = opened();
    let configuration = [0x80, 6, 0, 2, 0, 0, 0xFF, 0];
    for packets in 0..=1 {
        let mut wire = Wire::of(&mut host);
        wire.setup(configuration);
        for _ in 0..packets {
            assert_eq!(wire.data_in().1.len(), 64);
        }
        wire.status_out();
        // Nothing of it is left.
        wire.setup(GET_STATUS);
        assert_eq!(wire.data_in(), (Pid::Data1, vec![0, 0]));
        wire.status_out();
    }
    assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
    is_well(&mut host);
}

/// USB 2.0 §9.4.6: an address that the host did not acknowledge is none.
#[test]
fn an_address_is_taken_after_its_status_stage_and_not_without() {
    let mut host = plugged();
    host.reset().unwrap();
    let mut wire = Wire::of(&mut host);
    assert_eq!(wire.address, 0);
    wire.setup([0, 5, 7, 0, 0, 0, 0, 0]);
    // The status stage is allowed, and its acknowledgement lost; then the host has another plan.
    let _ = wire.port.in_token(0, 0, false);
    wire.port.run(50 * MICROSECOND);
    assert!(matches!(wire.port.in_token(0, 0, false), InResponse::Data { .. }));
    wire.port.run(50 * MICROSECOND);
    for _ in 0..2 {
        wire.setup(GET_DEVICE);
        assert_eq!(wire.data_in().1.len(), 18);
        wire.status_out();
        assert_eq!(wire.port.setup(7, 0, GET_DEVICE), Handshake::NoResponse);
    }
    linux::enumerate(&mut host).unwrap();
    is_well(&mut host);
}

/// Hosts give control transfers up in the field: 25 of them, and three requests after each.
#[test]
fn a_control_transfer_that_is_given_up_leaves_nothing_behind() {
    use usbd_acm_virtual::host::Conduct;
    let (mut host, port) = opened();
    let transfers = [
        request::get_descriptor(request::CONFIGURATION, 0, 4096),
        request::get_descriptor(request::DEVICE, 0, 18),
        request::get_string(2, 0x0409, 255),
        request::get_line_coding(0),
        request::set_line_coding(0),
    ];
    let device = host.control_in(transfers[1]).unwrap();
    let mut failures = 0;
    for (setup, packets) in transfers.into_iter().flat_map(|t| (0..5).map(move |n| (t, n))) {
        let data = if setup == transfers[4] { LINE_CODING.as_slice() } else { &[] };
        // Given up or, with fewer packets, completed: either is fine.
        let _ = host.control(setup, data, Conduct::AbortAfter(packets));
        host.run(10_000 * packets as u64);
        failures += u32::from(host.control_in(transfers[1]) != Ok(device.clone()));
        failures += u32::from(port.set_line_coding(&mut host, LINE_CODING).is_err());
        failures += u32::from(port.line_coding(&mut host) != Ok(LINE_CODING));
    }
    assert_eq!(failures, 0, "of 75");
    is_well(&mut host);
}
