//! USB/IP, the protocol of Linux' `vhci-hcd` (Documentation/usb/usbip_protocol.rst), version 1.1.1.
//!
//! A connection first lists devices or imports ours; after an import it carries URBs. There is no
//! message for a bus reset or for unplugging: the one never reaches the device, the other is the
//! end of the connection.

mod codec;
mod session;

pub use codec::{Decoder, DeviceRecord, Malformed, Reply, Request, Submit};
pub use session::Session;
