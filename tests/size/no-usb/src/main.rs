//! The same application without USB, to show that what is measured is the USB stack.
#![no_std]
#![no_main]

use board::registers::{self, SINK, SOURCE};

struct Nothing;

impl board::Serial for Nothing {
    #[inline(always)]
    fn poll(&mut self) {}

    #[inline(always)]
    fn read(&mut self, buffer: &mut [u8; 64]) -> usize {
        stub_read(buffer)
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> usize {
        stub_write(bytes)
    }
}

#[inline(never)]
#[unsafe(link_section = ".stub.read")]
fn stub_read(buffer: &mut [u8; 64]) -> usize {
    buffer[0] = registers::read(SOURCE) as u8;
    1
}

#[inline(never)]
#[unsafe(link_section = ".stub.write")]
fn stub_write(bytes: &[u8]) -> usize {
    for byte in bytes {
        registers::write(SINK, u32::from(*byte));
    }
    bytes.len()
}

#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.start")]
extern "C" fn _start() -> ! {
    board::run(&mut Nothing)
}
