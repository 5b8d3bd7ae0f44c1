//! TD 9.12, 9.14 and 9.18: suspend, remote wake-up, and who pays for the power.

use std::cell::Cell;
use std::rc::Rc;

use usbd_acm::State::{Address, Configured, Default};
use usbd_acm::descriptors::{Descriptors, EndpointSet, Power, descriptors};
use usbd_acm_tests::{ONE_PORT, Rig, each_device, each_device_in};
use usbd_acm_virtual::host::request::{self, DEVICE_REMOTE_WAKEUP};
use usbd_acm_virtual::host::{TransferError, linux};
use usbd_acm_virtual::{FullSpeed, VirtualController};

const SECOND: u64 = 1_000_000_000;

/// A device that asks for wake-up when the flag says so.
fn waking(descriptors: &'static Descriptors<1>, asks: Rc<Cell<bool>>) -> Rig {
    let (controller, wire) = VirtualController::<FullSpeed>::new(2);
    let mut rig = Rig::new(controller, wire, descriptors, (), move |[port], _| {
        if asks.take() {
            port.control.request_wakeup();
        }
    });
    rig.host.plug().expect("the device attaches");
    rig
}

#[test]
fn td_9_12_remote_wakeup_enabled() {
    let asks = Rc::new(Cell::new(false));
    let mut rig = waking(&ONE_PORT, asks.clone());
    linux::enumerate(&mut rig.host).unwrap();
    rig.host.control_out(request::set_device_feature(DEVICE_REMOTE_WAKEUP), &[]).unwrap();
    for _ in 0..3 {
        rig.host.suspend();
        assert_eq!(rig.host.await_remote_wakeup(SECOND), Err(TransferError::Timeout), "not asked");
        asks.set(true);
        assert_eq!(rig.host.await_remote_wakeup(SECOND), Ok(()));
        assert_eq!(rig.host.control_in(request::get_configuration()), Ok(vec![1]));
    }
    assert_eq!(rig.violations(), []);
}

#[test]
fn td_9_12_remote_wakeup_disabled() {
    let asks = Rc::new(Cell::new(false));
    let mut rig = waking(&ONE_PORT, asks.clone());
    linux::enumerate(&mut rig.host).unwrap();
    for enabled_before in [false, true] {
        if enabled_before {
            rig.host.control_out(request::set_device_feature(DEVICE_REMOTE_WAKEUP), &[]).unwrap();
            rig.host.control_out(request::clear_device_feature(DEVICE_REMOTE_WAKEUP), &[]).unwrap();
        }
        rig.host.suspend();
        asks.set(true);
        assert_eq!(rig.host.await_remote_wakeup(SECOND), Err(TransferError::Timeout));
        rig.host.resume();
        assert_eq!(rig.host.control_in(request::get_configuration()), Ok(vec![1]));
    }
    assert_eq!(rig.violations(), []);
}

static SELF_POWERED: Descriptors<1> = descriptors! {
    endpoints: EndpointSet::first(15),
    vendor_id: 0x1209,
    product_id: 0x0001,
    power: Power::SelfPowered { milliamps: 0 },
};

#[test]
fn td_9_12_remote_wakeup_unsupported() {
    let asks = Rc::new(Cell::new(false));
    let mut rig = waking(&SELF_POWERED, asks.clone());
    let device = linux::enumerate(&mut rig.host).unwrap();
    assert_eq!(device.configuration[7] & 0x20, 0, "bmAttributes D5");
    for setup in [
        request::set_device_feature(DEVICE_REMOTE_WAKEUP),
        request::clear_device_feature(DEVICE_REMOTE_WAKEUP),
    ] {
        assert_eq!(rig.host.control_out(setup, &[]), Err(TransferError::Stall));
    }
    assert_eq!(rig.host.control_in(request::get_device_status()), Ok(vec![1, 0]));
    rig.host.suspend();
    asks.set(true);
    assert_eq!(rig.host.await_remote_wakeup(SECOND), Err(TransferError::Timeout));
    assert_eq!(rig.violations(), []);
}

#[test]
fn td_9_14_suspend_and_resume() {
    each_device_in(&[Default, Address, Configured], |subject| {
        let before = subject.read(request::get_configuration());
        for _ in 0..3 {
            subject.host.suspend();
            let asleep = subject.host.control_in(request::get_configuration());
            assert_eq!(asleep, Err(TransferError::Suspended));
            subject.host.run(SECOND);
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
    let mut rig = waking(&SELF_POWERED, Rc::default());
    let device = linux::enumerate(&mut rig.host).unwrap();
    let status = rig.host.control_in(request::get_device_status()).unwrap();
    assert_eq!((device.configuration[7] >> 6 & 1, status[0] & 1), (1, 1));
}
