//! TD 9.14, suspend and resume, and TD 9.18, the source of power.

use usbd_acm::State::{Address, Configured, Default};
use usbd_acm_tests::{each_device, each_device_in};
use usbd_acm_virtual::host::TransferError;
use usbd_acm_virtual::host::request;

/// Longer than whatever USB 2.0 §7.1.7 counts in suspend; firmware that polls is executed all the while.
const SUSPENDED: u64 = 100_000_000;

#[test]
fn td_9_14_suspend_and_resume() {
    each_device_in(&[Default, Address, Configured], |subject| {
        let before = subject.read(request::get_configuration());
        for _ in 0..3 {
            subject.host.suspend();
            let asleep = subject.host.control_in(request::get_configuration());
            assert_eq!(asleep, Err(TransferError::Suspended));
            subject.host.run(SUSPENDED);
            subject.host.resume();
            subject.is_alive();
            assert_eq!(subject.read(request::get_configuration()), before);
        }
    });
}

#[test]
fn td_9_14_suspend_keeps_the_data_toggles() {
    each_device(|subject| {
        let (_, mut ports) = subject.open();
        for round in 0..5 {
            for port in &mut ports {
                // An odd number of packets, so that the toggles differ from those after a reset.
                let data = vec![round; 3];
                assert_eq!(port.transfer(&mut subject.host, &data, 3), Ok(data));
            }
            subject.host.suspend();
            subject.host.resume();
        }
    });
}

#[test]
fn td_9_18_bus_and_self_powered() {
    each_device_in(&[Address, Configured], |subject| {
        let attributes = subject.read(request::get_descriptor(request::CONFIGURATION, 0, 9))[7];
        let status = subject.read(request::get_device_status());
        assert_eq!(status[0] & 1, attributes >> 6 & 1);
    });
}
