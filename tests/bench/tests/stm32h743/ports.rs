//! As many ports as the core has endpoints for, at both speeds, and with transfers of more than one packet.

use usbd_acm::Speed;
use usbd_acm_bench::Board;
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::soc::stm32h743::Stm32h743;
use usbd_acm_virtual::host::{AcmPort, Host, Transfer, TransferError, linux, request};

use crate::rig::{self, LINE_CODING, data, is_well};

const MILLISECOND: u64 = 1_000_000;
const PORTS: usize = 4;
/// Features of the firmware, and the speed that it comes up with. Four ports leave no room for more packets at
/// high speed.
const VARIANTS: [(&[&str], Speed); 3] = [
    (&["four-ports"], Speed::High),
    (&["four-ports", "full-speed"], Speed::Full),
    (&["four-ports", "full-speed", "deep"], Speed::Full),
];

fn firmware(app: App, features: &[&str]) -> Firmware {
    let mut firmware = Firmware::peer("stm32h743-usbd-acm", app);
    firmware.features.extend(features.iter().map(|&feature| feature.to_owned()));
    firmware
}

/// Enumerated, with each port open.
fn opened(features: &[&str], speed: Speed) -> (Host<Board<Stm32h743>>, Vec<AcmPort>) {
    let mut host = rig::plugged::<Stm32h743>(&firmware(App::Echo, features));
    let device = linux::enumerate(&mut host).unwrap();
    assert_eq!(host.speed(), speed);
    let mut ports = AcmPort::all(&device);
    assert_eq!(ports.len(), PORTS);
    for port in &mut ports {
        linux::open(&mut host, port, LINE_CODING).unwrap();
    }
    (host, ports)
}

/// Both directions of these ports at once, each with bytes of its own.
fn all_echo(host: &mut Host<Board<Stm32h743>>, ports: &[&AcmPort], length: u32) {
    let sent: Vec<Vec<u8>> = (1..).zip(ports).map(|(seed, _)| data(length * seed)).collect();
    let mut transfers: Vec<Transfer> = ports
        .iter()
        .zip(&sent)
        .flat_map(|(port, bytes)| {
            let function = port.function();
            [
                Transfer::stream(function.data_in, bytes.len()),
                Transfer::write(function.data_out, bytes),
            ]
        })
        .collect();
    let mut refs: Vec<&mut Transfer> = transfers.iter_mut().collect();
    host.exchange(&mut refs, 4_000 * MILLISECOND);
    for (index, (pair, bytes)) in transfers.chunks(2).zip(&sent).enumerate() {
        assert_eq!(pair[1].outcome(), Some(Ok(())), "{index}");
        assert_eq!(pair[0].outcome(), Some(Ok(())), "{index}");
        assert!(pair[0].moved() == bytes, "{index}");
    }
}

/// All but this one.
fn others(ports: &[AcmPort], index: usize) -> Vec<&AcmPort> {
    ports.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, port)| port).collect()
}

#[test]
fn four_ports_echo_at_once() {
    for (features, speed) in VARIANTS {
        let (mut host, ports) = opened(features, speed);
        all_echo(&mut host, &ports.iter().collect::<Vec<_>>(), 10_000);
        is_well(&mut host);
    }
}

#[test]
fn each_of_four_ports_has_its_line_coding() {
    for (features, speed) in VARIANTS {
        let (mut host, ports) = opened(features, speed);
        let coding = |index| [index, 0xC2, 1, 0, 0, 0, 8];
        for (index, port) in (0..).zip(&ports) {
            port.set_line_coding(&mut host, coding(index)).unwrap();
        }
        for (index, port) in (0..).zip(&ports) {
            assert_eq!(port.line_coding(&mut host).unwrap(), coding(index));
        }
        is_well(&mut host);
    }
}

/// What is halted, and what hangs up, is one port's own.
#[test]
fn the_others_go_on_when_one_of_four_ports_is_halted_or_closed() {
    for (features, speed) in VARIANTS {
        let (mut host, mut ports) = opened(features, speed);
        for index in 0..PORTS {
            let function = ports[index].function();
            let (data_in, data_out) = (function.data_in, function.data_out);
            for pipe in [data_in, data_out] {
                host.control_out(request::set_halt(pipe.address), &[]).unwrap();
            }
            all_echo(&mut host, &others(&ports, index), 1_000);
            assert_eq!(host.read(data_in, 64), Err(TransferError::Stall));
            assert_eq!(host.write(data_out, &[1]), Err(TransferError::Stall));
            for pipe in [data_in, data_out] {
                host.control_out(request::clear_halt(pipe.address), &[]).unwrap();
            }
            all_echo(&mut host, &[&ports[index]], 1_000);
            linux::close(&mut host, &mut ports[index]).unwrap();
            all_echo(&mut host, &others(&ports, index), 1_000);
            linux::open(&mut host, &mut ports[index], LINE_CODING).unwrap();
        }
        all_echo(&mut host, &ports.iter().collect::<Vec<_>>(), 2_000);
        is_well(&mut host);
    }
}

/// The packet RAM has room for transfers of two packets of 512 bytes where there is one port.
#[test]
fn transfers_of_more_than_one_packet_go_at_high_speed() {
    let exceptions = |features: &[&str]| {
        let (mut host, mut port) = rig::opened::<Stm32h743>(&firmware(App::Source, features));
        assert_eq!(host.speed(), Speed::High);
        let first = port.read(&mut host, 5_120).unwrap();
        host.port_mut().core().account().clear();
        let bytes = port.read(&mut host, 512_000).unwrap();
        let all: Vec<u8> = (0..first.len() + bytes.len()).map(|byte| byte as u8).collect();
        assert!([first, bytes].concat() == all);
        let exceptions = host.port_mut().core().account().exceptions;
        is_well(&mut host);
        exceptions
    };
    let (deep, shallow) = (exceptions(&["deep"]), exceptions(&[]));
    assert!(deep * 5 < shallow * 4, "{deep} instead of {shallow}, for 1000 packets");
}
