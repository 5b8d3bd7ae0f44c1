//! The serial adapter of the Feather.

use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::stm32f405::{Stm32f405, Usart};
use usbd_acm_bench::soc::{Chip, UartFrame};
use usbd_acm_virtual::host::Host;

use crate::adapter::{self, Adapter, Format, chip};
use crate::rig::is_well;
use crate::{Board, MILLISECOND};

/// USART3.
fn usart(chip: &mut Stm32f405) -> &mut Usart {
    &mut chip.usarts[1]
}

impl Adapter for Stm32f405 {
    /// PB10, PC7, PC6.
    const PINS: [u32; 3] = [26, 39, 38];

    fn firmware() -> Firmware {
        Firmware::example(Self::EXAMPLES, "bridge")
    }

    fn level(&self, pin: u32) -> bool {
        self.gpio.level(pin)
    }

    fn connect(&mut self, loopback: bool, ignores_rts: bool) {
        usart(self).line.loopback = loopback;
        usart(self).line.ignores_rts = ignores_rts;
    }

    fn feed(&mut self, frames: Vec<UartFrame>) {
        usart(self).line.feed(frames);
    }

    fn waiting(&mut self) -> usize {
        usart(self).line.waiting()
    }

    fn sent(&mut self) -> Vec<u8> {
        usart(self).line.sent.iter().map(|sent| sent.byte).collect()
    }

    fn format(&mut self) -> Format {
        let format = usart(self).format();
        let parity = format.has_parity().then_some(format.is_odd());
        Format {
            baud: format.baud().into(),
            frame: (format.data_bits(), parity, format.stop_bits().into()),
            has_flow_control: usart(self).has_flow_control(),
        }
    }

    fn set_clear_to_send(&mut self, clear: bool) {
        usart(self).set_clear_to_send(clear);
    }
}

#[test]
fn a_file_goes_round() {
    adapter::a_file_goes_round::<Stm32f405>();
}

#[test]
fn the_line_coding_is_that_of_the_uart() {
    adapter::the_line_coding_is_that_of_the_uart::<Stm32f405>();
}

/// Bytes of seven bits and parity, and of eight and odd parity: the parity bit is not data.
#[test]
fn parity_is_not_data() {
    let (mut host, mut port) = adapter::opened::<Stm32f405>();
    for ([parity, bits], frame) in
        [([2, 7], (7, Some(false), 1)), ([1, 7], (7, Some(true), 1)), ([1, 8], (8, Some(true), 1))]
    {
        port.set_line_coding(&mut host, [0x00, 0xC2, 1, 0, 0, parity, bits]).unwrap();
        host.run(MILLISECOND);
        assert_eq!(chip::<Stm32f405, _>(&mut host, Adapter::format).frame, frame);
        chip::<Stm32f405, _>(&mut host, |chip| chip.feed(b"az".map(UartFrame::of).to_vec()));
        assert_eq!(port.read(&mut host, 2).unwrap(), b"az");
        port.write(&mut host, b"za").unwrap();
        host.run(5 * MILLISECOND);
        let sent = chip::<Stm32f405, _>(&mut host, Adapter::sent);
        assert_eq!(sent.get(sent.len() - 2..), Some(&b"za"[..]));
    }
    is_well(&mut host);
}

#[test]
fn a_line_coding_that_the_uart_cannot_do_is_acknowledged_and_leaves_the_uart_alone() {
    // Mark and space parity; 7 data bits without parity, 5, 16; 1.5 stop bits; nothing there is.
    let wrong =
        [[0, 3, 8], [0, 4, 8], [0, 0, 7], [0, 2, 5], [0, 0, 16], [1, 0, 8], [3, 0, 8], [0, 5, 8]];
    adapter::what_the_uart_cannot_do_is_acknowledged_and_leaves_it_alone::<Stm32f405>(
        &wrong,
        &[0, 300, 4_000_000, u32::MAX],
    );
}

#[test]
fn bytes_that_no_host_is_there_for_are_counted() {
    adapter::bytes_that_no_host_is_there_for_are_counted::<Stm32f405>();
}

#[test]
fn overruns_are_counted_and_told() {
    adapter::overruns_are_counted_and_told::<Stm32f405>();
}

#[test]
fn dtr_and_rts_are_pins() {
    adapter::dtr_and_rts_are_pins::<Stm32f405>();
}

#[test]
fn what_goes_wrong_on_the_line_is_told() {
    adapter::what_goes_wrong_on_the_line_is_told::<Stm32f405>();
}

#[test]
fn a_break_holds_the_line_low() {
    adapter::a_break_holds_the_line_low::<Stm32f405>();
}

#[test]
fn it_receives_during_a_break() {
    let (mut host, mut port): (Host<Board>, _) = adapter::opened();
    port.send_break(&mut host, 0xFFFF).unwrap();
    host.run(MILLISECOND);
    chip(&mut host, |chip: &mut Stm32f405| chip.feed(b"abc".map(UartFrame::of).to_vec()));
    assert_eq!(port.read(&mut host, 3).unwrap(), b"abc");
    is_well(&mut host);
}

#[test]
fn breaks_while_the_host_does_not_read_lose_nothing() {
    adapter::breaks_while_the_host_does_not_read_lose_nothing::<Stm32f405>();
}

#[test]
fn a_host_that_does_not_read_makes_the_uart_wait() {
    adapter::a_host_that_does_not_read_makes_the_uart_wait::<Stm32f405>();
}

#[test]
fn a_uart_that_does_not_drain_makes_the_host_wait_and_nothing_else() {
    adapter::a_uart_that_does_not_drain_makes_the_host_wait_and_nothing_else::<Stm32f405>();
}
