//! USB/IP, the protocol of Linux' `vhci-hcd` (Documentation/usb/usbip_protocol.rst), version 1.1.1.
//!
//! A connection first lists devices or imports ours; after an import it carries URBs. There is no
//! message for a bus reset or for unplugging: the one never reaches the device, the other is the
//! end of the connection.

mod codec;
mod session;

pub use codec::{Decoder, DeviceRecord, Malformed, Reply, Request, Submit};
pub use session::Session;

use crate::server::Endpoint;

/// What attaches the device that listens here; the command knows no Unix sockets.
pub fn attach_command(address: &Endpoint) -> Option<String> {
    let (host, port) = address.host_and_port()?;
    // Listening at every address of a machine is no address of it.
    let host = if matches!(host, "0.0.0.0" | "::") { "HOST" } else { host };
    Some(match port {
        "3240" => format!("usbip attach -r {host} -b 1-1"),
        port => format!("usbip --tcp-port {port} attach -r {host} -b 1-1"),
    })
}
