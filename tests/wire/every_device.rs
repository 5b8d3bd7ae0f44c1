//! 3.1 and 3.2 by what a host sees, without a look into the device: of every device, firmware in an emulated
//! chip too.

use std::cell::RefCell;
use std::rc::Rc;

use usbd_acm::EndpointAddress;
use usbd_acm::State::{Address, Configured};
use usbd_acm_tests::model::DEFAULT_LINE_CODING;
use usbd_acm_tests::{each_device, each_device_in};
use usbd_acm_virtual::host::request::{
    self, CONFIGURATION, DEVICE, DEVICE_REMOTE_WAKEUP, get_descriptor,
};
use usbd_acm_virtual::host::{
    Conduct, ControlRecord, Fault, Observer, PacketKind, Rule, TransferError,
};

const CODING: [u8; 7] = [0x80, 0x25, 0, 0, 2, 1, 7];
/// Longer than whatever USB 2.0 §7.1.7 counts in suspend; firmware that polls is executed all the while.
const SUSPENDED: u64 = 100_000_000;

#[test]
fn wire_3_1_remote_wakeup_lasts_until_reset() {
    each_device_in(&[Address, Configured], |subject| {
        subject.accepts(request::set_device_feature(DEVICE_REMOTE_WAKEUP));
        for value in [1, 1, 0, 1] {
            subject.accepts(request::set_configuration(value));
            assert_eq!(subject.read(request::get_device_status()), [2, 0]);
        }
        subject.host.suspend();
        subject.host.resume();
        assert_eq!(subject.read(request::get_device_status()), [2, 0]);
        subject.enter(Configured);
        assert_eq!(subject.read(request::get_device_status()), [0, 0]);
    });
}

#[test]
fn wire_3_1_suspend_keeps_the_state() {
    each_device_in(&[Configured], |subject| {
        let halted = EndpointAddress::from_byte(subject.golden.endpoints[1]).unwrap();
        let coding = [1, 2, 3, 4, 5, 6, 7];
        subject.accepts(request::set_halt(halted));
        subject.accepts(request::set_control_line_state(0, true, false));
        subject.host.control_out(request::set_line_coding(0), &coding).unwrap();
        let address = subject.host.address();
        for _ in 0..3 {
            subject.host.suspend();
            subject.host.run(SUSPENDED);
            subject.host.resume();
            assert_eq!(subject.host.address(), address);
            assert_eq!(subject.read(request::get_configuration()), [1]);
            assert_eq!(subject.read(request::get_endpoint_status(halted)), [1, 0]);
            assert_eq!(subject.read(request::get_line_coding(0)), coding);
        }
    });
}

#[test]
fn wire_3_1_reset_ends_the_state() {
    each_device_in(&[Address, Configured], |subject| {
        subject.host.reset().unwrap();
        assert_eq!(subject.read(request::get_configuration()), [0]);
        subject.refuses(request::get_interface(0));
        let in_1 = EndpointAddress::from_byte(0x81).unwrap();
        subject.refuses(request::get_endpoint_status(in_1));
    });
}

/// 25 transfers given up, as hosts do in the field, and three requests after each.
#[test]
fn wire_3_2_25_aborts_and_3_requests_after_each() {
    each_device_in(&[Configured], |subject| {
        let transfers = [
            get_descriptor(CONFIGURATION, 0, 4096),
            get_descriptor(DEVICE, 0, 18),
            request::get_string(2, 0x0409, 255),
            request::get_line_coding(0),
            request::set_line_coding(0),
        ];
        let (mut failures, mut requests) = (0, 0);
        for (setup, packets) in transfers.into_iter().flat_map(|t| (0..5).map(move |n| (t, n))) {
            let data = if setup == transfers[4] { CODING.as_slice() } else { &[] };
            // Given up or, with fewer packets, completed: either is fine.
            let _ = subject.host.control(setup, data, Conduct::AbortAfter(packets));
            subject.host.run(10_000 * packets as u64);
            let golden = subject.golden;
            let device = subject.host.control_in(get_descriptor(DEVICE, 0, 18));
            let whole = subject.host.control_in(get_descriptor(CONFIGURATION, 0, 4096));
            let set = subject.host.control_out(request::set_line_coding(0), &CODING);
            failures += u32::from(device.as_deref() != Ok(golden.device));
            failures += u32::from(whole.as_deref() != Ok(golden.configuration));
            failures += u32::from(set.is_err());
            requests += 3;
        }
        assert_eq!((failures, requests), (0, 75), "{}", subject.name);
    });
}

