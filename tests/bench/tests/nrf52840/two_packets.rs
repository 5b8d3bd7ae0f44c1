//! A driver that holds two packets for each IN endpoint.

use usbd_acm_bench::Pace;
use usbd_acm_bench::firmware::{App, Firmware};
use usbd_acm_bench::measure::script;
use usbd_acm_virtual::host::{AcmPort, Host, linux, request};

use crate::{Board, LINE_CODING, faults, is_well, rig};

fn opened(app: App) -> (Host<Board>, AcmPort) {
    let firmware = Firmware::peer("nrf52840-usbd-acm", app);
    let features = [firmware.features, vec!["two-packets".to_owned()]].concat();
    let image = Firmware { profile: "opt-s", features, ..firmware }.image().unwrap();
    let mut host = Host::with_config(usbd_acm_bench::Board::new(image).unwrap(), script::eager());
    host.plug().unwrap();
    rig::open(host)
}

/// 19 packets of 64 bytes a frame, of 1 ms, are all that a full-speed bus has room for. With a packet on its
/// way to the endpoint's buffer only after a poll it would be 17: the host is told NAK before each of them.
#[test]
fn nineteen_packets_a_frame_go_to_the_host() {
    let (mut host, mut port) = opened(App::Source);
    port.stop_notifications(&mut host);
    host.port_mut().set_pace(Pace::RealTime);
    let mut next = 0;
    // What was buffered before.
    script::read_counting(&mut host, &mut port, 1024, &mut next).unwrap();
    let (start, bytes) = (host.now(), 64 * 19 * 50);
    assert!(script::read_counting(&mut host, &mut port, bytes, &mut next).unwrap());
    let milliseconds = (host.now() - start) as f64 / 1e6;
    assert!(milliseconds < 50.0 / 0.95, "{milliseconds} ms for 50");
    is_well(&mut host);
}

#[test]
fn nothing_is_lost_or_doubled_on_a_bad_cable() {
    faults::echoes_on_a_bad_cable(|| opened(App::Echo));
}

/// USB 2.0 §9.4.5: a halt loses nothing, and what follows begins with DATA0.
#[test]
fn a_halt_here_and_there_loses_nothing() {
    let (mut host, mut port) = opened(App::Source);
    let mut next = 0;
    for round in 0..40_usize {
        assert!(
            script::read_counting(&mut host, &mut port, 64 * (round % 5 + 1), &mut next).unwrap()
        );
        host.run(1_500 * round as u64);
        let endpoint = port.function().data_in.address;
        host.control_out(request::set_halt(endpoint), &[]).unwrap();
        host.run(1_000 * round as u64);
        host.control_out(request::clear_halt(endpoint), &[]).unwrap();
    }
    is_well(&mut host);
}

/// What was queued in one session is not of the next one, wherever it lies.
#[test]
fn sessions_that_end_with_two_packets_on_their_way() {
    let (mut host, mut port) = opened(App::Echo);
    for round in 0..40_u8 {
        // No more than there is room for: the echo sends what it holds to whoever comes next.
        let words = vec![round; 100];
        port.write(&mut host, &words).unwrap();
        host.run(7_000 * u64::from(round));
        linux::close(&mut host, &mut port).unwrap();
        linux::open(&mut host, &mut port, LINE_CODING).unwrap();
        let words = vec![100 + round; 150];
        port.write(&mut host, &words).unwrap();
        let read = port.read(&mut host, words.len()).unwrap();
        assert_eq!(read, words, "{round}");
    }
    is_well(&mut host);
}
