//! The serial adapter as a whole, on any chip: host, USB, firmware, UART, and back.

use object::read::elf::ElfFile32;
use object::{Endianness, Object as _, ObjectSymbol as _};
use usbd_acm_bench::Board;
use usbd_acm_bench::firmware::{Firmware, root};
use usbd_acm_bench::soc::{Chip, UartFrame};
use usbd_acm_virtual::host::{AcmPort, Host, Noise, linux};

use crate::rig::{self, LINE_CODING, data, is_well};

const MILLISECOND: u64 = 1_000_000;

/// 1 Mbit/s, 8N1.
const FAST: [u8; 7] = [0x40, 0x42, 0x0F, 0x00, 0, 0, 8];
/// 115200 bit/s, 8E1.
const EVEN: [u8; 7] = [0x00, 0xC2, 0x01, 0x00, 0, 2, 8];

/// How frames are sent and received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    /// Bits per second.
    pub baud: u64,
    /// Data bits; `None`: no parity; `Some(true)`: it is odd; stop bits.
    pub frame: (u32, Option<bool>, u64),
    /// CTS holds the UART off.
    pub has_flow_control: bool,
}

/// A chip whose firmware can be a serial adapter.
pub trait Adapter: Chip {
    /// Pin that TXD is at, DTR and RTS of the host.
    const PINS: [u32; 3];

    /// The firmware.
    fn firmware() -> Firmware;

    /// Level of a pin.
    fn level(&self, pin: u32) -> bool;

    /// TXD is connected to RXD, or the other end does not look at RTS.
    fn connect(&mut self, loopback: bool, ignores_rts: bool);

    /// Lets these arrive.
    fn feed(&mut self, frames: Vec<UartFrame>);

    /// Frames that have not arrived.
    fn waiting(&mut self) -> usize;

    /// Bytes that were sent.
    fn sent(&mut self) -> Vec<u8>;

    /// How it sends and receives now.
    fn format(&mut self) -> Format;

    /// Switches CTS.
    fn set_clear_to_send(&mut self, clear: bool);
}

/// Opened, as Linux does.
pub fn opened<C: Adapter>() -> (Host<Board<C>>, AcmPort) {
    rig::opened(&C::firmware())
}

/// Works on the chip.
pub fn chip<C: Adapter, R>(host: &mut Host<Board<C>>, work: impl FnOnce(&mut C) -> R) -> R {
    host.port_mut().core().with_soc(|soc, _, _| work(soc))
}

fn frames(bytes: &[u8]) -> Vec<UartFrame> {
    bytes.iter().map(|byte| UartFrame::of(*byte)).collect()
}

/// Overruns, and bytes that no host was there for, as a debugger reads them.
fn losses<C: Adapter>(host: &mut Host<Board<C>>) -> [u32; 2] {
    let bytes = std::fs::read(C::firmware().build().unwrap()).unwrap();
    let elf = ElfFile32::<Endianness>::parse(bytes.as_slice()).unwrap();
    let symbol = elf.symbols().find(|symbol| symbol.name() == Ok("BRIDGE_LOSSES")).unwrap();
    assert_eq!(symbol.size(), 8);
    let address = u32::try_from(symbol.address()).unwrap();
    let words = host.port_mut().core().memory(address, 8).unwrap();
    [0, 4].map(|at| u32::from_le_bytes(words[at..at + 4].try_into().unwrap()))
}

fn take_notifications<C: Adapter>(host: &mut Host<Board<C>>, port: &mut AcmPort) {
    while port.notification(host).unwrap().is_some() {}
}

pub fn a_file_goes_round<C: Adapter>() {
    let (mut host, mut port) = opened::<C>();
    chip(&mut host, |chip| chip.connect(true, false));
    port.set_line_coding(&mut host, FAST).unwrap();
    host.run(MILLISECOND);
    let file = std::fs::read(root().join("LICENSE-APACHE")).unwrap();
    let back = port.transfer(&mut host, &file, file.len()).unwrap();
    assert!(back == file);
    take_notifications(&mut host, &mut port);
    assert_eq!((losses(&mut host), port.counters().overruns), ([0, 0], 0));
    is_well(&mut host);
}

