//! Our driver with a ULPI PHY: what is otherwise at high speed, and that it falls back to full speed.

use usbd_acm::Speed;
use usbd_acm_bench::Board;
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::soc::stm32h743::Stm32h743;
use usbd_acm_virtual::host::{AcmPort, Config, Host, TransferError, linux, request};

use crate::rig::{LINE_CODING, data, echoes_on_a_bad_cable, is_well, open, plugged};

const MILLISECOND: u64 = 1_000_000;

fn firmware(features: &[&str]) -> Firmware {
    let mut firmware = Firmware::peer("stm32h743-usbd-acm", App::Echo);
    firmware.features.extend(features.iter().map(|&feature| feature.to_owned()));
    firmware
}

/// With transfers of one packet, and of two.
fn opened() -> [(Host<Board<Stm32h743>>, AcmPort); 2] {
    [&[][..], &["deep"]].map(|features| {
        let (host, port) = open(plugged(&firmware(features)));
        assert_eq!(host.speed(), Speed::High);
        (host, port)
    })
}

/// USB 2.0 §5.8.3, §9.6.2: packets of 64 bytes, and the other speed's descriptors.
#[test]
fn on_a_full_speed_port_it_is_a_full_speed_device() {
    let image = firmware(&[]).image().unwrap();
    let config = Config { speed: Speed::Full, ..Config::default() };
    let mut host = Host::with_config(Board::<Stm32h743>::new(image).unwrap(), config);
    host.plug().unwrap();
    let (mut host, mut port) = open(host);
    assert_eq!(host.speed(), Speed::Full);
    assert_eq!(port.function().data_in.max_packet_size, 64);
    let data = data(20_000);
    assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
    is_well(&mut host);
}

#[test]
fn nothing_is_lost_or_doubled_on_a_bad_cable() {
    for (seed, opened) in (0..).zip(opened()) {
        echoes_on_a_bad_cable(opened, seed, 60_000);
    }
}

/// USB 2.0 §9.4.5, while packets are on their way.
#[test]
fn a_halt_loses_no_packet() {
    for (mut host, mut port) in opened() {
        let pipes = [port.function().data_in, port.function().data_out];
        for round in 0..20u32 {
            // No more than the FIFOs hold while nobody reads.
            let bytes = data(400 + 300 * (round % 3));
            port.write(&mut host, &bytes).unwrap();
            host.run(u64::from(round) * 3_000);
            for pipe in pipes {
                host.control_out(request::set_halt(pipe.address), &[]).unwrap();
            }
            assert_eq!(host.read(pipes[0], 512), Err(TransferError::Stall));
            assert_eq!(host.write(pipes[1], &[1]), Err(TransferError::Stall));
            for pipe in pipes {
                host.control_out(request::clear_halt(pipe.address), &[]).unwrap();
            }
            assert_eq!(port.read(&mut host, bytes.len()).unwrap(), bytes, "{round}");
        }
        is_well(&mut host);
    }
}

#[test]
fn it_goes_on_after_suspend_and_reset() {
    for (mut host, mut port) in opened() {
        let data = data(5_000);
        for round in 0..4 {
            host.suspend();
            host.run(20 * MILLISECOND);
            assert!(host.port().soc().otgs[0].clock_is_stopped(), "{round}");
            match round % 2 {
                0 => host.resume(),
                _ => {
                    let device = linux::enumerate(&mut host).unwrap();
                    port = AcmPort::all(&device).remove(0);
                    linux::open(&mut host, &mut port, LINE_CODING).unwrap();
                }
            }
            assert_eq!(host.speed(), Speed::High);
            assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
        }
        is_well(&mut host);
    }
}

/// A hang-up takes packets back out of the FIFO: what waits there is not for the next session.
#[test]
fn a_hang_up_takes_packets_out_of_the_fifo() {
    for (waiting, (mut host, mut port)) in [512, 1024].into_iter().zip(opened()) {
        for round in 0..10 {
            // The firmware has sent it back, as far as it is concerned, by then.
            port.write(&mut host, &vec![round; waiting]).unwrap();
            host.run(200_000 + u64::from(round) * 11_000);
            port.set_control_line_state(&mut host, false, false).unwrap();
            host.run(MILLISECOND);
            assert_eq!(port.read_for(&mut host, MILLISECOND).unwrap(), [], "{round}");
            port.set_control_line_state(&mut host, true, false).unwrap();
            let more = vec![0xFF; 100 + usize::from(round)];
            assert_eq!(port.transfer(&mut host, &more, more.len()).unwrap(), more, "{round}");
        }
        is_well(&mut host);
    }
}
