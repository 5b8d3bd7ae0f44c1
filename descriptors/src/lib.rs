//! USB descriptors of CDC-ACM devices, as `const` data.
//!
//! Everything here is computed at compile time and lies in flash. A descriptor set that is wrong,
//! or that asks for more endpoints than the controller has, does not compile.
//!
//! [`descriptors!`] makes the whole set from a few fields, and shows an example. Under it are
//! `const fn`s that can be used alone: [`allocate_endpoints`], [`device`], [`configuration`],
//! [`string`].
//!
//! # What is left out, and why it may be
//!
//! - BOS: belongs to bcdUSB 0x0201 and above; there is nothing to say in it (12 bytes where
//!   usb-device writes it).
//! - A setting of the data interface without endpoints: a port that has nothing to say NAKs (9
//!   bytes a port, and a SET_INTERFACE before the first byte).
//! - Names of configuration, functions and interfaces (iConfiguration, iFunction, iInterface):
//!   hosts show iProduct.
//! - Strings that were not given, and languages other than English.
//! - Device qualifier and other-speed configuration, where the controller has no high speed.
//! - The interface association, of a single port that asks for it with
//!   [`Product::interface_association`] (8 bytes).
//!
//! The call management functional descriptor stays, though it says only "no call management": it
//! belongs to an ACM function as PSTN 1.2 §5.3 describes it, and 5 bytes are not worth a host that
//! misses it.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
#[macro_use]
extern crate std;

mod acm;
mod bytes;
#[cfg(doctest)]
mod compile_fail;
mod configuration;
mod descriptors;
mod device;
mod endpoint;
#[cfg(feature = "std")]
pub mod parse;
mod port;
mod product;
mod string;

pub use acm::{
    ACM_CAPABILITIES, AcmCapabilities, CONFIGURATION_VALUE, EP0_PACKET_SIZE,
    NOTIFICATION_INTERVAL_MS, NOTIFICATION_PACKET_SIZE, communication_interface, data_interface,
};
pub use configuration::{
    CDC_DATA, COMMUNICATION_ACM, ConfigurationKind, configuration, configuration_length,
    functional_descriptors,
};
pub use descriptors::{Descriptors, HighSpeedParts, Parts};
pub use device::{DEVICE_LENGTH, DEVICE_QUALIFIER_LENGTH, device, device_qualifier};
pub use endpoint::{Direction, EndpointAddress, EndpointSet, Speed, TransferType};
pub use port::{PortEndpoints, allocate_endpoints, try_allocate_endpoints};
pub use product::{Attributes, MaxPower, Power, Product};
pub use string::{
    LANGUAGE_ID, LANGUAGES, hex_serial_number, hex_serial_number_length, string, string_length,
};
