//! The request orders of Windows, Linux and macOS.

use usbd_acm::class::LineCoding;
use usbd_acm_tests::{Subject, each_device};
use usbd_acm_virtual::host::{AcmPort, Host, KnownDevice, linux, macos, request, windows};

pub const CODING: LineCoding =
    LineCoding { rate: 57_600, char_format: 2, parity_type: 2, data_bits: 7 };

fn moves_data(subject: &mut Subject, port: &mut AcmPort) {
    let data: Vec<u8> = (0..=255).cycle().take(3000).collect();
    assert_eq!(port.transfer(&mut subject.host, &data, data.len()), Ok(data));
}

fn ports(subject: &Subject, device: &KnownDevice) -> Vec<AcmPort> {
    let ports = AcmPort::all(device);
    assert_eq!(ports.len(), usize::from(subject.golden.ports));
    ports
}

#[test]
fn cdc_5_windows_order() {
    each_device(|subject| {
        for _ in 0..3 {
            let device = windows::enumerate(&mut subject.host).expect("Windows enumerates");
            for mut port in ports(subject, &device) {
                windows::open(&mut subject.host, &mut port, CODING.to_bytes()).expect("opens");
                moves_data(subject, &mut port);
                windows::close(&mut subject.host, &mut port).expect("closes");
            }
        }
    });
}

#[test]
fn cdc_6_linux_order() {
    each_device(|subject| {
        for _ in 0..3 {
            let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
            for mut port in ports(subject, &device) {
                linux::bind(&mut subject.host, &mut port).expect("cdc_acm binds");
                linux::open(&mut subject.host, &mut port, CODING.to_bytes()).expect("opens");
                moves_data(subject, &mut port);
                linux::close(&mut subject.host, &mut port).expect("closes");
            }
        }
    });
}

#[test]
fn cdc_6_linux_clears_halts_at_open() {
    each_device(|subject| {
        let device = linux::enumerate(&mut subject.host).expect("Linux enumerates");
        for mut port in ports(subject, &device) {
            for _ in 0..5 {
                let function = *port.function();
                for pipe in [function.data_in, function.data_out] {
                    subject.accepts(request::clear_halt(pipe.address));
                }
                linux::open(&mut subject.host, &mut port, CODING.to_bytes()).expect("opens");
                moves_data(subject, &mut port);
                linux::close(&mut subject.host, &mut port).expect("closes");
            }
        }
    });
}

#[test]
fn cdc_7_macos_order() {
    each_device(|subject| {
        for _ in 0..3 {
            let device = macos::enumerate(&mut subject.host).expect("macOS enumerates");
            for mut port in ports(subject, &device) {
                macos::open(&mut subject.host, &mut port, CODING.to_bytes()).expect("opens");
                moves_data(subject, &mut port);
                macos::close(&mut subject.host, &mut port).expect("closes");
            }
        }
    });
}

#[test]
fn cdc_7_systems_one_after_the_other_without_unplugging() {
    each_device(|subject| {
        let systems: [fn(&mut Host<_>) -> _; 3] =
            [windows::enumerate, linux::enumerate, macos::enumerate];
        for system in systems.iter().cycle().take(9) {
            let device = system(&mut subject.host).expect("enumerates");
            for mut port in ports(subject, &device) {
                moves_data(subject, &mut port);
            }
        }
    });
}
