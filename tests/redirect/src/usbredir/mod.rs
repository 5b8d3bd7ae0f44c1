//! usbredir: the protocol of QEMU's `usb-redir` device, version 0.7 and its extensions.
//!
//! The far side is called the guest: it has the host controller and the operating system. We are
//! the usb-host: we have the device.

mod kind;
mod reply;
mod request;
mod session;

pub use reply::{DeviceConnect, EndpointRow, EndpointTable, InterfaceTable, Reply, Status};
pub use request::{CAPABILITIES, Decoder, Malformed, Request};
pub use session::Session;

use crate::server::Endpoint;

/// What QEMU is to be started with to attach the device that listens here.
pub fn qemu_arguments(socket: &Endpoint) -> String {
    let address = match socket.host_and_port() {
        Some((host, port)) => format!("host={host},port={port}"),
        None => format!("path={socket}"),
    };
    format!(
        "-device qemu-xhci -chardev socket,id=acm,{address} \
         -device usb-redir,chardev=acm,suppress-remote-wake=off"
    )
}
