//! The serial adapter of a board with an STM32.

use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::stm32::Usart;
use usbd_acm_bench::soc::{Chip, UartFrame};

use crate::adapter::{Adapter, Format};

/// A chip with the USART that the serial adapter of its board has.
pub trait Stm32: Chip {
    /// Pin that TXD is at, DTR and RTS of the host: port A begins at 0, and each port has 16.
    const PINS: [u32; 3];

    /// The USART.
    fn usart(&mut self) -> &mut Usart;

    /// Level of a pin.
    fn level(&self, pin: u32) -> bool;
}

impl<C: Stm32> Adapter for C {
    const PINS: [u32; 3] = C::PINS;

    fn firmware() -> Firmware {
        Firmware::example(C::EXAMPLES, "bridge")
    }

    fn level(&self, pin: u32) -> bool {
        Stm32::level(self, pin)
    }

    fn connect(&mut self, loopback: bool, ignores_rts: bool) {
        self.usart().line.loopback = loopback;
        self.usart().line.ignores_rts = ignores_rts;
    }

    fn feed(&mut self, frames: Vec<UartFrame>) {
        self.usart().line.feed(frames);
    }

    fn waiting(&mut self) -> usize {
        self.usart().line.waiting()
    }

    fn sent(&mut self) -> Vec<u8> {
        self.usart().line.sent.iter().map(|sent| sent.byte).collect()
    }

    fn format(&mut self) -> Format {
        let format = self.usart().format();
        Format {
            baud: format.baud().into(),
            frame: (format.data_bits(), format.parity(), format.stop_bits().into()),
            has_flow_control: self.usart().has_flow_control(),
        }
    }

    fn set_clear_to_send(&mut self, clear: bool) {
        self.usart().set_clear_to_send(clear);
    }
}

/// Bytes with parity, in each of these (parity and data bits, as SET_LINE_CODING has them): the parity bit is
/// not data.
pub fn parity_is_not_data<C: Stm32>(codings: &[[u8; 2]]) {
    let (mut host, mut port) = crate::adapter::opened::<C>();
    for &[parity, bits] in codings {
        port.set_line_coding(&mut host, [0x00, 0xC2, 1, 0, 0, parity, bits]).unwrap();
        host.run(1_000_000);
        let is_odd = (parity > 0).then_some(parity == 1);
        let format = crate::adapter::chip(&mut host, C::format);
        assert_eq!(format.frame, (bits.into(), is_odd, 1));
        let came = b"az".map(UartFrame::of).to_vec();
        crate::adapter::chip(&mut host, |chip: &mut C| chip.feed(came));
        assert_eq!(port.read(&mut host, 2).unwrap(), b"az");
        port.write(&mut host, b"za").unwrap();
        host.run(5_000_000);
        let sent = crate::adapter::chip(&mut host, C::sent);
        assert_eq!(sent.get(sent.len() - 2..), Some(&b"za"[..]));
    }
    crate::rig::is_well(&mut host);
}

pub fn it_receives_during_a_break<C: Stm32>() {
    let (mut host, mut port) = crate::adapter::opened::<C>();
    port.send_break(&mut host, 0xFFFF).unwrap();
    host.run(1_000_000);
    let came = b"abc".map(UartFrame::of).to_vec();
    crate::adapter::chip(&mut host, |chip: &mut C| chip.feed(came));
    assert_eq!(port.read(&mut host, 3).unwrap(), b"abc");
    crate::rig::is_well(&mut host);
}
