//! A device on the virtual wire, offered to a real host.
//!
//! - [`bus`] plays host controller against any [`DevicePort`](usbd_acm_virtual::DevicePort): it
//!   makes tokens, toggles and frames out of transfers.
//! - [`transfer`] queues the bulk transfers that the far host has under way.
//! - [`usbredir`] and [`usbip`] are the two protocols a far host may speak.
//! - [`pty`] offers a port as a pseudo-terminal, with the simulated host as its driver.
//! - [`server`] is the poll loop: one connection after another, one thread, and the device's time
//!   goes on while the peer is silent.
//!
//! Protocol code is sans-IO: bytes in, bytes out, so that tests need no socket.

pub mod bus;
pub mod configuration;
pub mod pty;
pub mod served;
pub mod server;
pub mod transfer;
pub mod usbip;
pub mod usbredir;
