//! The application: an echo. With the feature `modes` also a source, a sink, and nothing.

#[cfg(feature = "modes")]
use crate::registers::{self, MODE, SINK};

/// Only poll.
pub const MODE_IDLE: u32 = 0;
/// Send back what arrives.
pub const MODE_ECHO: u32 = 1;
/// Send full packets.
pub const MODE_SOURCE: u32 = 2;
/// Discard what arrives.
pub const MODE_SINK: u32 = 3;

/// A serial port as the application sees it.
pub trait Serial {
    /// Runs the bus side.
    fn poll(&mut self);
    /// Reads what is there, 0 for nothing.
    fn read(&mut self, buffer: &mut [u8; 64]) -> usize;
    /// Writes as much as fits.
    fn write(&mut self, bytes: &[u8]) -> usize;
}

/// What the application is to do now.
#[cfg(feature = "modes")]
#[inline(never)]
#[unsafe(link_section = ".app.mode")]
pub fn mode() -> u32 {
    registers::read(MODE)
}

/// What the application is to do: echo, known to the compiler.
#[cfg(not(feature = "modes"))]
#[inline(always)]
pub const fn mode() -> u32 {
    MODE_ECHO
}

/// Consumes bytes; the emulator compares them with what the host sent.
#[cfg(feature = "modes")]
#[inline(never)]
#[unsafe(link_section = ".app.sink")]
pub fn sink(bytes: &[u8]) {
    for byte in bytes {
        registers::write(SINK, u32::from(*byte));
    }
}

/// Consumes bytes.
#[cfg(not(feature = "modes"))]
#[inline(always)]
pub fn sink(_: &[u8]) {}

/// The work of an application that makes or uses bytes in place; it is not counted.
#[inline(never)]
#[unsafe(link_section = ".app.copy")]
pub fn copy(to: &mut [u8], from: &[u8]) -> usize {
    for (to, from) in to.iter_mut().zip(from) {
        // Byte for byte, as a call of memcpy would be counted.
        // SAFETY: `to` is a reference.
        unsafe { core::ptr::write_volatile(to, *from) };
    }
    to.len().min(from.len())
}

#[unsafe(link_section = ".app.pattern")]
static PATTERN: [u8; 64] = {
    let mut bytes = [0; 64];
    let mut i = 0;
    while i < 64 {
        bytes[i] = i as u8 ^ 0xA5;
        i += 1;
    }
    bytes
};

/// A full packet to send.
#[inline(always)]
pub fn pattern() -> &'static [u8; 64] {
    &PATTERN
}

#[unsafe(link_section = ".app_bss.packet")]
static mut PACKET: [u8; 64] = [0; 64];

/// The application's buffer. It is no part of the USB stack.
#[inline(always)]
pub fn packet() -> &'static mut [u8; 64] {
    // SAFETY: every firmware calls this once, when its application starts: the only reference.
    unsafe { &mut *(&raw mut PACKET) }
}

/// The main loop. The three calls are not inlined, so that what they execute is told apart from
/// the application.
#[inline(always)]
pub fn run<S: Serial>(serial: &mut S) -> ! {
    let packet = packet();
    let (mut start, mut end) = (0, 0);
    loop {
        poll(serial);
        match mode() {
            MODE_ECHO => {
                if start == end {
                    (start, end) = (0, read(serial, packet).min(64));
                }
                if start < end {
                    start += write(serial, packet.get(start..end).unwrap_or(&[]));
                }
            }
            MODE_SOURCE => {
                (start, end) = (0, 0);
                write(serial, pattern());
            }
            MODE_SINK => {
                let count = read(serial, packet).min(64);
                sink(packet.get(..count).unwrap_or(&[]));
            }
            _ => (start, end) = (0, 0),
        }
    }
}

#[inline(never)]
fn poll<S: Serial>(serial: &mut S) {
    serial.poll();
}

#[inline(never)]
fn read<S: Serial>(serial: &mut S, buffer: &mut [u8; 64]) -> usize {
    serial.read(buffer)
}

#[inline(never)]
fn write<S: Serial>(serial: &mut S, bytes: &[u8]) -> usize {
    serial.write(bytes)
}
