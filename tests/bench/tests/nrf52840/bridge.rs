//! The serial adapter as a whole: host, USB, firmware, UART, and back.

use object::read::elf::ElfFile32;
use object::{Endianness, Object as _, ObjectSymbol as _};
use usbd_acm_bench::soc::UartFrame;
use usbd_acm_virtual::host::{AcmPort, Host};

use crate::{Board, MILLISECOND, data, example, is_well, opened, plugged};

const DTR: u32 = 13;
const RTS: u32 = 14;
const TXD: u32 = 6;

/// 1 Mbit/s, 8N1.
const FAST: [u8; 7] = [0x40, 0x42, 0x0F, 0x00, 0, 0, 8];

fn bridge(loopback: bool) -> (Host<Board>, AcmPort) {
    let (mut host, port) = opened("usb-serial-bridge");
    with_uart(&mut host, |uart| uart.line.loopback = loopback);
    (host, port)
}

fn with_uart<R>(
    host: &mut Host<Board>,
    work: impl FnOnce(&mut usbd_acm_bench::soc::nrf52840::Uarte) -> R,
) -> R {
    host.port_mut().core().with_soc(|soc, _, _| work(&mut soc.uartes[0]))
}

/// Overruns, and bytes that no host was there for, as a debugger reads them.
fn losses(host: &mut Host<Board>) -> [u32; 2] {
    let bytes = std::fs::read(example("usb-serial-bridge").build().unwrap()).unwrap();
    let elf = ElfFile32::<Endianness>::parse(bytes.as_slice()).unwrap();
    let symbol = elf.symbols().find(|symbol| symbol.name() == Ok("BRIDGE_LOSSES")).unwrap();
    assert_eq!(symbol.size(), 8);
    let address = u32::try_from(symbol.address()).unwrap();
    let words = host.port_mut().core().memory(address, 8).unwrap();
    [0, 4].map(|at| u32::from_le_bytes(words[at..at + 4].try_into().unwrap()))
}

#[test]
fn a_file_goes_round() {
    let (mut host, mut port) = bridge(true);
    port.set_line_coding(&mut host, FAST).unwrap();
    host.run(MILLISECOND);
    let file = std::fs::read(usbd_acm_bench::firmware::root().join("LICENSE-APACHE")).unwrap();
    let back = port.transfer(&mut host, &file, file.len()).unwrap();
    assert!(back == file);
    is_well(&mut host);
}

#[test]
fn the_line_coding_is_that_of_the_uart() {
    let (mut host, port) = bridge(false);
    // 9600 8E2.
    port.set_line_coding(&mut host, [0x80, 0x25, 0, 0, 2, 2, 8]).unwrap();
    host.run(MILLISECOND);
    let format = with_uart(&mut host, |uart| uart.format());
    assert!(format.baud().abs_diff(9600) < 10, "{}", format.baud());
    assert!(format.has_parity() && format.stop_bits() == 2 && format.has_flow_control());
    port.write(&mut host, b"hello").unwrap();
    host.run(20 * MILLISECOND);
    let sent: Vec<u8> =
        with_uart(&mut host, |uart| uart.line.sent.iter().map(|s| s.byte).collect());
    assert_eq!(sent, b"hello");
    is_well(&mut host);
}

#[test]
fn a_line_coding_that_the_uart_cannot_do_is_acknowledged_and_leaves_the_uart_alone() {
    let (mut host, port) = bridge(false);
    // 9600 8E2.
    port.set_line_coding(&mut host, [0x80, 0x25, 0, 0, 2, 2, 8]).unwrap();
    host.run(MILLISECOND);
    let before = with_uart(&mut host, |uart| uart.format());
    // 19200 bit/s, and: odd, mark, space parity; 7 data bits, 7E1, 16; 1.5 stop bits; nothing there is.
    for [stop, parity, bits] in [
        [0, 1, 8],
        [0, 3, 8],
        [0, 4, 8],
        [0, 0, 7],
        [0, 2, 7],
        [0, 0, 16],
        [1, 0, 8],
        [3, 0, 8],
        [0, 5, 8],
    ] {
        let coding = [0x00, 0x4B, 0, 0, stop, parity, bits];
        port.set_line_coding(&mut host, coding).unwrap();
        host.run(MILLISECOND);
        assert_eq!(port.line_coding(&mut host).unwrap(), coding);
        assert_eq!(with_uart(&mut host, |uart| uart.format()), before, "{coding:?}");
    }
    // 0 and 2 Mbit/s.
    for rate in [0u32, 2_000_000] {
        let [a, b, c, d] = rate.to_le_bytes();
        port.set_line_coding(&mut host, [a, b, c, d, 0, 0, 8]).unwrap();
        host.run(MILLISECOND);
        assert_eq!(with_uart(&mut host, |uart| uart.format()), before, "{rate}");
    }
    port.set_line_coding(&mut host, [0x00, 0x4B, 0, 0, 0, 0, 8]).unwrap();
    host.run(MILLISECOND);
    let format = with_uart(&mut host, |uart| uart.format());
    assert!(format.baud().abs_diff(19_200) < 10 && !format.has_parity());
    is_well(&mut host);
}

