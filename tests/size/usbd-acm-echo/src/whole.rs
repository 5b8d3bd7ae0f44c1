//! Uses the whole public interface, so that a panic in any part of it is found.

use core::future::Future;
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Waker};

use board::registers::{self, MODE};
use embedded_io::{BufRead, Read, ReadReady, Write, WriteReady};
use usbd_acm::class::{Break, Event, LineCoding, SerialState};
use usbd_acm::policy::{
    Clock, DropNewest, DropOldest, Fail, Frames, PolicyWriter, StuckPort, Then, Wait, WritePolicy,
};
use usbd_acm::{Controller, Device, Hooks, IoError, PortControl, Probe, Reader, Writer};

/// What the registers say, which the compiler cannot know.
fn unknown() -> usize {
    registers::read(MODE) as usize
}

/// Hooks that look at what they are given.
pub struct Board;

impl Hooks for Board {
    const PROBE: Probe = Probe::ZeroLengthPacket { hold: 100 };
    const FRAMES: bool = true;
    const LOSSY: bool = true;
    const TOUCH_1200: bool = true;

    fn configured(&mut self, milliamps: u16) {
        black_box(milliamps);
    }

    fn accepts(&mut self, port: usize, coding: &LineCoding) -> bool {
        black_box((port, coding.stop_bits(), coding.parity(), coding.data_bits())).0 == 0
    }

    fn touched(&mut self, port: usize) {
        black_box(port);
    }

    fn milliseconds(&mut self) -> Option<u16> {
        u16::try_from(unknown()).ok()
    }
}

fn now() -> u32 {
    registers::read(MODE)
}

/// Every policy, one or another.
pub struct Every {
    oldest: DropOldest,
    frames: Wait<Frames>,
    clock: Wait<Clock<fn() -> u32>, fn(), IoError>,
}

impl Every {
    pub fn new() -> Self {
        let clock: Wait<Clock<fn() -> u32>> = Wait::clock(now, 1000);
        Self { oldest: DropOldest::new(), frames: Wait::frames(100), clock: clock.or_fail() }
    }
}

impl WritePolicy for Every {
    type Error = IoError;

    fn full(&mut self, port: &StuckPort) -> Then {
        match unknown() {
            0 => Fail.full(port),
            1 => DropNewest.full(port),
            2 => self.oldest.full(port),
            3 => self.frames.full(port),
            _ => self.clock.full(port),
        }
    }

    fn unflushed(&mut self, port: &StuckPort) -> bool {
        self.frames.unflushed(port) || self.clock.unflushed(port)
    }

    fn given_up(&self, why: IoError) -> Result<(), IoError> {
        if unknown() == 0 { self.clock.given_up(why) } else { Ok(()) }
    }

    fn progressed(&mut self) {
        self.oldest.progressed();
        self.frames.progressed();
        self.clock.progressed();
    }
}

/// Calls everything once.
#[inline(never)]
pub fn use_everything<C: Controller>(
    device: &mut Device<C, Board>,
    reader: &mut Reader,
    writer: &mut PolicyWriter<Every>,
    control: &mut PortControl,
) {
    use_device(device);
    use_reader(reader);
    use_policy_writer(writer);
    use_writer(writer.writer());
    use_control(control);
    use_futures(reader, writer.writer(), control);
}

fn use_device<C: Controller>(device: &mut Device<C, Board>) {
    black_box((device.state(), device.is_suspended()));
    device.hooks().configured(0);
    device.controller().suspend();
    if unknown() == 1 {
        device.disconnect();
        device.connect();
    }
}

fn use_reader(reader: &mut Reader) {
    let mut bytes = [0; 80];
    let length = unknown();
    let _ = black_box(reader.read(bytes.get_mut(..length).unwrap_or_default()));
    let _ = black_box(reader.fill_buf());
    let _ = black_box(reader.front());
    black_box(reader.session());
    reader.consume(unknown());
    black_box((reader.is_ready(), reader.is_connected()));
    let mut waiting = reader.blocking(|| unknown() != 0);
    let _ = black_box(waiting.read(&mut bytes));
    let _ = black_box(waiting.fill_buf());
    waiting.consume(unknown());
    let _ = black_box(waiting.read_ready());
}

fn use_policy_writer(writer: &mut PolicyWriter<Every>) {
    let bytes = black_box([0; 80]);
    let _ = black_box(Write::write(writer, bytes.get(..unknown()).unwrap_or_default()));
    let _ = black_box(Write::flush(writer));
    let _ = black_box(core::fmt::Write::write_str(writer, "text"));
    black_box(writer.lost());
}

fn use_writer(writer: &mut Writer) {
    let bytes = black_box([0; 80]);
    let length = unknown();
    let _ = black_box(writer.write(bytes.get(..length).unwrap_or_default()));
    if let Ok(mut grant) = writer.grant() {
        if let Some(byte) = grant.first_mut() {
            *byte = 1;
        }
        grant.commit(unknown());
    }
    let _ = black_box(writer.is_flushed());
    let session = black_box(writer.session());
    let _ = black_box(writer.write_in(session, &bytes));
    black_box(writer.is_read_by_host());
    black_box((writer.is_ready(), writer.is_connected()));
    let mut waiting = writer.blocking(|| unknown() != 0);
    let _ = black_box(waiting.write(&bytes));
    let _ = black_box(waiting.flush());
    let _ = black_box(waiting.write_ready());
}

fn use_control(control: &mut PortControl) {
    match control.next_event() {
        Some(Event::LineCoding { old, new }) => _ = black_box((old, new.to_bytes())),
        Some(Event::Break(Break::For(duration))) => _ = black_box(duration),
        event => _ = black_box(event),
    }
    black_box((control.line_coding(), control.control_lines()));
    black_box((control.break_request(), control.milliamps()));
    black_box((control.touches(), control.session(), control.is_read_by_host()));
    let [bits, ..] = unknown().to_le_bytes();
    control.set_levels(SerialState::from_bits_truncate(bits));
    control.raise(SerialState::OVERRUN);
    control.request_wakeup();
}

/// Polls every future once. `BufRead::fill_buf`, `Device::run` and what the traits provide are not
/// among them: the compiler links a panic with every `async fn`, for who polls it once too often.
fn use_futures(reader: &mut Reader, writer: &mut Writer, control: &mut PortControl) {
    use embedded_io_async::{Read, Write};
    let mut bytes = black_box([0; 80]);
    let session = reader.session();
    poll(reader.readable());
    poll(reader.connected());
    poll(Read::read(reader, &mut bytes));
    poll(writer.writable());
    poll(writer.connected());
    poll(writer.write_all_in(session, &bytes));
    poll(Write::write(writer, &bytes));
    poll(Write::flush(writer));
    poll(control.event());
}

fn poll<F: Future>(future: F) {
    let future = pin!(future);
    let ready = future.poll(&mut Context::from_waker(Waker::noop())).is_ready();
    black_box(ready);
}
