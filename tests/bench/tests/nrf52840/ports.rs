//! A driver for more than one serial port: as many as the endpoints are enough for.

use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_virtual::host::{AcmPort, Host, Noise, linux, request};

use crate::{Board, LINE_CODING, data, is_well, rig};

/// Every port enumerated and opened.
fn opened(features: &[&str], count: usize) -> (Host<Board>, Vec<AcmPort>) {
    let features = features.iter().map(|&feature| feature.to_owned()).collect();
    let firmware = Firmware { features, ..Firmware::peer("nrf52840-usbd-acm", App::Echo) };
    let mut host: Host<Board> = rig::plugged(&firmware);
    let device = linux::enumerate(&mut host).unwrap();
    let mut ports = AcmPort::all(&device);
    assert_eq!(ports.len(), count);
    for port in &mut ports {
        linux::open(&mut host, port, LINE_CODING).unwrap();
    }
    (host, ports)
}

/// Bytes of a port, and of no other.
fn words(port: usize, length: u32) -> Vec<u8> {
    data(length).into_iter().map(|byte| byte.wrapping_add(85 * port as u8)).collect()
}

const ALL: [(&[&str], usize); 4] = [
    (&["two-ports"], 2),
    (&["three-ports"], 3),
    (&["two-ports", "two-packets"], 2),
    (&["three-ports", "two-packets"], 3),
];

#[test]
fn each_port_echoes_its_own_bytes_while_the_others_have_some() {
    for (features, count) in ALL {
        let (mut host, mut ports) = opened(features, count);
        let noise = Noise { drop: 2000, corrupt: 2000, duplicate: 2000, ..Noise::default() };
        host.faults().add_noise(1, noise);
        for round in 0..10 {
            // What the buffers of every port have room for.
            let length = 20 * (round + 1) / 2 + 1;
            for (index, port) in ports.iter_mut().enumerate() {
                port.write(&mut host, &words(index, length)).unwrap();
            }
            for (index, port) in ports.iter_mut().enumerate().rev() {
                let back = port.read(&mut host, length as usize).unwrap();
                assert_eq!(back, words(index, length), "{features:?}, port {index}");
            }
        }
        for (index, port) in ports.iter_mut().enumerate() {
            let long = words(index, 3_000);
            assert_eq!(port.transfer(&mut host, &long, long.len()).unwrap(), long, "{features:?}");
        }
        is_well(&mut host);
    }
}

#[test]
fn what_is_asked_of_one_port_is_of_no_other() {
    for (features, count) in ALL {
        let (mut host, mut ports) = opened(features, count);
        for number in 0..count {
            let coding = [number as u8, 1, 0, 0, 0, 0, 8];
            ports[number].set_line_coding(&mut host, coding).unwrap();
            let function = *ports[number].function();
            for pipe in [function.data_in, function.data_out] {
                host.control_out(request::set_halt(pipe.address), &[]).unwrap();
            }
            for other in (0..count).filter(|other| *other != number) {
                let words = words(other, 200);
                let back = ports[other].transfer(&mut host, &words, words.len());
                assert_eq!(back.unwrap(), words, "{features:?}, port {other} beside {number}");
            }
            for pipe in [function.data_in, function.data_out] {
                host.control_out(request::clear_halt(pipe.address), &[]).unwrap();
            }
            let words = words(number, 200);
            let back = ports[number].transfer(&mut host, &words, words.len());
            assert_eq!(back.unwrap(), words, "{features:?}, port {number}");
            assert_eq!(ports[number].line_coding(&mut host).unwrap(), coding);
        }
        is_well(&mut host);
    }
}
