//! Life with the crate [`usb-device`](::usb_device) 0.3, feature `usb-device`.
//!
//! | you have | and want | take |
//! |---|---|---|
//! | a `usb-device` driver | serial ports beside other classes | [`AcmClass`] |
//! | a `usb-device` driver | serial ports and nothing else, in `usb-device` | [`AcmClass`], owning the device |
//! | a `usb-device` driver | this stack: strict Chapter 9, less flash | [`FromUsbBus`] under [`Device`](crate::Device) |
//! | a [`Controller`](crate::Controller) of this project | classes of `usb-device` | [`AsUsbBus`] |
//!
//! `usb-device` itself can panic, where a program does not use it as it asks to be used.

mod as_usb_bus;
mod class;
mod from_usb_bus;
mod pipe;
mod pipes;

pub use as_usb_bus::{AsUsbBus, BusStorage, OnAsUsbBus};
pub use class::{AcmClass, ClassError};
pub use from_usb_bus::{BeyondUsbBus, BusSource, FromUsbBus, LentBus, OwnBus};
