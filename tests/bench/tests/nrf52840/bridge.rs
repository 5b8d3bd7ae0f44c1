//! The serial adapter of the nRF52840 DK.

use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::UartFrame;
use usbd_acm_bench::soc::nrf52840::Nrf52840;

use crate::adapter::{self, Adapter, Format, chip};
use crate::{MILLISECOND, example};

impl Adapter for Nrf52840 {
    /// P0.06, LED 1 and LED 2.
    const PINS: [u32; 3] = [6, 13, 14];

    fn firmware() -> Firmware {
        example("usb-serial-bridge")
    }

    fn level(&self, pin: u32) -> bool {
        self.gpio.level(pin)
    }

    fn connect(&mut self, loopback: bool, ignores_rts: bool) {
        self.uartes[0].line.loopback = loopback;
        self.uartes[0].line.ignores_rts = ignores_rts;
    }

    fn feed(&mut self, frames: Vec<UartFrame>) {
        self.uartes[0].line.feed(frames);
    }

    fn waiting(&mut self) -> usize {
        self.uartes[0].line.waiting()
    }

    fn sent(&mut self) -> Vec<u8> {
        self.uartes[0].line.sent.iter().map(|sent| sent.byte).collect()
    }

    fn format(&mut self) -> Format {
        let format = self.uartes[0].format();
        let parity = format.has_parity().then_some(false);
        Format {
            baud: format.baud(),
            frame: (8, parity, format.stop_bits()),
            has_flow_control: format.has_flow_control(),
        }
    }

    fn set_clear_to_send(&mut self, clear: bool) {
        self.uartes[0].set_clear_to_send(clear);
    }
}

adapter::tests!(Nrf52840);

#[test]
fn a_line_coding_that_the_uart_cannot_do_is_acknowledged_and_leaves_the_uart_alone() {
    // Odd, mark, space parity; 7 data bits, 7E1, 16; 1.5 stop bits; nothing there is.
    let wrong = [
        [0, 1, 8],
        [0, 3, 8],
        [0, 4, 8],
        [0, 0, 7],
        [0, 2, 7],
        [0, 0, 16],
        [1, 0, 8],
        [3, 0, 8],
        [0, 5, 8],
    ];
    adapter::what_the_uart_cannot_do_is_acknowledged_and_leaves_it_alone::<Nrf52840>(
        &wrong,
        &[0, 2_000_000],
    );
}

/// For its pins to be those of GPIO.
#[test]
fn the_uart_is_off_during_a_break() {
    let (mut host, port) = adapter::opened::<Nrf52840>();
    for (duration, is_on) in [(0xFFFF, false), (0, true)] {
        port.send_break(&mut host, duration).unwrap();
        host.run(5 * MILLISECOND);
        assert_eq!(chip(&mut host, |chip| chip.uartes[0].is_enabled()), is_on);
    }
}
