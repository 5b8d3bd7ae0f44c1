//! USB descriptors of CDC-ACM devices, as `const` data.
//!
//! Everything here is computed at compile time and lies in flash. A descriptor set that is wrong,
//! or that asks for more endpoints than the controller has, does not compile.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

mod endpoint;

pub use endpoint::{Direction, EndpointAddress, EndpointSet, Speed, TransferType};
