//! A host that sends whatever it wants, and an application that does whatever it may: the bodies of
//! the fuzz targets, for the fuzzer and for the tests.

mod calls;
mod event;
mod explore;
mod host;
mod targets;
mod twin;

pub use event::{Call, Event, decode, encode};
pub use explore::{Graph, Plan, explore};
pub use host::{REQUESTS, enumeration, legal_setup, rude, transfer};
pub use targets::{closure_twin, control_pipe, data_path};
pub use twin::Twin;
