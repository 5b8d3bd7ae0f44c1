//! Every ioctl the tests need, by its number in the kernel's headers. The only `unsafe` of the
//! guest program.
#![allow(missing_docs, unsafe_code)]

use std::os::fd::{AsRawFd, BorrowedFd};

use anyhow::{Context, Result};
use nix::libc::{c_int, c_uint, c_void};

/// `struct serial_icounter_struct`, linux/serial.h.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    pub cts: c_int,
    pub dsr: c_int,
    pub rng: c_int,
    pub dcd: c_int,
    pub rx: c_int,
    pub tx: c_int,
    pub frame: c_int,
    pub overrun: c_int,
    pub parity: c_int,
    pub brk: c_int,
    pub buf_overrun: c_int,
    reserved: [c_int; 9],
}

/// `struct usbdevfs_ctrltransfer`, linux/usbdevice_fs.h.
#[repr(C)]
struct ControlTransfer {
    request_type: u8,
    request: u8,
    value: u16,
    index: u16,
    length: u16,
    timeout: u32,
    data: *mut c_void,
}

/// `struct usbdevfs_ioctl`.
#[repr(C)]
struct InterfaceIoctl {
    interface: c_int,
    code: c_int,
    data: *mut c_void,
}

/// `struct usbtest_param_64`, drivers/usb/misc/usbtest.c.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct UsbTest {
    pub test: u32,
    pub iterations: u32,
    pub length: u32,
    pub vary: u32,
    pub segments: u32,
    pub seconds: i64,
    pub microseconds: i64,
}

mod raw {
    use nix::libc::{TIOCCBRK, TIOCGICOUNT, TIOCMGET, TIOCMSET, TIOCSBRK, c_int};

    nix::ioctl_read_bad!(tiocmget, TIOCMGET, c_int);
    nix::ioctl_write_ptr_bad!(tiocmset, TIOCMSET, c_int);
    nix::ioctl_read_bad!(tiocgicount, TIOCGICOUNT, super::Counters);
    nix::ioctl_none_bad!(tiocsbrk, TIOCSBRK);
    nix::ioctl_none_bad!(tioccbrk, TIOCCBRK);
    nix::ioctl_none!(usbdevfs_reset, b'U', 20);
    nix::ioctl_readwrite!(usbdevfs_control, b'U', 0, super::ControlTransfer);
    nix::ioctl_readwrite!(usbdevfs_ioctl, b'U', 18, super::InterfaceIoctl);
}

pub fn modem_bits(fd: BorrowedFd<'_>) -> Result<c_int> {
    let mut bits = 0;
    // SAFETY: TIOCMGET writes one int.
    unsafe { raw::tiocmget(fd.as_raw_fd(), &mut bits) }.context("TIOCMGET")?;
    Ok(bits)
}

pub fn set_modem_bits(fd: BorrowedFd<'_>, bits: c_int) -> Result<()> {
    // SAFETY: TIOCMSET reads one int.
    unsafe { raw::tiocmset(fd.as_raw_fd(), &bits) }.context("TIOCMSET")?;
    Ok(())
}

pub fn counters(fd: BorrowedFd<'_>) -> Result<Counters> {
    let mut counters = Counters::default();
    // SAFETY: TIOCGICOUNT writes one serial_icounter_struct, which Counters is.
    unsafe { raw::tiocgicount(fd.as_raw_fd(), &mut counters) }.context("TIOCGICOUNT")?;
    Ok(counters)
}

pub fn set_break(fd: BorrowedFd<'_>, on: bool) -> Result<()> {
    // SAFETY: neither takes an argument.
    let result =
        unsafe { if on { raw::tiocsbrk(fd.as_raw_fd()) } else { raw::tioccbrk(fd.as_raw_fd()) } };
    result.context("TIOCSBRK")?;
    Ok(())
}

pub fn usb_reset(fd: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: USBDEVFS_RESET takes no argument.
    unsafe { raw::usbdevfs_reset(fd.as_raw_fd()) }.context("USBDEVFS_RESET")?;
    Ok(())
}

/// A control transfer; IN data replaces `data`. Returns the bytes that moved.
pub fn usb_control(
    fd: BorrowedFd<'_>,
    [request_type, request]: [u8; 2],
    [value, index]: [u16; 2],
    data: &mut [u8],
) -> nix::Result<usize> {
    let length = u16::try_from(data.len()).map_err(|_| nix::Error::EINVAL)?;
    let mut transfer = ControlTransfer {
        request_type,
        request,
        value,
        index,
        length,
        timeout: 2_000,
        data: data.as_mut_ptr().cast(),
    };
    // SAFETY: `data` points to `length` bytes that live until the call returns.
    let moved = unsafe { raw::usbdevfs_control(fd.as_raw_fd(), &mut transfer) }?;
    usize::try_from(moved).map_err(|_| nix::Error::EIO)
}

/// Runs a case of the usbtest module on an interface that it is bound to.
pub fn usb_test(fd: BorrowedFd<'_>, interface: c_int, test: &mut UsbTest) -> nix::Result<()> {
    // USBTEST_REQUEST_64: _IOWR('U', 100, struct usbtest_param_64).
    let size = c_uint::try_from(size_of::<UsbTest>()).map_err(|_| nix::Error::EINVAL)?;
    let code = 3 << 30 | size << 16 | c_uint::from(b'U') << 8 | 100;
    let data = std::ptr::from_mut(test).cast();
    let mut request = InterfaceIoctl { interface, code: code.cast_signed(), data };
    // SAFETY: `data` points to a usbtest_param_64 that lives until the call returns.
    unsafe { raw::usbdevfs_ioctl(fd.as_raw_fd(), &mut request) }?;
    Ok(())
}
