//! Host side: reads descriptors as a host does, and prints them as `lsusb -v` does.
//!
//! Two levels. [`Walk`] goes over the bytes of any descriptors, one after the other, and gives a
//! typed [`Descriptor`] for each; what it does not know it carries as bytes. [`Configuration`] is
//! the tree of a whole configuration, and exists only where counts, lengths and references agree.
//! [`Listing`] prints either, also what is wrong.

mod device;
mod error;
mod fields;
mod listing;
mod string;
mod tree;
mod walk;

pub use device::{Device, DeviceQualifier};
pub use error::{ErrorKind, ParseError};
pub use listing::Listing;
pub use string::{parse_languages, parse_string};
pub use tree::{Configuration, Interface};
pub use walk::{
    Association, Class, ConfigurationHeader, Descriptor, Endpoint, Functional, InterfaceHeader,
    Item, Walk,
};
