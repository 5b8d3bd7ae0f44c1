//! usbredir: the protocol of QEMU's `usb-redir` device, version 0.7 and its extensions.
//!
//! The far side is called the guest: it has the host controller and the operating system. We are
//! the usb-host: we have the device.

mod codec;
mod session;

pub use codec::{
    Decoder, DeviceConnect, EndpointTable, InterfaceTable, Malformed, Reply, Request, Status,
};
pub use session::Session;
