//! Migrating from `CdcAcmClass` of embassy-usb. There is no code here, only documentation.
//!
//! | `CdcAcmClass` | here |
//! |---|---|
//! | `State`, of any lifetime | [`Storage`], in a `static` |
//! | `CdcAcmClass::new(builder, state, 64)` | [`AcmClass::new(builder, storage, config)`], and the [`Runner`] is run |
//! | `split_with_control()` | the fields of [`Port`] |
//! | `wait_connection()`: configured | [`Writer::connected`], [`Reader::connected`]: a [session](crate::DtrPolicy) is open |
//! | `read_packet(buffer)`, 64 bytes at least | [`Read::read`] of any length, [`BufRead::fill_buf`] in place |
//! | `into_buffered(buffer)` | always buffered |
//! | `write_packet(bytes)`, 64 bytes at most | [`Write::write`], [`Writer::grant`] in place |
//! | `write_packet(&[])` after a full packet | by itself |
//! | `flush()` does nothing | [`Writer::flush`] waits |
//! | `EndpointError::Disabled`, again and again | [`IoError::Disconnected`], once; [`IoError::NotConnected`] |
//! | `control_changed()`, then `dtr()`, `rts()`, `line_coding()` | [`PortControl::event`] says what changed; the getters exist, too |
//! | SEND_BREAK is refused | [`Event::Break`] |
//! | – | SERIAL_STATE: [`PortControl::set_carrier`], [`PortControl::raise`] |
//! | SEND_ENCAPSULATED_COMMAND is accepted and dropped | it is STALLed, as nothing offers it |
//!
//! # An echo
//!
//! Before:
//!
//! ```
//! use embassy_usb::class::cdc_acm::CdcAcmClass;
//! use embassy_usb::driver::{Driver, EndpointError};
//!
//! async fn echo<'d, D: Driver<'d>>(mut class: CdcAcmClass<'d, D>) {
//!     loop {
//!         class.wait_connection().await;
//!         let _ = echo_until_disabled(&mut class).await;
//!     }
//! }
//!
//! async fn echo_until_disabled<'d, D: Driver<'d>>(
//!     class: &mut CdcAcmClass<'d, D>,
//! ) -> Result<(), EndpointError> {
//!     let mut buffer = [0; 64];
//!     loop {
//!         let count = class.read_packet(&mut buffer).await?;
//!         class.write_packet(&buffer[..count]).await?;
//!         if count == 64 {
//!             // Or the host's read hangs.
//!             class.write_packet(&[]).await?;
//!         }
//!     }
//! }
//! ```
//!
//! After, with answers that never go to another session than the question came in:
//!
//! ```
//! use usbd_acm_embassy::{Port, WriteError};
//!
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
//! ```
//!
//! # Control lines and line coding
//!
//! Before:
//!
//! ```
//! use embassy_usb::class::cdc_acm::{ControlChanged, Receiver};
//! use embassy_usb::driver::Driver;
//!
//! async fn follow<'d, D: Driver<'d>>(control: ControlChanged<'d>, receiver: &Receiver<'d, D>) {
//!     let mut rate = 0;
//!     loop {
//!         control.control_changed().await;
//!         // Something did; what it was is to be found out.
//!         let coding = receiver.line_coding();
//!         if coding.data_rate() != rate {
//!             rate = coding.data_rate();
//!             set_rate(rate);
//!         }
//!     }
//! }
//! # fn set_rate(_: u32) {}
//! ```
//!
//! After:
//!
//! ```
//! use usbd_acm_embassy::{Break, Event, PortControl};
//!
//! async fn follow(mut control: PortControl) {
//!     loop {
//!         match control.event().await {
//!             Event::LineCoding { new, .. } => set_rate(new.rate),
//!             Event::Break(Break::Off) => set_break(false),
//!             Event::Break(_) => set_break(true),
//!             _ => {}
//!         }
//!     }
//! }
//! # fn set_rate(_: u32) {}
//! # fn set_break(_: bool) {}
//! ```
//!
//! [`AcmClass::new(builder, storage, config)`]: crate::AcmClass::new
//! [`BufRead::fill_buf`]: embedded_io_async::BufRead::fill_buf
//! [`Event::Break`]: crate::Event::Break
//! [`IoError::Disconnected`]: crate::IoError::Disconnected
//! [`IoError::NotConnected`]: crate::IoError::NotConnected
//! [`Port`]: crate::Port
//! [`PortControl::event`]: crate::PortControl::event
//! [`PortControl::raise`]: crate::PortControl::raise
//! [`PortControl::set_carrier`]: crate::PortControl::set_carrier
//! [`Read::read`]: embedded_io_async::Read::read
//! [`Reader::connected`]: crate::Reader::connected
//! [`Runner`]: crate::Runner
//! [`Storage`]: crate::Storage
//! [`Write::write`]: embedded_io_async::Write::write
//! [`Writer::connected`]: usbd_acm::Writer::connected
//! [`Writer::flush`]: crate::Writer::flush
//! [`Writer::grant`]: usbd_acm::Writer::grant
