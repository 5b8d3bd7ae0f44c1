//! A host that sends whatever it wants, and an application that does whatever it may: the bodies of
//! the fuzz targets, for the fuzzer and for the tests.

mod calls;
mod descriptors;
mod event;
mod explore;
mod firmware_frames;
mod host;
mod script;
mod setup_parse;
mod targets;
mod twin;

pub use descriptors::descriptors;
pub use event::{Call, Event, decode, encode};
pub use explore::{Graph, Plan, explore};
pub use firmware_frames::firmware_frames;
pub use host::{REQUESTS, enumeration, legal_setup, rude, transfer};
pub use script::{Script, seeds};
pub use setup_parse::setup_parse;
pub use targets::{closure_twin, control_pipe, data_path, probing};
pub use twin::Twin;

/// A fuzz target: its body, and what an input of it is.
pub type Target = fn(&[u8]);

/// Every fuzz target, by the name of its file.
pub const TARGETS: [(&str, Target); 5] = [
    ("control_pipe", control_pipe),
    ("data_path", data_path),
    ("descriptors", descriptors),
    ("firmware_frames", firmware_frames),
    ("setup_parse", setup_parse),
];
