//! Attaches our device to the kernel's virtual host controller: what `usbip attach` does, over a
//! virtio port instead of a network.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::sysfs::write;

const PORT: &str = "/dev/vport0p2";
const ATTACH: &str = "/sys/devices/platform/vhci_hcd.0/attach";
const REQUEST_IMPORT: [u8; 8] = [0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0];
/// The only device of our server.
const BUS_ID: &[u8] = b"1-1";
/// Place of the speed in the answer: after header, path, bus id, bus and device number.
const SPEED: usize = 8 + 256 + 32 + 8;
const ANSWER_LENGTH: usize = 8 + 312;
/// `busnum << 16 | devnum`.
const DEVICE_ID: u32 = 1 << 16 | 1;

/// Imports the device and hands the connection to the kernel.
pub fn attach() -> Result<()> {
    let mut port = OpenOptions::new().read(true).write(true).open(PORT).context(PORT)?;
    let mut request = REQUEST_IMPORT.to_vec();
    request.extend_from_slice(BUS_ID);
    request.resize(REQUEST_IMPORT.len() + 32, 0);
    port.write_all(&request)?;
    let mut answer = [0; ANSWER_LENGTH];
    port.read_exact(&mut answer)?;
    ensure!(answer[4..8] == [0; 4], "the server refuses the import");
    let speed = u32::from_be_bytes(answer[SPEED..SPEED + 4].try_into()?);
    // The kernel takes stream sockets only.
    let (kernel, ours) = UnixStream::pair()?;
    pump_out(ours.try_clone()?, port.try_clone()?);
    pump_in(port, ours);
    write(Path::new(ATTACH), &format!("0 {} {DEVICE_ID} {speed}", kernel.as_raw_fd()))
}

/// Kernel to server, until either ends.
fn pump_out(mut from: UnixStream, mut to: File) {
    thread::spawn(move || std::io::copy(&mut from, &mut to));
}

/// Server to kernel; its end unplugs the device.
fn pump_in(mut from: File, mut to: UnixStream) {
    thread::spawn(move || {
        let copied = std::io::copy(&mut from, &mut to);
        // The kernel may have closed its end first.
        let _ = to.shutdown(std::net::Shutdown::Both);
        copied
    });
}