#[test]
fn bytes_that_no_host_is_there_for_are_counted() {
    let mut host = plugged("usb-serial-bridge");
    with_uart(&mut host, |uart| uart.line.feed([UartFrame::of(b'x'); 25]));
    host.run(10 * MILLISECOND);
    assert_eq!(losses(&mut host), [0, 25]);
    is_well(&mut host);
}

#[test]
fn overruns_are_counted_and_told() {
    let (mut host, mut port) = bridge(false);
    with_uart(&mut host, |uart| {
        uart.line.ignores_rts = true;
        uart.line.feed([UartFrame::of(b'x'); 2_000]);
    });
    host.run(300 * MILLISECOND);
    let [overruns, unheard] = losses(&mut host);
    // Each is of one byte, as the UART is looked after at every one of them.
    let received = port.read_for(&mut host, 100 * MILLISECOND).unwrap().len();
    assert!(overruns > 1_000, "{overruns}");
    assert_eq!((overruns as usize + received, unheard), (2_000, 0));
    while port.notification(&mut host).unwrap().is_some() {}
    assert!(port.counters().overruns > 0);
    is_well(&mut host);
}

#[test]
fn dtr_and_rts_are_pins() {
    let (mut host, port) = bridge(false);
    for (dtr, rts) in [(true, false), (false, true), (false, false), (true, true)] {
        port.set_control_line_state(&mut host, dtr, rts).unwrap();
        host.run(MILLISECOND);
        let gpio = &host.port().soc().gpio;
        assert_eq!((!gpio.level(DTR), !gpio.level(RTS)), (dtr, rts));
    }
}

#[test]
fn what_goes_wrong_on_the_line_is_told() {
    let (mut host, mut port) = bridge(false);
    let wrong = UartFrame { parity_error: true, ..UartFrame::of(b'x') };
    with_uart(&mut host, |uart| uart.line.feed([UartFrame::of(b'a'), wrong, UartFrame::of(b'b')]));
    let read = port.read(&mut host, 3).unwrap();
    assert_eq!(read, b"axb");
    host.run(100 * MILLISECOND);
    while port.notification(&mut host).unwrap().is_some() {}
    assert_eq!(port.counters().parity_errors, 1);
    assert!(port.serial_state().carrier() && port.serial_state().data_set_ready());
}

#[test]
fn a_break_holds_the_line_low() {
    let (mut host, port) = bridge(false);
    port.send_break(&mut host, 20).unwrap();
    host.run(MILLISECOND);
    assert!(!host.port().soc().gpio.level(TXD));
    assert!(!with_uart(&mut host, |uart| uart.is_enabled()));
    host.run(15 * MILLISECOND);
    assert!(!host.port().soc().gpio.level(TXD));
    host.run(8 * MILLISECOND);
    assert!(with_uart(&mut host, |uart| uart.is_enabled()));
    port.send_break(&mut host, 0xFFFF).unwrap();
    host.run(100 * MILLISECOND);
    assert!(!host.port().soc().gpio.level(TXD));
    port.send_break(&mut host, 0).unwrap();
    host.run(5 * MILLISECOND);
    port.write(&mut host, b"after").unwrap();
    host.run(5 * MILLISECOND);
    let sent: Vec<u8> =
        with_uart(&mut host, |uart| uart.line.sent.iter().map(|s| s.byte).collect());
    assert_eq!(sent, b"after");
    is_well(&mut host);
}

#[test]
fn a_host_that_does_not_read_makes_the_uart_wait() {
    let (mut host, mut port) = bridge(false);
    let bytes = data(2_000);
    with_uart(&mut host, |uart| uart.line.feed(bytes.iter().map(|byte| UartFrame::of(*byte))));
    host.run(500 * MILLISECOND);
    let waiting = with_uart(&mut host, |uart| uart.line.waiting());
    assert!(waiting > 1_000, "{waiting}");
    assert_eq!(port.read(&mut host, 2_000).unwrap(), bytes);
    while port.notification(&mut host).unwrap().is_some() {}
    assert_eq!(port.counters().overruns, 0);
    is_well(&mut host);
}

#[test]
fn a_uart_that_does_not_drain_makes_the_host_wait_and_nothing_else() {
    let (mut host, port) = bridge(false);
    with_uart(&mut host, |uart| uart.set_clear_to_send(false));
    let bytes = data(200);
    let _ = port.write(&mut host, &bytes);
    assert!(port.line_coding(&mut host).is_ok());
    with_uart(&mut host, |uart| uart.set_clear_to_send(true));
    host.run(200 * MILLISECOND);
    let sent: Vec<u8> =
        with_uart(&mut host, |uart| uart.line.sent.iter().map(|s| s.byte).collect());
    assert_eq!(sent, bytes);
}
