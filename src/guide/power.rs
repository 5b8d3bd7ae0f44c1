//! Power: suspend, resume, remote wake-up, and the clocks of the board.
//!
//! A suspended device may draw 2.5 mA from VBUS (USB 2.0 §7.2.3), so a bus-powered board stops its
//! clocks. [`Hooks`](crate::Hooks) tell it when, in the context that polls the device.
//!
//! # The order
//!
//! ```text
//! bus idle for 3 ms    Controller::suspend     the driver gates the chip while its clock still runs
//!                      Hooks::suspended        the board stops clocks, from the leaves to the root
//!         …
//! host resumes, resets,
//! or remote wake-up    Hooks::resumed          the board starts clocks, and waits until they are stable
//!                      Controller::resume      the driver restores the chip, which has its clock again
//!                      Hooks::wakeup_requested, Controller::remote_wakeup: only to wake the host
//! ```
//! From the end of the resume signal a device has 10 ms until the host expects answers (USB 2.0
//! §7.1.7.7): a crystal and a PLL take 1 to 3 ms of them. Whatever ends the suspend, also a reset or
//! the loss of VBUS, `resumed` is called, once for each `suspended`.
//!
//! # A clock tree
//!
//! ```
//! use usbd_acm::Hooks;
//!
//! # trait ClockControl {
//! #     fn usb_clock(&mut self, on: bool);
//! #     fn pll(&mut self, on: bool);
//! #     fn crystal(&mut self, on: bool);
//! #     fn wait_until_stable(&self);
//! #     fn system_clock(&mut self, from: Source);
//! # }
//! # enum Source { Pll, InternalOscillator }
//! /// The clock controller of the chip, in the words of its manual.
//! struct Board<R> {
//!     clocks: R,
//! }
//!
//! impl<R: ClockControl> Hooks for Board<R> {
//!     fn suspended(&mut self) {
//!         self.clocks.usb_clock(false);
//!         self.clocks.system_clock(Source::InternalOscillator);
//!         self.clocks.pll(false);
//!         self.clocks.crystal(false);
//!     }
//!
//!     fn resumed(&mut self) {
//!         self.clocks.crystal(true);
//!         self.clocks.wait_until_stable(); // bounded by what the crystal's data sheet says
//!         self.clocks.pll(true);
//!         self.clocks.wait_until_stable();
//!         self.clocks.system_clock(Source::Pll);
//!         self.clocks.usb_clock(true);
//!     }
//! }
//! ```
//! The tests have such a tree in simulated time (`tests/power/clock_tree.rs`): with 2 ms for the
//! crystal and 0.2 ms for the PLL, the clocks run 2.2 ms after the resume signal, and the first
//! packet goes as soon as the host asks for it.
//!
//! Do not stop what the USB interrupt needs to come. Sleeping itself is the main loop's: the hooks
//! only note that it may sleep deeply.
//!
//! # What the application sees
//!
//! [`Event::Suspended`](crate::class::Event::Suspended) and
//! [`Event::Resumed`](crate::class::Event::Resumed);
//! [`PortControl::is_suspended`](crate::PortControl::is_suspended). Suspend ends no session: bytes in
//! the FIFOs stay there, and writes go on until they are full. Bytes are lost by a
//! [policy](super::policies) alone.
//!
//! # Waking the host
//!
//! Descriptors with `remote_wakeup: true` offer it, and the host allows it or not. Then a suspended
//! host is woken
//!
//! - by [`PortControl::request_wakeup`](crate::PortControl::request_wakeup), always;
//! - by a write, where [`Hooks::WAKE_ON_WRITE`](crate::Hooks::WAKE_ON_WRITE) is `true`, which is the
//!   default: a key or a measurement reaches a sleeping host. A board that logs all the time sets it
//!   to `false`, or no host ever sleeps:
//! ```
//! # use usbd_acm::Hooks;
//! struct Chatty;
//!
//! impl Hooks for Chatty {
//!     const WAKE_ON_WRITE: bool = false;
//! }
//! ```
//! What was written before the suspend wakes nobody.
//!
//! # How much current
//!
//! [`Hooks::configured`](crate::Hooks::configured) and
//! [`PortControl::milliamps`](crate::PortControl::milliamps) say what may be drawn, as the
//! configuration descriptor asks for it; unconfigured it is 100 mA. Chargers and radios wait for that.
