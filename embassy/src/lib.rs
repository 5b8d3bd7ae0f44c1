//! CDC-ACM for [embassy-usb](embassy_usb): a serial port as a byte stream, for any embassy driver.
//!
//! The class in embassy-usb, `CdcAcmClass`, hands packets through. This one has what is between
//! packets and a serial port, from the same core as the [`usbd_acm`] stack:
//!
//! - **A byte stream**, buffered both ways, with `embedded-io-async` and in place. Transfers that end
//!   with a full packet are ended by a zero-length one; `Ok(0)` never means that one came.
//! - **Flush** that waits until the host has every byte ([`Flush`]).
//! - **Sessions**: bytes of one never appear in the next, and each half says `Disconnected` once. What
//!   DTR means is [configured](Config::dtr).
//! - **Break, serial state and events**: SEND_BREAK with its duration, SERIAL_STATE notifications, and
//!   every change of line coding, DTR, RTS, suspend and configuration as an [`Event`].
//! - **Strict requests**: a malformed one is STALLed and changes nothing, GET_LINE_CODING may have any
//!   wLength, and nothing is accepted that is then ignored.
//! - **Halves for tasks of their own**, on executors of their own: they are [`Send`], and no lock is
//!   held while bytes are copied. No future of a half or of the runner loses anything when it is
//!   dropped.
//!
//! [`migrating`] shows both side by side.
//!
//! # Example
//!
//! Whatever the driver is, the device, the runner and the application run beside one another. Here
//! they are joined; as well each can be a task.
//!
//! ```
//! use embassy_futures::join::join3;
//! use embassy_usb::Builder;
//! use embassy_usb::driver::Driver;
//! use static_cell::StaticCell;
//! use usbd_acm_embassy::{AcmClass, Config, Port, Storage, WriteError};
//!
//! /// Sends back what it receives, in the session it came in.
//! async fn echo(mut port: Port) {
//!     loop {
//!         // `Err`: a session is over, and another may follow.
//!         let Ok(()) = port.reader.readable().await else { continue };
//!         let Ok((session, bytes)) = port.reader.front() else { continue };
//!         let count = match port.writer.write_in(session, bytes) {
//!             Ok(count) => count,
//!             Err(WriteError::Full) => {
//!                 let _ = port.writer.writable().await;
//!                 continue;
//!             }
//!             Err(_) => bytes.len(),
//!         };
//!         port.reader.consume(count);
//!     }
//! }
//!
//! async fn serve(driver: impl Driver<'static>) {
//!     static STORAGE: StaticCell<Storage> = StaticCell::new();
//!     static CONFIGURATION_DESCRIPTOR: StaticCell<[u8; 128]> = StaticCell::new();
//!     static BOS_DESCRIPTOR: StaticCell<[u8; 16]> = StaticCell::new();
//!     static CONTROL_BUFFER: StaticCell<[u8; 64]> = StaticCell::new();
//!
//!     let mut builder = Builder::new(
//!         driver,
//!         embassy_usb::Config::new(0x1209, 0x0001),
//!         CONFIGURATION_DESCRIPTOR.init([0; 128]),
//!         BOS_DESCRIPTOR.init([0; 16]),
//!         &mut [],
//!         CONTROL_BUFFER.init([0; 64]),
//!     );
//!     let storage = STORAGE.init_with(Storage::new);
//!     let AcmClass { mut runner, port, .. } =
//!         AcmClass::new(&mut builder, storage, Config::default());
//!     let mut device = builder.build();
//!     join3(device.run(), runner.run(), echo(port)).await;
//! }
//! ```
//!
//! # Remote wake-up
//!
//! Only the owner of the device can signal it. [`Wakeup`] tells when to:
//!
//! ```
//! # use embassy_futures::select::{Either, select};
//! # use embassy_usb::{UsbDevice, driver::Driver};
//! # use usbd_acm_embassy::Wakeup;
//! async fn run<D: Driver<'static>>(mut device: UsbDevice<'static, D>, mut wakeup: Wakeup) {
//!     loop {
//!         device.run_until_suspend().await;
//!         if let Either::Second(()) = select(device.wait_resume(), wakeup.requested()).await {
//!             // Refused by a driver that cannot: then the host resumes when it likes.
//!             let _ = device.remote_wakeup().await;
//!         }
//!     }
//! }
//! ```
//!
//! # What embassy-usb does not let a class do
//!
//! - `EndpointIn::write` returns when the hardware has the packet, not when the host has it. [`Flush`]
//!   says what follows from that. A SERIAL_STATE counts as sent when the hardware has it.
//! - Nobody can take a packet back from the hardware. The one that it holds when DTR falls is still
//!   sent, ended by a zero-length packet, to whoever reads next; reset, deconfiguration and unplugging
//!   clear it. Under [`DtrPolicy::Require`] the hardware takes one packet from the host by itself
//!   before DTR rises; it is read in the session that follows.
//! - Writes coalesce while a packet waits for the hardware, and not while the hardware has one: a
//!   class cannot know whether it does.
//! - There is no start of frame: [`Wait::frames`](usbd_acm::policy::Wait::frames) has no time to wait
//!   by, and there is no [`Probe`](usbd_acm::Probe). [`DropOldest`](usbd_acm::policy::DropOldest) drops
//!   the newest. The other write policies are as they are ([`Writer::into_inner`]); in a task, a timeout
//!   around a future does as well.
//! - Chapter 9 is embassy-usb's. A GET_LINE_CODING of no bytes is STALLed, as embassy-usb 0.6 would
//!   never end it.
//!
//! # Critical sections
//!
//! Wakers, and the bookkeeping that the handler of requests and the runner share, are guarded by
//! `critical-section`: a few dozen instructions for each packet, and the executor's wake function when
//! a session begins or ends, or an event comes. Bytes are copied outside of them. So device, runner and
//! halves may run at different priorities.
#![no_std]
#![forbid(unsafe_code)]

mod bus;
mod class;
mod config;
mod handler;
pub mod migrating;
mod runner;
mod shared;
mod wakeup;
mod writer;

pub use class::{AcmClass, Port, Storage};
pub use config::{Config, Flush};
pub use runner::Runner;
pub use usbd_acm::class::{
    Break, ControlLineState, Event, LineCoding, NotDefined, Parity, SerialState, StopBits,
};
pub use usbd_acm::{DtrPolicy, IoError, PortControl, ReadError, Reader, WriteError, WriteGrant};
pub use wakeup::Wakeup;
pub use writer::Writer;
