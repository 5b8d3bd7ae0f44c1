//! The packet FIFOs against a driver and an application that do anything, in any order.
#![cfg(not(loom))]

mod from_host;
mod stream;
mod to_host;
mod wire;
