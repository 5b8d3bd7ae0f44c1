//! The bridges to usb-device on drivers of other manners, and what they document that they cannot do.

mod drivers;
mod interrupts;
mod limits;
