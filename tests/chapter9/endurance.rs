//! TD 9.16 without end, and with a cable that is pulled.

use usbd_acm_tests::{each_device, figures, full_speed};
use usbd_acm_virtual::host::linux;

use super::enumeration::{CYCLES, cycle};

#[test]
fn td_9_16_ten_thousand_enumerations() {
    let (mut cycles, mut devices) = (0, 0);
    each_device(|subject| {
        (0..2_500).for_each(|number| cycle(subject, number));
        cycles += 2_500;
        devices += 1;
    });
    figures::record("enumerations", &[("cycles", cycles), ("devices", devices)]);
    assert!(cycles >= 10_000);
}

#[test]
fn td_9_16_unplug_and_plug() {
    let mut rig = full_speed();
    for _ in 0..CYCLES {
        rig.host.plug().unwrap();
        linux::enumerate(&mut rig.host).unwrap();
        rig.host.unplug();
    }
    assert_eq!(rig.violations(), []);
}
