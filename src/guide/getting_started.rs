//! Getting started in each style: main loop, interrupt and main, RTIC, embassy.
//!
//! Every firmware has the same four parts:
//!
//! 1. **Descriptors**: a `static`, made by [`descriptors!`](crate::descriptors::descriptors).
//! 2. **Storage**: a `static`; [`Storage`](crate::Storage) says how to choose its numbers.
//! 3. **The device half**, [`Device`](crate::Device): somebody calls [`poll`](crate::Device::poll).
//! 4. **The application half**, [`Port`](crate::Port): reader, writer and control, which go to
//!    whatever contexts need them. They share no lock with the device half.
//!
//! The styles differ in who polls the device, and in how the application waits.
//!
//! | style | polls the device | the application waits | feature |
//! |---|---|---|---|
//! | [main loop](#main-loop) | the main loop | never: it looks again in the next round | |
//! | [interrupt and main loop](#interrupt-and-main-loop) | the USB interrupt | asleep, until an interrupt | |
//! | [RTIC](#rtic) | the task of the USB interrupt | as a task | `async` |
//! | [embassy](#embassy) | the USB interrupt, or a task | as a task | `async` |
//!
//! The smallest complete firmware of each is in the repository, in `examples/styles`: `cargo xtask
//! styles` builds them for Cortex-M0+ and counts their lines.
//!
//! # Main loop
//!
//! No interrupt at all. The device has to be polled often: at full speed, a control transfer waits
//! for it at every stage, and every packet of 64 bytes needs a poll.
//! ```
//! use usbd_acm::descriptors::{Descriptors, EndpointSet, descriptors};
//! use usbd_acm::{Controller, Storage, WriteError};
//!
//! static DESCRIPTORS: Descriptors<1> = descriptors! {
//!     endpoints: EndpointSet::first(2), // what the chip offers
//!     vendor_id: 0x1209,
//!     product_id: 0x0001,
//!     product: "Echo",
//! };
//!
//! fn run(controller: impl Controller, storage: &'static mut Storage) -> ! {
//!     let (mut device, [mut port]) = storage.split(controller, &DESCRIPTORS, ());
//!     device.connect();
//!     loop {
//!         device.poll();
//!         if let Ok((session, bytes)) = port.reader.front() {
//!             match port.writer.write_in(session, bytes) {
//!                 Ok(count) => port.reader.consume(count),
//!                 Err(WriteError::Full) => {} // later
//!                 Err(_) => port.reader.consume(64), // whoever sent that is gone
//!             }
//!         }
//!     }
//! }
//! ```
//! `static mut STORAGE: Storage = Storage::new();` inside a function with `#[cortex_m_rt::entry]`
//! is a `&'static mut Storage`; elsewhere `cortex_m::singleton!` or the crate `static_cell` make one.
//!
//! To wait all the same, give [`Reader::blocking`](crate::Reader::blocking) a closure that polls:
//! ```
//! use embedded_io::Write;
//! use usbd_acm::{Controller, Device, IoError, Writer};
//!
//! fn report(device: &mut Device<impl Controller>, writer: &mut Writer) -> Result<(), IoError> {
//!     let mut rounds = 0;
//!     let mut writer = writer.blocking(|| {
//!         device.poll();
//!         rounds += 1;
//!         rounds < 1_000_000 // then IoError::TimedOut: nothing hangs because nobody reads
//!     });
//!     writer.write_all(b"ready\r\n")?;
//!     writer.flush()
//! }
//! ```
//!
//! # Interrupt and main loop
//!
//! The USB interrupt owns the device half, and calls [`Device::poll`](crate::Device::poll), nothing
//! else; its line stays asserted while there is more to do.
//! [`Controller::DOORBELL`](crate::Controller::DOORBELL) pends it when the application has left work.
//! The application may run at any lower priority, or at a higher one.
//! ```
//! use embedded_io::Read;
//! use usbd_acm::{Controller, Device, Port};
//!
//! /// In the interrupt handler, with the `Device` that `main` handed over.
//! fn usb_interrupt(device: &mut Device<impl Controller + Send + 'static>) {
//!     device.poll();
//! }
//!
//! /// In `main`; `sleep` is `wfe` on a Cortex-M. An interrupt sets its event register, so that none
//! /// comes unnoticed between the look and the sleep. `wfi` would need a critical section for that.
//! fn echo(port: Port, sleep: fn()) -> ! {
//!     let (mut reader, mut writer, _) = port.split();
//!     let wait = || {
//!         sleep();
//!         true
//!     };
//!     let mut bytes = [0; 64];
//!     loop {
//!         // An error is the end of a session. What was read in it is not for the next.
//!         let Ok(count) = reader.blocking(wait).read(&mut bytes) else { continue };
//!         _ = writer.blocking(wait).write_all_in(reader.session(), &bytes[..count]);
//!     }
//! }
//! ```
//! A `critical_section::Mutex<Cell<Option<Device<…>>>>` hands the device over, once, from `main`
//! to a `static mut` of the handler: no later access needs a critical section.
//!
//! # Tasks
//!
//! With the feature `async`, [`Reader`](crate::Reader) and [`Writer`](crate::Writer) implement
//! `embedded_io_async`'s `Read`, `BufRead` and `Write`, for every executor. The bus side wakes the
//! task that waits, from whatever context polls the device, also one above the executor's priority.
//! ```
//! # #[cfg(feature = "async")] mod tasks {
//! use embedded_io_async::{Read, Write};
//! use usbd_acm::class::Event;
//! use usbd_acm::{IoError, PortControl, Reader, Writer};
//!
//! async fn echo(reader: &mut Reader, writer: &mut Writer) {
//!     let mut bytes = [0; 64];
//!     loop {
//!         // An error is the end of a session. What was read in it is not for the next.
//!         let Ok(count) = Read::read(reader, &mut bytes).await else { continue };
//!         _ = writer.write_all_in(reader.session(), &bytes[..count]).await;
//!     }
//! }
//!
//! async fn log_line(writer: &mut Writer, line: &[u8]) -> Result<(), IoError> {
//!     writer.write_all(line).await?;
//!     writer.flush().await // the host has every byte, and the ZLP
//! }
//!
//! async fn follow(control: &mut PortControl) {
//!     loop {
//!         match control.event().await {
//!             Event::LineCoding { new, .. } => { /* set the UART to new.rate */ }
//!             Event::SessionStart => { /* say hello */ }
//!             _ => {}
//!         }
//!     }
//! }
//! # }
//! ```
//! - `read` and `write` without `.await` are the halves' own, which never wait; say
//!   `Read::read(&mut reader, …).await` for those of the trait, or
//!   [`readable`][readable] and [`writable`][writable] before them.
//! - A session that ends is `Err(IoError::Disconnected)`, once for each half. Writing without a
//!   session is `Err(IoError::NotConnected)` at once; [`connected`][connected] waits
//!   for the next. Who answers what was read says so with
//!   [`write_all_in`][write_all_in], and no answer goes to the wrong session. `Ok(0)` is for empty buffers only.
//! - Every future may be dropped at any time, as `select` and time-outs do: nothing is lost or
//!   doubled. After `write_all` was dropped, some of its bytes are written.
//! - The wakers need an implementation of `critical-section`, for a swap of two words: most chip
//!   crates bring one. Data never goes through it.
//!
//! # RTIC
//!
//! The hardware task owns the device half as a local resource; reader and writer are local resources
//! of software tasks. Nothing is shared, so nothing is locked.
//! ```ignore
//! #[rtic::app(device = pac, dispatchers = [SPARE])]
//! mod app {
//!     #[init(local = [storage: Storage = Storage::new()])]
//!     fn init(context: init::Context) -> (Shared, Local) {
//!         let controller = Usb::new(context.device.USB);
//!         let (mut device, [port]) = context.local.storage.split(controller, &DESCRIPTORS, ());
//!         device.connect();
//!         let (reader, writer, _) = port.split();
//!         echo::spawn().unwrap();
//!         (Shared {}, Local { device, reader, writer })
//!     }
//!
//!     #[task(binds = USB, priority = 2, local = [device])]
//!     fn usb(context: usb::Context) {
//!         context.local.device.poll();
//!     }
//!
//!     #[task(priority = 1, local = [reader, writer])]
//!     async fn echo(context: echo::Context) { /* as above */ }
//! }
//! ```
//!
//! # embassy
//!
//! Either the interrupt polls the device, as in [interrupt and main loop](#interrupt-and-main-loop),
//! and only the application runs in tasks: the least latency, whatever the tasks do. Or the device
//! has a task of its own, which the interrupt wakes:
//! ```
//! # #[cfg(feature = "async")] mod tasks {
//! use usbd_acm::{Controller, Device, WakerCell};
//!
//! static INTERRUPT: WakerCell = WakerCell::new();
//!
//! /// The interrupt handler. The line stays asserted until the device was polled, so mask it.
//! fn usb_interrupt(mask: fn()) {
//!     mask();
//!     INTERRUPT.wake();
//! }
//!
//! /// An `#[embassy_executor::task]`, with the chip's own type for the controller.
//! async fn usb(mut device: Device<impl Controller>, unmask: fn()) -> ! {
//!     device.run(&INTERRUPT, unmask).await
//! }
//! # }
//! ```
//! An `InterruptExecutor` of its own above the other tasks keeps them from delaying it.
//!
// Links to what there is with a feature only.
#![cfg_attr(feature = "async", doc = "[readable]: crate::Reader::readable")]
#![cfg_attr(
    not(feature = "async"),
    doc = "[readable]: https://docs.rs/usbd-acm/latest/usbd_acm/struct.Reader.html#method.readable"
)]
#![cfg_attr(feature = "async", doc = "[writable]: crate::Writer::writable")]
#![cfg_attr(
    not(feature = "async"),
    doc = "[writable]: https://docs.rs/usbd-acm/latest/usbd_acm/struct.Writer.html#method.writable"
)]
#![cfg_attr(feature = "async", doc = "[connected]: crate::Writer::connected")]
#![cfg_attr(
    not(feature = "async"),
    doc = "[connected]: https://docs.rs/usbd-acm/latest/usbd_acm/struct.Writer.html#method.connected"
)]
#![cfg_attr(feature = "async", doc = "[write_all_in]: crate::Writer::write_all_in")]
#![cfg_attr(
    not(feature = "async"),
    doc = "[write_all_in]: https://docs.rs/usbd-acm/latest/usbd_acm/struct.Writer.html#method.write_all_in"
)]
