//! The serial adapter of the Nucleo.

use usbd_acm_bench::soc::stm32::Usart;
use usbd_acm_bench::soc::stm32h743::Stm32h743;

use crate::adapter;
use crate::stm32::{self, Stm32};

impl Stm32 for Stm32h743 {
    /// PD8, PE9, PE11.
    const PINS: [u32; 3] = [56, 73, 75];

    fn usart(&mut self) -> &mut Usart {
        &mut self.usart
    }

    fn level(&self, pin: u32) -> bool {
        self.gpio.level(pin)
    }
}

adapter::tests!(Stm32h743);

#[test]
fn parity_is_not_data() {
    stm32::parity_is_not_data::<Stm32h743>(&[[0, 7], [2, 7], [1, 7], [1, 8]]);
}

#[test]
fn a_line_coding_that_the_uart_cannot_do_is_acknowledged_and_leaves_the_uart_alone() {
    // Mark and space parity; 5 and 16 data bits; 1.5 stop bits; nothing there is.
    let wrong = [[0, 3, 8], [0, 4, 8], [0, 2, 5], [0, 0, 16], [1, 0, 8], [3, 0, 8], [0, 5, 8]];
    adapter::what_the_uart_cannot_do_is_acknowledged_and_leaves_it_alone::<Stm32h743>(
        &wrong,
        &[0, 1_200, 8_000_000, u32::MAX],
    );
}

#[test]
fn it_receives_during_a_break() {
    stm32::it_receives_during_a_break::<Stm32h743>();
}
