//! One reader, one writer, one control: each is used from one context.

use usbd_acm::{Port, PortControl, Reader, Writer};

fn readers(port: Port) -> (Reader, Reader) {
    (port.reader.clone(), port.reader)
}

fn writers(port: Port) -> (Writer, Writer) {
    (port.writer.clone(), port.writer)
}

fn controls(port: Port) -> (PortControl, PortControl) {
    (port.control.clone(), port.control)
}

fn main() {}
