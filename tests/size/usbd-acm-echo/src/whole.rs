//! Uses the whole public interface, so that a panic in any part of it is found.

use core::future::Future;
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Waker};

use board::registers::{self, MODE};
use embedded_io::{BufRead, Read, ReadReady, Write, WriteReady};
use usbd_acm::class::{Break, Event, LineCoding, SerialState};
use usbd_acm::{Controller, Device, Hooks, Port, PortControl, Reader, Writer};

/// What the registers say, which the compiler cannot know.
fn unknown() -> usize {
    registers::read(MODE) as usize
}

/// Hooks that look at what they are given.
pub struct Board;

impl Hooks for Board {
    fn configured(&mut self, milliamps: u16) {
        black_box(milliamps);
    }

    fn accepts(&mut self, port: usize, coding: &LineCoding) -> bool {
        black_box((port, coding.stop_bits(), coding.parity(), coding.data_bits())).0 == 0
    }
}

/// Calls everything once.
#[inline(never)]
pub fn use_everything<C: Controller>(device: &mut Device<C, Board>, port: &mut Port) {
    use_device(device);
    use_reader(&mut port.reader);
    use_writer(&mut port.writer);
    use_control(&mut port.control);
    use_futures(port);
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
    reader.consume(unknown());
    black_box((reader.is_ready(), reader.is_connected()));
    let mut waiting = reader.blocking(|| unknown() != 0);
    let _ = black_box(waiting.read(&mut bytes));
    let _ = black_box(waiting.fill_buf());
    waiting.consume(unknown());
    let _ = black_box(waiting.read_ready());
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
    let [bits, ..] = unknown().to_le_bytes();
    control.set_levels(SerialState::from_bits_truncate(bits));
    control.raise(SerialState::OVERRUN);
    control.request_wakeup();
}

/// Polls every future once. `BufRead::fill_buf`, `Device::run` and what the traits provide are not
/// among them: the compiler links a panic with every `async fn`, for who polls it once too often.
fn use_futures(port: &mut Port) {
    use embedded_io_async::{Read, Write};
    let mut bytes = black_box([0; 80]);
    let session = port.reader.session();
    poll(port.reader.readable());
    poll(port.reader.connected());
    poll(Read::read(&mut port.reader, &mut bytes));
    poll(port.writer.writable());
    poll(port.writer.connected());
    poll(port.writer.write_all_in(session, &bytes));
    poll(Write::write(&mut port.writer, &bytes));
    poll(Write::flush(&mut port.writer));
    poll(port.control.event());
}

fn poll<F: Future>(future: F) {
    let future = pin!(future);
    let ready = future.poll(&mut Context::from_waker(Waker::noop())).is_ready();
    black_box(ready);
}
