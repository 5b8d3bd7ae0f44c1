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

/// How a port finds out whether the host reads: by a zero-length packet, which the host acknowledges
/// when somebody does. Linux submits its reads while the tty is open, and only then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Probe {
    /// Not at all: bytes go to the controller as soon as they are written.
    Off,
    /// Every session begins with a zero-length packet, and bytes wait in the FIFO until the host
    /// acknowledged it, and then for `hold` milliseconds more, at most 1000.
    ///
    /// A Linux tty echoes what it receives between `open()` and the `tcsetattr()` that makes it
    /// raw: what the device sent in between would come back as input. 100 ms are enough for a
    /// program that does one after the other. The time is counted by
    /// [`Hooks::milliseconds`] or [`Controller::frame`](crate::Controller::frame); with neither,
    /// there is no hold.
    ZeroLengthPacket {
        /// Milliseconds from the acknowledgement to the first byte.
        hold: u16,
    },
}

impl Probe {
    pub(crate) const fn is_on(self) -> bool {
        matches!(self, Self::ZeroLengthPacket { .. })
    }
}

/// Hooks of the board, called by [`Device::poll`](crate::Device::poll). Every method does nothing
/// by default; `()` implements them all.
pub trait Hooks {
    /// What DTR means to the sessions of the ports.
    const DTR: DtrPolicy = DtrPolicy::Prefer;

    /// Whether bytes written during suspend wake the host, where it allowed that.
    const WAKE_ON_WRITE: bool = true;

    /// How a port finds out whether the host reads. Off by default: it delays the first bytes of a
    /// session by its `hold`, and it is code that not everybody needs.
    const PROBE: Probe = Probe::Off;

    /// Whether the bus side tells the ports the time, in milliseconds or frames: for
    /// [`Wait::frames`](crate::policy::Wait::frames).
    const FRAMES: bool = false;

    /// Whether the bus side takes part in the policies of writers: drops the oldest bytes when one
    /// asks for it ([`DropOldest`](crate::policy::DropOldest)), counts the bytes that the end of a
    /// session discards, and reports losses to the host as SERIAL_STATE.bOverRun.
    const LOSSY: bool = false;

    /// Whether DTR falling at 1200 bit/s is the touch that asks for the bootloader: then
    /// [`touched`](Self::touched) is called, and there is an
    /// [`Event::Touch1200`](crate::class::Event::Touch1200).
    const TOUCH_1200: bool = false;

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

    /// The host opened this port at 1200 bit/s and dropped DTR, and has acknowledged the end of that
    /// request: the board may restart in its bootloader now. Needs
    /// [`TOUCH_1200`](Self::TOUCH_1200). The event was queued before, and a session ended.
    fn touched(&mut self, port: usize) {
        let _ = port;
    }

    /// A free-running millisecond clock, wrapping, where the board has one. `None`, the default,
    /// leaves it to the frames of the bus, which stand still during suspend.
    fn milliseconds(&mut self) -> Option<u16> {
        None
    }
}

impl Hooks for () {}
