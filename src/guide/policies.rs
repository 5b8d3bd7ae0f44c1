//! Choosing what happens to bytes that the host does not read.
//!
//! A serial port over USB has no reader until somebody opens it, and the device cannot know for sure
//! when that is. So every write needs an answer to the question what happens when nobody reads. The
//! plain [`Writer`](crate::Writer) returns [`WriteError::Full`](crate::WriteError::Full) and leaves it
//! to the caller; [`Writer::with_policy`](crate::Writer::with_policy) settles it once.
//!
//! | the bytes are | take | because |
//! |---|---|---|
//! | a protocol, request and answer | the plain writer, [`blocking`](crate::Writer::blocking) or `async`, [`Fail`](crate::policy::Fail) | nothing may be missing; the caller stops when the session ends |
//! | a log, read while it is written | [`Wait::frames`](crate::policy::Wait::frames) | a slow reader slows the firmware down a little; nobody stops it once |
//! | a log of which the cause matters | [`DropNewest`](crate::policy::DropNewest) | the first messages after start stay until somebody reads |
//! | a log of which the last state matters | [`DropOldest`](crate::policy::DropOldest) | whoever opens the port sees what happened just now |
//! | measurements, at a rate | [`DropNewest`](crate::policy::DropNewest), with [`lost`](crate::policy::PolicyWriter::lost) | never late, and gaps are known |
//!
//! # Logging that cannot hang
//!
//! ```
//! use core::fmt::Write;
//!
//! use usbd_acm::policy::Wait;
//! use usbd_acm::{Controller, Device, Hooks, Writer};
//!
//! struct Board;
//!
//! impl Hooks for Board {
//!     const FRAMES: bool = true; // ports are told the time
//! }
//!
//! fn log(device: &mut Device<impl Controller, Board>, writer: Writer) {
//!     // In a bare main loop, somebody has to poll while it waits.
//!     let policy = Wait::frames(20).pausing(|| device.poll());
//!     let mut log = writer.with_policy(policy);
//!     writeln!(log, "ready").ok(); // never fails; waits 20 ms at most, and only once
//!     let missing = log.lost();
//! #   let _ = missing;
//! }
//! ```
//! `fmt::Write` and `embedded_io::Write` of a policy that loses bytes never fail: the error type of the
//! latter is [`Infallible`](core::convert::Infallible).
//! [`reporting_overruns`](crate::policy::PolicyWriter::reporting_overruns) tells the host of gaps, as a
//! UART would.
//!
//! # What is counted
//!
//! [`lost`](crate::policy::PolicyWriter::lost) has every byte that was handed to the writer and that the
//! host did not acknowledge, but for those still in the FIFO. For those that the bus side loses, as
//! it drops the oldest or ends a session, it needs `Hooks::LOSSY`:
//! ```
//! # use usbd_acm::Hooks;
//! struct Board;
//!
//! impl Hooks for Board {
//!     const LOSSY: bool = true;
//! }
//! ```
//! The count is never too low. It is too high by what the host took while its acknowledgement got
//! lost, or while a reset or an abort came in between: a packet or two.
//!
//! # Is anybody there?
//!
//! - **DTR** ([`DtrPolicy`](crate::DtrPolicy)). Most programs set it when they open the port. `Prefer`,
//!   the default, serves those that do not; `Require` sends nothing without it; `Ignore` is for hosts
//!   that use DTR and RTS as reset lines.
//! - **The probe** ([`Probe`](crate::Probe)). Every session begins with a zero-length packet. Its
//!   acknowledgement says that the host reads, whatever DTR says:
//!   [`Event::HostReads`](crate::class::Event::HostReads),
//!   [`Writer::is_read_by_host`](crate::Writer::is_read_by_host). Until then, and for a hold after it,
//!   what was written waits in the FIFO; the hold keeps a Linux tty from echoing the boot messages back
//!   as input.
//! ```
//! # use usbd_acm::{Hooks, Probe};
//! struct Board;
//!
//! impl Hooks for Board {
//!     const PROBE: Probe = Probe::ZeroLengthPacket { hold: 100 };
//! }
//! ```
//! How long the firmware waits is not the probe's matter but the policy's: with
//! [`DropNewest`](crate::policy::DropNewest) the first messages stay, with
//! [`DropOldest`](crate::policy::DropOldest) the last, and with more slots more of them.
//!
//! # Answers belong to a session
//!
//! An application that answers what it read, such as an echo or a bridge, must not answer the next
//! user. [`Reader::front`](crate::Reader::front) gives the session with the bytes, and
//! [`Writer::write_in`](crate::Writer::write_in) takes bytes for that session alone:
//! ```
//! use usbd_acm::{Port, WriteError};
//!
//! fn echo(port: &mut Port) {
//!     while let Ok((session, bytes)) = port.reader.front() {
//!         let count = match port.writer.write_in(session, bytes) {
//!             Ok(count) => count,
//!             Err(WriteError::Full) => return, // later
//!             Err(_) => bytes.len(),           // whoever sent that is gone
//!         };
//!         port.reader.consume(count);
//!     }
//! }
//! ```
//!
//! # The 1200-baud touch
//!
//! Arduino and others ask a board to start its bootloader by opening the port at 1200 bit/s and
//! dropping DTR. With [`Hooks::TOUCH_1200`](crate::Hooks::TOUCH_1200), the board is told after the host
//! has the end of that request, so that the host sees no error:
//! ```
//! # use usbd_acm::Hooks;
//! struct Board;
//!
//! impl Hooks for Board {
//!     const TOUCH_1200: bool = true;
//!
//!     fn touched(&mut self, _port: usize) {
//!         // Set the bootloader's magic word, and reset the chip.
//!     }
//! }
//! ```
//!
//! # What it costs
//!
//! Each of these is a constant of [`Hooks`](crate::Hooks), `false` or off by default, and then its code is
//! not there: the bus side's part is compiled for the hooks of the board.
