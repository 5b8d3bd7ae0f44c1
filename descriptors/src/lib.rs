//! USB descriptors of CDC-ACM devices, as `const` data.
//!
//! Everything here is computed at compile time and lies in flash. A descriptor set that is wrong,
//! or that asks for more endpoints than the controller has, does not compile.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
#[macro_use]
extern crate std;

mod acm;
mod bytes;
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
pub use configuration::{ConfigurationKind, configuration, configuration_length};
pub use descriptors::{Descriptors, HighSpeedParts, Parts};
pub use device::{DEVICE_LENGTH, DEVICE_QUALIFIER_LENGTH, device, device_qualifier};
pub use endpoint::{Direction, EndpointAddress, EndpointSet, Speed, TransferType};
pub use port::{PortEndpoints, allocate_endpoints};
pub use product::{Attributes, MaxPower, Power, Product};
pub use string::{
    LANGUAGE_ID, LANGUAGES, hex_serial_number, hex_serial_number_length, string, string_length,
};