pub fn a_file_goes_round_on_a_bad_cable<C: Adapter>() {
    for seed in 0..3 {
        let (mut host, mut port) = opened::<C>();
        chip(&mut host, |chip| chip.connect(true, false));
        port.set_line_coding(&mut host, FAST).unwrap();
        host.run(MILLISECOND);
        let noise = Noise { drop: 2000, corrupt: 2000, duplicate: 2000, ..Noise::default() };
        host.faults().add_noise(seed, noise);
        let file = data(5_000);
        assert!(port.transfer(&mut host, &file, file.len()).unwrap() == file);
        assert!(host.faults().hits() > 10);
        host.faults().clear();
        take_notifications(&mut host, &mut port);
        assert_eq!((losses(&mut host), port.counters().overruns), ([0, 0], 0));
        is_well(&mut host);
    }
}

pub fn the_line_coding_is_that_of_the_uart<C: Adapter>() {
    let (mut host, port) = opened::<C>();
    // 9600 8E2.
    port.set_line_coding(&mut host, [0x80, 0x25, 0, 0, 2, 2, 8]).unwrap();
    host.run(MILLISECOND);
    let format = chip(&mut host, C::format);
    assert!(format.baud.abs_diff(9600) < 10 && format.has_flow_control, "{format:?}");
    assert_eq!(format.frame, (8, Some(false), 2));
    port.write(&mut host, b"hello").unwrap();
    host.run(20 * MILLISECOND);
    assert_eq!(chip(&mut host, C::sent), b"hello");
    is_well(&mut host);
}

/// `wrong` are stop bits, parity and data bits, as SET_LINE_CODING has them, and rates.
pub fn what_the_uart_cannot_do_is_acknowledged_and_leaves_it_alone<C: Adapter>(
    wrong: &[[u8; 3]],
    rates: &[u32],
) {
    let (mut host, port) = opened::<C>();
    // 9600 8E2.
    port.set_line_coding(&mut host, [0x80, 0x25, 0, 0, 2, 2, 8]).unwrap();
    host.run(MILLISECOND);
    let before = chip(&mut host, C::format);
    let codings =
        wrong.iter().map(|[stop, parity, bits]| [0x00, 0x4B, 0, 0, *stop, *parity, *bits]);
    let of_rates = rates.iter().map(|rate| {
        let [a, b, c, d] = rate.to_le_bytes();
        [a, b, c, d, 0, 0, 8]
    });
    for coding in codings.chain(of_rates) {
        port.set_line_coding(&mut host, coding).unwrap();
        host.run(MILLISECOND);
        assert_eq!(port.line_coding(&mut host).unwrap(), coding);
        assert_eq!(chip(&mut host, C::format), before, "{coding:?}");
    }
    port.set_line_coding(&mut host, [0x00, 0x4B, 0, 0, 0, 0, 8]).unwrap();
    host.run(MILLISECOND);
    let format = chip(&mut host, C::format);
    assert!(format.baud.abs_diff(19_200) < 30 && format.frame == (8, None, 1), "{format:?}");
    is_well(&mut host);
}

pub fn bytes_that_no_host_is_there_for_are_counted<C: Adapter>() {
    let mut host = rig::plugged::<C>(&C::firmware());
    chip(&mut host, |chip| chip.feed(frames(&[b'x'; 25])));
    host.run(10 * MILLISECOND);
    assert_eq!(losses(&mut host), [0, 25]);
    is_well(&mut host);
}

