//! The bridges to usb-device: call by call, on drivers of other manners, and what they document that they
//! cannot do.

mod as_bus;
mod as_bus_ep0;
mod as_bus_packets;
mod calls;
mod calls_ep0;
mod chip;
mod class;
mod drivers;
mod interrupts;
mod limits;
mod recording;
mod spy;
