//! Migrating from usbd-serial and from embassy-usb.
//!
//! # From embassy-usb
//!
//! There are two ways, and the application is the same in both: [`Port`](crate::Port) and its halves.
//!
//! - **Keep the embassy driver**, and take the crate `usbd-acm-embassy`: its `AcmClass` stands where
//!   `embassy_usb::class::cdc_acm::CdcAcmClass` stood, beside other classes if wanted. Its chapter
//!   `migrating` shows both side by side.
//! - **Take the whole stack**, with a [`Controller`](crate::Controller) for the chip: strict Chapter 9,
//!   descriptors at compile time, flush that is acknowledged by hardware, all write policies and the
//!   [probe](crate::Probe) whether anybody reads. [`Device::poll`](crate::Device::poll) runs in the
//!   interrupt or, with the feature `async`, in a task; no future is polled for each packet.
//!
//! | embassy-usb 0.6 | `usbd-acm-embassy` | [`Device`](crate::Device) |
//! |---|---|---|
//! | `Builder`, buffers for descriptors | the same | [`descriptors!`](crate::descriptors::descriptors) in flash |
//! | `UsbDevice::run()` | the same, and `Runner::run()` | [`Device::poll`](crate::Device::poll) |
//! | `Handler` | – | [`Hooks`](crate::Hooks) |
//! | `State` | `Storage` | [`Storage`](crate::Storage) |
//! | `read_packet`, `write_packet` | [`Reader`](crate::Reader), [`Writer`](crate::Writer), `embedded-io-async` | the same |
//! | `control_changed` | [`PortControl::next_event`](crate::PortControl::next_event) | the same |
//! | `remote_wakeup()` | `Wakeup::requested()`, then `remote_wakeup()` | by itself, [`Hooks::WAKE_ON_WRITE`](crate::Hooks::WAKE_ON_WRITE) |
