#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

// `inline(never)` stands where it was measured to save flash at opt-level z.
mod clock;
mod control;
mod controller;
mod disable;
mod endpoint;
mod errata;
mod fifo;
mod packets;
mod plan;
mod power;
mod queue;
mod registers;
#[cfg(test)]
mod tests;

pub use clock::{AhbClock, AhbTooSlow};
pub use plan::FifoPlan;
pub use power::Vbus;
pub use registers::Usb;
pub use registers::cores::{Core, Phy, stm32f4, stm32h7};

use control::Control;
use endpoint::Line;
use power::Power;
use queue::{InQueue, InQueues, Kind, OutQueue};

/// What the controller keeps in RAM, to be placed in a `static`: the packets of `PORTS` serial ports on
/// their way, up to `DEPTH` in each direction of each. To the host the last place is for a notification.
///
/// `DEPTH` is best what a port has of slots, and 2 at least. Above 2, packets to the host that wait are
/// sent as one transfer, with one interrupt.
// In this order: a byte within the first 32 takes an instruction of 2 bytes, and of 4 behind them.
#[repr(C)]
pub struct State<const PORTS: usize = 1, const DEPTH: usize = 2> {
    outs: [OutQueue<DEPTH>; PORTS],
    power: Power,
    control: Control,
    ins: [InQueues<DEPTH>; PORTS],
}

impl<const PORTS: usize, const DEPTH: usize> State<PORTS, DEPTH> {
    /// Of a controller that is detached.
    #[expect(clippy::new_without_default, reason = "it belongs into a static")]
    pub const fn new() -> Self {
        Self {
            power: Power::OFF,
            control: Control::NEW,
            ins: [const { InQueues::NEW }; PORTS],
            outs: [const { OutQueue::NEW }; PORTS],
        }
    }

    /// That of an OUT endpoint.
    #[inline(always)]
    fn out_queue(&mut self, line: Line) -> Option<&mut OutQueue<DEPTH>> {
        let index = line.index();
        if index >= PORTS {
            return None;
        }
        self.outs.get_mut(index)
    }

    /// That of an IN endpoint. Odd numbers are those of data, even ones those of notifications.
    #[inline(always)]
    fn in_queue(&mut self, line: Line) -> Option<InQueue<'_, DEPTH>> {
        let index = line.index();
        if index >= 2 * PORTS {
            return None;
        }
        let kind = if index.is_multiple_of(2) { Kind::Data } else { Kind::Notification };
        self.ins.get_mut(index / 2)?.queue(kind)
    }
}

/// The controller: `PORTS` serial ports on one core.
///
/// Endpoints are numbered as `descriptors!` does it: data IN and notification of a port follow each other
/// from 1, data OUT counts from 1.
pub struct SynopsysOtg<C: Core, const PORTS: usize = 1, const DEPTH: usize = 2> {
    usb: Usb<C>,
    state: &'static mut State<PORTS, DEPTH>,
}

impl<C: Core, const PORTS: usize, const DEPTH: usize> SynopsysOtg<C, PORTS, DEPTH> {
    /// How the packet RAM is shared out. That it does not fit is a compile error, not of `cargo check` but of
    /// `cargo build`. One port fits OTG_FS of an STM32F4, with up to 13 packets each way:
    /// ```
    /// use usbd_acm::Controller;
    /// use usbd_acm_synopsys_otg::{SynopsysOtg, stm32f4::OtgFs};
    /// let connect: fn(&mut SynopsysOtg<OtgFs, 1, 13>) = Controller::connect;
    /// ```
    /// Not more packets, nor a second port:
    /// ```compile_fail,E0080
    /// # use usbd_acm::Controller;
    /// # use usbd_acm_synopsys_otg::{SynopsysOtg, stm32f4::OtgFs};
    /// let connect: fn(&mut SynopsysOtg<OtgFs, 1, 14>) = Controller::connect;
    /// ```
    /// ```compile_fail,E0080
    /// # use usbd_acm::Controller;
    /// # use usbd_acm_synopsys_otg::{SynopsysOtg, stm32f4::OtgFs};
    /// let connect: fn(&mut SynopsysOtg<OtgFs, 2, 2>) = Controller::connect;
    /// ```
    /// Nor a single place, which data and notifications would share:
    /// ```compile_fail,E0080
    /// # use usbd_acm::Controller;
    /// # use usbd_acm_synopsys_otg::{SynopsysOtg, stm32f4::OtgFs};
    /// let connect: fn(&mut SynopsysOtg<OtgFs, 1, 1>) = Controller::connect;
    /// ```
    pub const PLAN: FifoPlan = {
        assert!(
            DEPTH >= 2 && DEPTH <= 64,
            "DEPTH, the packets of a port in each direction, is 2 to 64"
        );
        assert!(PORTS >= 1 && PORTS <= 8, "PORTS is 1 to 8");
        let ([ports, ..], [depth, ..]) = (PORTS.to_le_bytes(), DEPTH.to_le_bytes());
        FifoPlan::new::<C>(ports as u16, depth as u16)
    };

    /// The controller, detached. Clocks and pins are the board's: the 48 MHz of the PHY, the clock of
    /// the core in RCC, the alternate function of D+ and D-; on the STM32H7 the USB regulator too. The
    /// core itself is not touched before the device is connected.
    pub fn new(
        usb: Usb<C>,
        clock: AhbClock<C>,
        vbus: Vbus,
        state: &'static mut State<PORTS, DEPTH>,
    ) -> Self {
        state.power.set(clock, vbus);
        Self { usb, state }
    }
}