pub fn every_session_has_its_bytes_from_the_first_on<C: Adapter>() {
    let (mut host, mut port) = opened::<C>();
    for session in 1..=3 {
        let bytes = data(25);
        chip(&mut host, |chip| chip.feed(frames(&bytes)));
        host.run(10 * MILLISECOND);
        assert_eq!(port.read(&mut host, 25).unwrap(), bytes, "{session}");
        assert_eq!(losses(&mut host), [0, 0]);
        linux::close(&mut host, &mut port).unwrap();
        linux::open(&mut host, &mut port, LINE_CODING).unwrap();
    }
    is_well(&mut host);
}

pub fn overruns_are_counted_and_told<C: Adapter>() {
    let (mut host, mut port) = opened::<C>();
    chip(&mut host, |chip| {
        chip.connect(false, true);
        chip.feed(frames(&[b'x'; 2_000]));
    });
    host.run(300 * MILLISECOND);
    let [overruns, unheard] = losses(&mut host);
    // Each is of one byte, as the UART is looked after at every one of them.
    let received = port.read_for(&mut host, 100 * MILLISECOND).unwrap().len();
    assert!(overruns > 1_000, "{overruns}");
    assert_eq!((overruns as usize + received, unheard), (2_000, 0));
    take_notifications(&mut host, &mut port);
    assert!(port.counters().overruns > 0);
    is_well(&mut host);
}

pub fn dtr_and_rts_are_pins<C: Adapter>() {
    let (mut host, port) = opened::<C>();
    let [_, dtr_pin, rts_pin] = C::PINS;
    for (dtr, rts) in [(true, false), (false, true), (false, false), (true, true)] {
        port.set_control_line_state(&mut host, dtr, rts).unwrap();
        host.run(MILLISECOND);
        let chip = host.port().soc();
        assert_eq!((!chip.level(dtr_pin), !chip.level(rts_pin)), (dtr, rts));
    }
    is_well(&mut host);
}

pub fn what_goes_wrong_on_the_line_is_told<C: Adapter>() {
    let (mut host, mut port) = opened::<C>();
    port.set_line_coding(&mut host, EVEN).unwrap();
    host.run(MILLISECOND);
    let [a, wrong, cut, b] = [b'a', b'x', b'y', b'b'].map(UartFrame::of);
    let wrong = UartFrame { parity_error: true, ..wrong };
    let cut = UartFrame { framing_error: true, ..cut };
    // One notification tells of what came before it, so that each has its time.
    for frames in [vec![a, wrong], vec![cut, b], vec![UartFrame::BREAK]] {
        chip(&mut host, |chip| chip.feed(frames));
        host.run(100 * MILLISECOND);
        take_notifications(&mut host, &mut port);
    }
    let read = port.read_for(&mut host, 10 * MILLISECOND).unwrap();
    assert_eq!(read.get(..4), Some(&b"axyb"[..]));
    let counters = port.counters();
    assert_eq!((counters.parity_errors, counters.framing_errors), (1, 1));
    assert_eq!((counters.breaks, counters.overruns), (1, 0));
    assert!(port.serial_state().carrier() && port.serial_state().data_set_ready());
    is_well(&mut host);
}

pub fn a_break_holds_the_line_low<C: Adapter>() {
    let (mut host, port) = opened::<C>();
    let [txd, ..] = C::PINS;
    port.send_break(&mut host, 20).unwrap();
    for (milliseconds, is_high) in [(1, false), (15, false), (8, true)] {
        host.run(milliseconds * MILLISECOND);
        assert_eq!(host.port().soc().level(txd), is_high);
    }
    port.send_break(&mut host, 0xFFFF).unwrap();
    // What is written meanwhile waits.
    port.write(&mut host, b"after").unwrap();
    host.run(100 * MILLISECOND);
    assert!(!host.port().soc().level(txd) && chip(&mut host, C::sent).is_empty());
    port.send_break(&mut host, 0).unwrap();
    host.run(10 * MILLISECOND);
    assert!(host.port().soc().level(txd));
    assert_eq!(chip(&mut host, C::sent), b"after");
    is_well(&mut host);
}

