//! The usbredir session, by bytes, against a device model.

mod any_input;
mod guest;
mod introduction;
mod life;
#[path = "../model/mod.rs"]
mod model;
mod transfers;
