//! Packet types of usbredir that matter here.

pub(super) const HELLO: u32 = 0;
pub(super) const DEVICE_CONNECT: u32 = 1;
pub(super) const DEVICE_DISCONNECT: u32 = 2;
pub(super) const RESET: u32 = 3;
pub(super) const INTERFACE_INFO: u32 = 4;
pub(super) const EP_INFO: u32 = 5;
pub(super) const SET_CONFIGURATION: u32 = 6;
pub(super) const GET_CONFIGURATION: u32 = 7;
pub(super) const CONFIGURATION_STATUS: u32 = 8;
pub(super) const SET_ALTERNATE: u32 = 9;
pub(super) const GET_ALTERNATE: u32 = 10;
pub(super) const ALTERNATE_STATUS: u32 = 11;
pub(super) const START_INTERRUPT: u32 = 15;
pub(super) const STOP_INTERRUPT: u32 = 16;
pub(super) const INTERRUPT_STATUS: u32 = 17;
pub(super) const CANCEL: u32 = 21;
pub(super) const FILTER_REJECT: u32 = 22;
pub(super) const CONTROL: u32 = 100;
pub(super) const BULK: u32 = 101;
pub(super) const INTERRUPT: u32 = 103;
