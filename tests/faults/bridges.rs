//! The same by way of `usb-device`: every fault at every packet of enumeration and conversation.

use usbd_acm::Speed;
use usbd_acm_tests::bridge::{Bridge, board};
use usbd_acm_tests::plans::{Bench, may_fail};
use usbd_acm_tests::{ONE_PORT, TestBoard};
use usbd_acm_virtual::host::Host;

use crate::echo;

fn everywhere(bridge: Bridge, name: &str) {
    let make = || {
        let mut host = board(bridge, &ONE_PORT, (), |[port]| echo(port));
        host.plug().unwrap();
        host
    };
    let check = |host: &mut Host<TestBoard>| assert_eq!(host.port().wire().violations(), []);
    let hits = Bench { make: &make, check: &check, every: 1, may_fail }.everything();
    assert!(hits.faults > 5_000, "{hits:?}");
    hits.assert_exact(Speed::Full, may_fail);
    hits.record(&format!("faults-{name}"));
}

#[test]
fn device_on_bus() {
    everywhere(Bridge::DeviceOnBus, "device-on-bus");
}

#[test]
fn class_on_controller() {
    everywhere(Bridge::ClassOnController, "class-on-controller");
}

#[test]
fn class_on_bus() {
    everywhere(Bridge::ClassOnBus, "class-on-bus");
}
