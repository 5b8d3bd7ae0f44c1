//! Bytes read in place are there until they are consumed, and not after.

use usbd_acm::Reader;

fn after_consume(reader: &mut Reader) -> u8 {
    let bytes = reader.fill_buf().unwrap();
    reader.consume(1);
    bytes[0]
}

fn outlive(mut reader: Reader) -> &'static [u8] {
    reader.fill_buf().unwrap()
}

fn main() {}