/// Each packet of a control transfer lost once, or thrice.
#[test]
fn wire_3_2_lost_packets() {
    each_device_in(&[Configured], |subject| {
        for (fault, count) in [(Fault::Drop, 14), (Fault::Corrupt, 14), (Fault::Duplicate, 14)] {
            for packet in 0..count {
                subject.host.faults().clear();
                subject.host.faults().add(Rule::new(PacketKind::Any, fault).after(packet));
                let whole = subject.read(get_descriptor(CONFIGURATION, 0, 4096));
                assert_eq!(whole, subject.golden.configuration, "{fault:?} of packet {packet}");
                subject.host.faults().clear();
                subject.host.faults().add(Rule::new(PacketKind::Any, fault).after(packet));
                subject.host.control_out(request::set_line_coding(0), &CODING).expect("retried");
                subject.host.faults().clear();
                assert_eq!(subject.read(request::get_line_coding(0)), CODING);
            }
        }
    });
}

/// A bus reset in the middle of a transfer.
#[test]
fn wire_3_2_reset_at_any_packet() {
    each_device_in(&[Configured], |subject| {
        for packet in 0..14 {
            subject.host.faults().add(Rule::new(PacketKind::Any, Fault::Reset).after(packet));
            let _ = subject.host.control_in(get_descriptor(CONFIGURATION, 0, 4096));
            let _ = subject.host.control_out(request::set_line_coding(0), &CODING);
            subject.host.faults().clear();
            subject.enter(Configured);
            subject.is_alive();
        }
    });
}

#[test]
fn wire_3_2_early_status_stage_on_every_device() {
    each_device_in(&[Configured], |subject| {
        let setup = get_descriptor(CONFIGURATION, 0, 4096);
        let packets = subject.golden.configuration.len().div_ceil(64);
        for after in 0..=packets {
            let read = subject.host.control(setup, &[], Conduct::StatusAfter(after));
            let expected = subject.golden.configuration.len().min(64 * after);
            assert_eq!(read.as_deref(), Ok(&subject.golden.configuration[..expected]));
            subject.is_alive();
        }
        let all = subject.host.control(setup, &[], Conduct::ReadOn);
        assert_eq!(all.as_deref(), Ok(subject.golden.configuration), "NAK after the end");
        subject.is_alive();
    });
}

#[test]
fn wire_3_2_status_stage_instead_of_out_data() {
    each_device_in(&[Configured], |subject| {
        let setup = request::set_line_coding(0);
        let skipped = subject.host.control(setup, &[], Conduct::Regular);
        // Free: the host broke the rules, so the device waits for its data or for a SETUP.
        assert!(matches!(skipped, Err(TransferError::Timeout | TransferError::Stall)));
        assert_eq!(subject.read(request::get_line_coding(0)), DEFAULT_LINE_CODING);
    });
}

/// The longest control transfers, by outcome.
#[derive(Default)]
struct Slowest {
    nanoseconds: u64,
}

impl Observer for Slowest {
    fn control(&mut self, record: &ControlRecord<'_>) {
        self.nanoseconds = self.nanoseconds.max(record.end - record.start);
    }
}

#[test]
fn wire_3_2_timing() {
    each_device(|subject| {
        let slowest: Rc<RefCell<Slowest>> = subject.host.observe(Slowest::default());
        subject.open();
        subject.host.suspend();
        subject.host.resume();
        subject.open();
        subject.refuses(get_descriptor(0x42, 0, 18));
        // A request without data within 50 ms, of all that a device that is polled may take; with
        // the bus time of the longest descriptor it stays below that.
        let slowest = slowest.borrow().nanoseconds;
        assert!((1..50_000_000).contains(&slowest), "{}: {slowest} ns", subject.name);
    });
}
