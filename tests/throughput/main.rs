//! Throughput in simulated time, against what the bus can carry: 19 packets of 64 bytes in a frame
//! (USB 2.0 table 5-9), 13 of 512 in a microframe (table 5-10).
//!
//! `cargo test -p usbd-acm-tests --test throughput -- --nocapture` prints the figures.

mod coalescing;

use usbd_acm::{Port, Speed};
use usbd_acm_tests::fixture::{Application, OnePort, Options, Polling, board};
use usbd_acm_virtual::host::{AcmPort, Transfer, linux};
use usbd_acm_virtual::{FullSpeed, HighSpeed, Nanoseconds};

/// What is measured, in 1 % of the packets that fit into the frames.
#[derive(Clone, Copy, Debug)]
struct Shares {
    device_to_host: f64,
    host_to_device: f64,
    /// The sum of both, at once.
    both: f64,
}

/// Writes whatever fits, and reads whatever is there.
fn source_and_sink<const SLOTS: usize, const SIZE: usize>(
    mut port: Port<SLOTS, SIZE>,
) -> Application {
    let packet = [0x55; SIZE];
    Box::new(move |_| {
        while port.writer.write(&packet).is_ok() {}
        while let Ok(bytes) = port.reader.fill_buf() {
            let count = bytes.len();
            port.reader.consume(count);
        }
    })
}

/// Packets a frame or microframe, and its length.
fn frame(speed: Speed) -> (u64, Nanoseconds) {
    match speed {
        Speed::Full => (19, 1_000_000),
        Speed::High => (13, 125_000),
    }
}

fn measure<V: OnePort, const SLOTS: usize, const SIZE: usize>(options: Options) -> Shares {
    let mut host = board::<V, _, SLOTS, SIZE>(options, (), source_and_sink);
    host.plug().unwrap();
    let device = linux::enumerate(&mut host).unwrap();
    let function = *AcmPort::all(&device).remove(0).function();
    let (packets, length) = frame(host.speed());
    let size = usize::from(function.data_in.max_packet_size);
    let frames = 200;
    let capacity = frames * packets * size as u64;
    let data = vec![0xAA; 2 * usize::try_from(capacity).unwrap()];
    let mut share = |read: bool, write: bool| {
        let end = host.now() + frames * length;
        let mut out = write.then(|| Transfer::write(function.data_out, &data));
        let mut moved = 0;
        while host.now() < end {
            // A transfer ends with a short packet, where the device has nothing to send for once.
            let mut input = read.then(|| Transfer::read(function.data_in, data.len()));
            let mut transfers: Vec<&mut Transfer> =
                input.iter_mut().chain(out.iter_mut()).collect();
            let left = (end - host.now()).min(if read { length } else { u64::MAX });
            host.exchange(&mut transfers, left);
            moved += input.map_or(0, |input| input.moved().len());
        }
        moved += out.map_or(0, |out| out.moved().len());
        100.0 * moved as f64 / capacity as f64
    };
    let device_to_host = share(true, false);
    let host_to_device = share(false, true);
    let both = share(true, true);
    assert_eq!(host.port().wire().violations(), []);
    Shares { device_to_host, host_to_device, both }
}

/// When the interrupt is served, in transactions of the bus after the one that raised it.
#[derive(Clone, Copy, Debug)]
enum Served {
    AtOnce,
    OneLater,
}

fn report<V: OnePort, const SLOTS: usize, const SIZE: usize>(
    speed: Speed,
    depth: usize,
    served: Served,
) -> Shares {
    // The firmware of the simulation runs between transactions.
    let latency = match served {
        Served::AtOnce => 0,
        Served::OneLater => 1,
    };
    let options = Options { depth, host: speed, polling: Polling::OnInterrupt(latency) };
    let shares = measure::<V, SLOTS, SIZE>(options);
    let Shares { device_to_host, host_to_device, both } = shares;
    println!(
        "{speed:?} speed, {SLOTS} slots of {SIZE}, depth {depth}, interrupt served {served:?}: \
         {device_to_host:5.1} % to the host, {host_to_device:5.1} % to the device, \
         {both:5.1} % both at once"
    );
    shares
}

impl Shares {
    fn assert_at_least(self, percent: f64) {
        let Self { device_to_host, host_to_device, both } = self;
        assert!(device_to_host >= percent, "{self:?}");
        assert!(host_to_device >= percent, "{self:?}");
        assert!(both >= percent, "{self:?}");
        // More than the bus carries would be a wrong clock.
        assert!(device_to_host <= 100.1 && host_to_device <= 100.1 && both <= 100.1, "{self:?}");
    }
}

#[test]
fn a_double_buffered_device_fills_the_frames_at_full_speed() {
    report::<FullSpeed, 2, 64>(Speed::Full, 2, Served::AtOnce).assert_at_least(95.0);
    report::<FullSpeed, 4, 64>(Speed::Full, 2, Served::AtOnce).assert_at_least(95.0);
    report::<FullSpeed, 4, 64>(Speed::Full, 2, Served::OneLater).assert_at_least(95.0);
    report::<FullSpeed, 8, 64>(Speed::Full, 2, Served::OneLater).assert_at_least(95.0);
}

#[test]
fn a_double_buffered_device_fills_the_microframes_at_high_speed() {
    report::<HighSpeed, 2, 512>(Speed::High, 2, Served::AtOnce).assert_at_least(95.0);
    report::<HighSpeed, 4, 512>(Speed::High, 2, Served::AtOnce).assert_at_least(95.0);
    report::<HighSpeed, 4, 512>(Speed::High, 2, Served::OneLater).assert_at_least(95.0);
    report::<HighSpeed, 8, 512>(Speed::High, 2, Served::OneLater).assert_at_least(95.0);
}

#[test]
fn a_high_speed_device_fills_the_frames_of_a_full_speed_host() {
    report::<HighSpeed, 2, 512>(Speed::Full, 2, Served::AtOnce).assert_at_least(95.0);
    report::<HighSpeed, 4, 512>(Speed::Full, 2, Served::OneLater).assert_at_least(95.0);
}

#[test]
fn a_single_buffered_device_does_so_only_when_it_is_served_at_once() {
    report::<FullSpeed, 2, 64>(Speed::Full, 1, Served::AtOnce).assert_at_least(95.0);
    report::<HighSpeed, 2, 512>(Speed::High, 1, Served::AtOnce).assert_at_least(95.0);
    for late in [
        report::<FullSpeed, 2, 64>(Speed::Full, 1, Served::OneLater),
        report::<FullSpeed, 4, 64>(Speed::Full, 1, Served::OneLater),
        report::<HighSpeed, 4, 512>(Speed::High, 1, Served::OneLater),
    ] {
        assert!(late.device_to_host < 95.0, "a NAK after every packet must cost: {late:?}");
    }
}

#[test]
fn two_slots_leave_nothing_to_send_while_the_interrupt_waits() {
    report::<FullSpeed, 2, 64>(Speed::Full, 2, Served::OneLater).assert_at_least(40.0);
    report::<HighSpeed, 2, 512>(Speed::High, 2, Served::OneLater).assert_at_least(25.0);
}
