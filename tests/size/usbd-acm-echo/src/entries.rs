//! Every entry point as a function of its own, which `cargo xtask size --stack` finds by its name.

use core::hint::black_box;

use embedded_io::Write;
use usbd_acm::class::SerialState;
use usbd_acm::{Device, Port, PortControl, Reader, Writer};
use usbd_acm_controller::Stub;

use super::Board;

type Halves = (Device<Stub, Board>, [Port; 1]);

/// Calls each, so that it is linked.
#[inline(never)]
pub fn call_each((device, [port]): &mut Halves) {
    let mut bytes = black_box([0; 80]);
    device_connect(device);
    device_disconnect(device);
    device_poll(device);
    reader_read(&mut port.reader, &mut bytes);
    reader_fill_buf(&mut port.reader);
    reader_consume(&mut port.reader, bytes.len());
    writer_write(&mut port.writer, &bytes);
    writer_write_in(&mut port.writer, &bytes);
    writer_grant(&mut port.writer);
    writer_flush(&mut port.writer);
    writer_blocking_flush(&mut port.writer);
    control_next_event(&mut port.control);
    control_raise(&mut port.control);
    control_line_coding(&mut port.control);
}

#[inline(never)]
fn device_connect(device: &mut Device<Stub, Board>) {
    device.connect();
}

#[inline(never)]
fn device_disconnect(device: &mut Device<Stub, Board>) {
    device.disconnect();
}

#[inline(never)]
fn device_poll(device: &mut Device<Stub, Board>) {
    device.poll();
}

#[inline(never)]
fn reader_read(reader: &mut Reader, bytes: &mut [u8]) {
    let _ = black_box(reader.read(bytes));
}

#[inline(never)]
fn reader_fill_buf(reader: &mut Reader) {
    let _ = black_box(reader.fill_buf());
}

#[inline(never)]
fn reader_consume(reader: &mut Reader, count: usize) {
    reader.consume(count);
}

#[inline(never)]
fn writer_write(writer: &mut Writer, bytes: &[u8]) {
    let _ = black_box(writer.write(bytes));
}

#[inline(never)]
fn writer_write_in(writer: &mut Writer, bytes: &[u8]) {
    let session = writer.session();
    let _ = black_box(writer.write_in(session, bytes));
}

#[inline(never)]
fn writer_grant(writer: &mut Writer) {
    if let Ok(grant) = writer.grant() {
        grant.commit(1);
    }
}

#[inline(never)]
fn writer_flush(writer: &mut Writer) {
    let _ = black_box(writer.is_flushed());
}

#[inline(never)]
fn writer_blocking_flush(writer: &mut Writer) {
    let _ = black_box(writer.blocking(|| true).flush());
}

#[inline(never)]
fn control_next_event(control: &mut PortControl) {
    let _ = black_box(control.next_event());
}

#[inline(never)]
fn control_raise(control: &mut PortControl) {
    control.raise(SerialState::OVERRUN);
}

#[inline(never)]
fn control_line_coding(control: &mut PortControl) {
    let _ = black_box(control.line_coding());
}