/// What was written before has to be sent first, which takes the UART longer than the host waits.
pub fn a_break_that_ends_before_it_could_begin_is_as_long_as_it_was_asked_for<C: Adapter>() {
    let (mut host, port) = opened::<C>();
    let [txd, ..] = C::PINS;
    // 9600 8N1: a packet takes 67 ms.
    port.set_line_coding(&mut host, [0x80, 0x25, 0, 0, 0, 0, 8]).unwrap();
    port.write(&mut host, &data(60)).unwrap();
    host.run(MILLISECOND);
    port.send_break(&mut host, 0xFFFF).unwrap();
    host.run(25 * MILLISECOND);
    port.send_break(&mut host, 0).unwrap();
    let mut is_low = || {
        host.run(MILLISECOND);
        !host.port().soc().level(txd)
    };
    let milliseconds = (0..150).filter(|_| is_low()).count();
    assert!((24..=27).contains(&milliseconds), "{milliseconds}");
    assert_eq!(chip(&mut host, C::sent), data(60));
    is_well(&mut host);
}

pub fn breaks_while_the_host_does_not_read_lose_nothing<C: Adapter>() {
    let (mut host, mut port) = opened::<C>();
    let bytes = data(1_000);
    chip(&mut host, |chip| chip.feed(frames(&bytes)));
    for _ in 0..5 {
        host.run(50 * MILLISECOND);
        port.send_break(&mut host, 2).unwrap();
        host.run(10 * MILLISECOND);
    }
    assert_eq!(port.read(&mut host, 1_000).unwrap(), bytes);
    take_notifications(&mut host, &mut port);
    assert_eq!((losses(&mut host), port.counters().overruns), ([0, 0], 0));
    is_well(&mut host);
}

pub fn a_host_that_does_not_read_makes_the_uart_wait<C: Adapter>() {
    let (mut host, mut port) = opened::<C>();
    let bytes = data(2_000);
    chip(&mut host, |chip| chip.feed(frames(&bytes)));
    host.run(500 * MILLISECOND);
    let waiting = chip(&mut host, C::waiting);
    assert!(waiting > 1_000, "{waiting}");
    assert_eq!(port.read(&mut host, 2_000).unwrap(), bytes);
    take_notifications(&mut host, &mut port);
    assert_eq!((losses(&mut host), port.counters().overruns), ([0, 0], 0));
    is_well(&mut host);
}

pub fn a_uart_that_does_not_drain_makes_the_host_wait_and_nothing_else<C: Adapter>() {
    let (mut host, port) = opened::<C>();
    chip(&mut host, |chip| chip.set_clear_to_send(false));
    let bytes = data(200);
    let _ = port.write(&mut host, &bytes);
    host.run(20 * MILLISECOND);
    assert!(chip(&mut host, C::sent).is_empty());
    assert!(port.line_coding(&mut host).is_ok());
    chip(&mut host, |chip| chip.set_clear_to_send(true));
    host.run(200 * MILLISECOND);
    assert_eq!(chip(&mut host, C::sent), bytes);
    is_well(&mut host);
}

/// The tests that are the same on every chip.
macro_rules! tests {
    ($chip:ty) => {
        $crate::adapter::tests! {
            $chip:
            a_file_goes_round
            a_file_goes_round_on_a_bad_cable
            the_line_coding_is_that_of_the_uart
            bytes_that_no_host_is_there_for_are_counted
            every_session_has_its_bytes_from_the_first_on
            overruns_are_counted_and_told
            dtr_and_rts_are_pins
            what_goes_wrong_on_the_line_is_told
            a_break_holds_the_line_low
            a_break_that_ends_before_it_could_begin_is_as_long_as_it_was_asked_for
            breaks_while_the_host_does_not_read_lose_nothing
            a_host_that_does_not_read_makes_the_uart_wait
            a_uart_that_does_not_drain_makes_the_host_wait_and_nothing_else
        }
    };
    ($chip:ty: $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                $crate::adapter::$name::<$chip>();
            }
        )+
    };
}
pub(crate) use tests;
