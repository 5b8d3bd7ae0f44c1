//! Suspend, resume, reset, and VBUS.

use usbd_acm_virtual::DevicePort;
use usbd_acm_virtual::host::{AcmPort, linux};

use crate::{LINE_CODING, MICROSECOND, MILLISECOND, data, is_well, opened};

#[test]
fn its_clocks_stop_with_the_bus_and_it_goes_on_after_it() {
    let (mut host, mut port) = opened();
    for _ in 0..3 {
        host.suspend();
        host.run(20 * MILLISECOND);
        assert!(host.port().soc().otg.clock_is_stopped());
        host.port_mut().core().account().clear();
        host.run(100 * MILLISECOND);
        assert_eq!(host.port_mut().core().account().instructions, 0);
        host.resume();
        host.run(MILLISECOND);
        assert!(!host.port().soc().otg.clock_is_stopped());
        assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING);
        let data = data(1000);
        assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    }
    is_well(&mut host);
}

#[test]
fn a_reset_wakes_it() {
    let (mut host, _) = opened();
    for _ in 0..2 {
        host.suspend();
        host.run(20 * MILLISECOND);
        let device = linux::enumerate(&mut host).unwrap();
        let mut port = AcmPort::all(&device).remove(0);
        linux::open(&mut host, &mut port, LINE_CODING).unwrap();
        let data = data(1000);
        assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    }
    is_well(&mut host);
}

/// A suspend that ends while the interrupt for it is on its way, or handled: the host itself drives resume for
/// 20 ms, of which the device need not have noticed the beginning.
#[test]
fn a_bus_that_resumes_at_once_is_not_slept_through() {
    let (mut host, port) = opened();
    for pause in 0..300 {
        let wire = host.port_mut();
        wire.set_suspended(true);
        wire.run(pause * MICROSECOND / 10);
        wire.set_suspended(false);
        wire.run(200 * MICROSECOND);
        assert!(!host.port().soc().otg.clock_is_stopped(), "{pause}");
        assert_eq!(port.line_coding(&mut host).unwrap(), LINE_CODING, "{pause}");
    }
    is_well(&mut host);
}

#[test]
fn unplugged_it_detaches_and_plugged_in_it_is_there_again() {
    let (mut host, _) = opened();
    for suspended in [false, true] {
        if suspended {
            host.suspend();
            host.run(20 * MILLISECOND);
        }
        host.unplug();
        host.run(20 * MILLISECOND);
        assert!(!host.port().soc().otg.is_attached());
        host.plug().unwrap();
        let device = linux::enumerate(&mut host).unwrap();
        let mut port = AcmPort::all(&device).remove(0);
        linux::open(&mut host, &mut port, LINE_CODING).unwrap();
        let data = data(1000);
        assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
        is_well(&mut host);
    }
}
