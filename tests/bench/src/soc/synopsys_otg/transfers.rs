//! What firmware writes to the registers of an endpoint: transfers begin, and end early.

use super::endpoint::{Side, control};
use super::rx_fifo::words;
use super::{Otg, Pending, Surroundings, interrupt};
use crate::cpu::Cycles;
use crate::soc::Violation;

impl Otg {
    pub(super) fn write_endpoint(
        &mut self,
        side: Side,
        (number, register): (usize, u32),
        value: u32,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        let endpoints = self.endpoints(side);
        let Some(endpoint) = endpoints.get_mut(number) else { return };
        match register {
            0x00 => self.write_control(side, number, value, now, around),
            0x08 => endpoint.interrupts &= !value,
            0x10 => {
                // §34.16.4: written before the endpoint is enabled, and only then.
                if endpoint.enabled {
                    around.log(now, Violation::TransferSizeWhileEnabled);
                }
                endpoint.write_transfer(side, value);
            }
            _ => {}
        }
    }

    fn write_control(
        &mut self,
        side: Side,
        number: usize,
        value: u32,
        now: Cycles,
        around: &mut Surroundings<'_>,
    ) {
        let soon = self.soon(now);
        let endpoints = match side {
            Side::In => &mut self.ins,
            Side::Out => &mut self.outs,
        };
        let Some(endpoint) = endpoints.get_mut(number) else { return };
        endpoint.write_fields(side, value);
        if value & control::CNAK != 0 {
            endpoint.clear_nak(side);
            self.schedule.cancel(Pending::Nak(side, number));
        }
        if value & control::SNAK != 0 {
            self.schedule.add(soon, Pending::Nak(side, number));
        }
        // §34.16.4: EP0 OUT cannot be disabled.
        let can_be_disabled = side == Side::In || number != 0;
        if value & control::EPDIS != 0 && can_be_disabled && !endpoint.disabling {
            let nak = match side {
                Side::In => endpoint.nak,
                Side::Out => self.global.has(interrupt::GONAKEFF),
            };
            check_disable(endpoint.enabled, nak, now, around);
            if endpoint.enabled {
                endpoint.disabling = true;
                self.schedule.add(soon, Pending::Disable(side, number));
            }
        } else if value & control::EPENA != 0 && !endpoint.enabled {
            self.enable(side, number, now, around);
        }
    }

    fn enable(&mut self, side: Side, number: usize, now: Cycles, around: &mut Surroundings<'_>) {
        if let Err(violation) = self.check_layout() {
            around.log(now, violation);
        }
        if !self.endpoints(side)[number].active {
            around.log(now, Violation::EnableInactive);
        }
        match side {
            Side::In => self.enable_in(number, now, around),
            Side::Out => self.enable_out(number, now, around),
        }
    }

    fn enable_in(&mut self, number: usize, now: Cycles, around: &mut Surroundings<'_>) {
        let endpoint = &self.ins[number];
        if self.tx_depth(endpoint.fifo) < words(endpoint.max_packet() as usize) {
            around.log(now, Violation::FifoTooShort);
        }
        let transfer = endpoint.transfer;
        if transfer.packets != endpoint.packets_of(transfer.bytes) {
            around.log(now, Violation::TransferSizeWrong);
        }
        self.ins[number].enabled = true;
    }

    fn enable_out(&mut self, number: usize, now: Cycles, around: &mut Surroundings<'_>) {
        // §34.17.6: XFRSIZ is a multiple of the packet size, which is rounded up to words.
        let endpoint = &self.outs[number];
        let (transfer, packet) = (endpoint.transfer, endpoint.max_packet().next_multiple_of(4));
        let whole = number == 0 || transfer.bytes == transfer.packets * packet;
        if transfer.packets == 0 || !whole {
            around.log(now, Violation::TransferSizeWrong);
        }
        if self.rx.has_complete(number) {
            around.log(now, Violation::EnableBeforeComplete);
        }
        self.outs[number].enabled = true;
    }
}

/// §34.17.6: EPDIS is for endpoints that are enabled and whose NAK, or global OUT NAK, is effective.
fn check_disable(enabled: bool, nak: bool, now: Cycles, around: &mut Surroundings<'_>) {
    if !enabled {
        around.log(now, Violation::DisableNotEnabled);
    } else if !nak {
        around.log(now, Violation::DisableWithoutNak);
    }
}
