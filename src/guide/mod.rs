//! Chapters for firmware authors. There is no code here, only documentation.

#[cfg(feature = "usb-device")]
pub mod composite;
pub mod getting_started;
pub mod migrating;
pub mod policies;
pub mod power;
