//! Chapter 9 of USB 2.0, test by test as the Command Verifier of the USB-IF describes them.
//!
//! Every test runs on one port and two ports at full speed and on a high-speed device at both
//! speeds, in the device states that it names. The tests TD 9.15, 9.17, 9.20, 9.22 and 9.23 are for
//! other devices.

mod descriptors;
mod endpoints;
mod endurance;
mod enumeration;
mod features;
mod misfit;
mod parsed;
mod power;
mod wakeup;
