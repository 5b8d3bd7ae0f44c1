//! TD 9.16: enumeration, again and again.

use usbd_acm_tests::{Subject, each_device};
use usbd_acm_virtual::host::request::{CONFIGURATION, DEVICE, get_configuration, get_descriptor};
use usbd_acm_virtual::host::request::{set_address, set_configuration};
use usbd_acm_virtual::host::{linux, macos, windows};

/// The cycles that the Command Verifier asks of a USB 2.0 device.
pub const CYCLES: u32 = 150;

/// Reset, short reads, an address, the configuration short and whole.
pub fn cycle(subject: &mut Subject, number: u32) {
    let (device, configuration) = (subject.golden.device, subject.golden.configuration);
    subject.host.reset().expect("a reset");
    let first = if number.is_multiple_of(2) { 8 } else { 64 };
    let read = subject.read(get_descriptor(DEVICE, 0, first));
    assert_eq!(read, device[..18.min(usize::from(first))]);
    if number.is_multiple_of(3) {
        subject.host.reset().expect("a second reset");
    }
    let [address, ..] = (1 + number % 127).to_le_bytes();
    subject.accepts(set_address(address));
    assert_eq!(subject.read(get_descriptor(DEVICE, 0, 18)), device);
    assert_eq!(subject.read(get_descriptor(CONFIGURATION, 0, 9)), configuration[..9]);
    assert_eq!(subject.read(get_configuration()), [0]);
    subject.accepts(set_configuration(1));
    assert_eq!(subject.read(get_configuration()), [1]);
    assert_eq!(subject.read(get_descriptor(CONFIGURATION, 0, 9)), configuration[..9]);
    assert_eq!(subject.read(get_descriptor(CONFIGURATION, 0, 4096)), configuration);
}

#[test]
fn td_9_16_enumeration() {
    each_device(|subject| (0..CYCLES).for_each(|number| cycle(subject, number)));
}

#[test]
fn td_9_16_enumeration_of_three_systems() {
    each_device(|subject| {
        for number in 0..CYCLES {
            let enumerate = match number % 3 {
                0 => linux::enumerate,
                1 => windows::enumerate,
                _ => macos::enumerate,
            };
            let device = enumerate(&mut subject.host).expect("a device");
            assert_eq!(device.configuration, subject.golden.configuration);
            assert_eq!(device.product.as_deref(), Some(subject.golden.strings[1]));
            assert_eq!(device.acm_functions().len(), usize::from(subject.golden.ports));
        }
    });
}
