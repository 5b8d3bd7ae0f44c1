//! The serial adapter as a whole: host, USB, firmware, UART, and back.

use usbd_acm_bench::Board;
use usbd_acm_bench::soc::nrf52840::UartFrame;
use usbd_acm_virtual::host::{AcmPort, Host};

use crate::{MILLISECOND, data, is_well, opened};

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
