//! TD 9.12, remote wake-up, and TD 9.18 of a device that pays for its power.

use std::cell::Cell;
use std::rc::Rc;

use usbd_acm::descriptors::{Descriptors, EndpointSet, Power, descriptors};
use usbd_acm_tests::{ONE_PORT, Rig};
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
fn td_9_18_self_powered() {
    let mut rig = waking(&SELF_POWERED, Rc::default());
    let device = linux::enumerate(&mut rig.host).unwrap();
    let status = rig.host.control_in(request::get_device_status()).unwrap();
    assert_eq!((device.configuration[7] >> 6 & 1, status[0] & 1), (1, 1));
}
