//! What the device half tells the board, in the context that polls it.

use usbd_acm_class::LineCoding;

/// What DTR means to the session of a port. A session ends in any case with a bus reset,
/// deconfiguration, and loss of VBUS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DtrPolicy {
    /// Nothing: a session lasts as long as the device is configured.
    Ignore,
    /// A session starts when the device is configured, so that programs which never set DTR are
    /// served. DTR falling ends it; DTR rising, or data from the host, starts the next.
    Prefer,
    /// A session lasts while DTR is set. Without it the device sends nothing and takes nothing.
    Require,
}

/// Hooks of the board, called by [`Device::poll`](crate::Device::poll). Every method does nothing
/// by default; `()` implements them all.
pub trait Hooks {
    /// What DTR means to the sessions of the ports.
    const DTR: DtrPolicy = DtrPolicy::Prefer;

    /// Whether bytes written during suspend wake the host, where it allowed that.
    const WAKE_ON_WRITE: bool = true;

    /// The host configured the device, which may now draw this much from VBUS, in mA.
    fn configured(&mut self, milliamps: u16) {
        let _ = milliamps;
    }

    /// The host took the configuration back, by request, reset or unplugging: 100 mA at most.
    fn deconfigured(&mut self) {}

    /// The bus is suspended, and the driver has gated what it can. The board may gate its clocks;
    /// it may draw 2.5 mA from VBUS (USB 2.0 §7.2.3).
    fn suspended(&mut self) {}

    /// The bus is resumed, or about to be by [`wakeup_requested`](Self::wakeup_requested). Clocks
    /// that [`suspended`](Self::suspended) gated run again when this returns.
    fn resumed(&mut self) {}

    /// The device is about to signal remote wake-up; [`resumed`](Self::resumed) was called before.
    fn wakeup_requested(&mut self) {}

    /// Whether the port can take this line coding. `false` STALLs the request, and the port keeps
    /// the coding it had. Beware: some hosts then close the port.
    fn accepts(&mut self, port: usize, coding: &LineCoding) -> bool {
        let _ = (port, coding);
        true
    }
}

impl Hooks for () {}
