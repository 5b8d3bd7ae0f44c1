//! Our device through /dev/bus/usb: raw requests, resets, and the usbtest module.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::ioctl::{self, UsbTest};
use crate::sysfs::UsbDevice;

pub struct UsbNode(File);

impl UsbNode {
    pub fn open(device: &UsbDevice) -> Result<Self> {
        let path = device.node()?;
        let file = OpenOptions::new().read(true).write(true).open(&path);
        Ok(Self(file.with_context(|| path.display().to_string())?))
    }

    pub fn reset(&self) -> Result<()> {
        ioctl::usb_reset(self.0.as_fd())
    }

    /// A control IN transfer.
    pub fn control_in(
        &self,
        request: [u8; 2],
        fields: [u16; 2],
        length: u16,
    ) -> nix::Result<Vec<u8>> {
        let mut data = vec![0; usize::from(length)];
        let moved = ioctl::usb_control(self.0.as_fd(), request, fields, &mut data)?;
        data.truncate(moved);
        Ok(data)
    }

    /// A control OUT transfer.
    pub fn control_out(&self, request: [u8; 2], fields: [u16; 2], data: &[u8]) -> nix::Result<()> {
        let mut data = data.to_vec();
        ioctl::usb_control(self.0.as_fd(), request, fields, &mut data).map(drop)
    }

    /// A case of usbtest on interface 0.
    pub fn usbtest(&self, test: &mut UsbTest) -> nix::Result<()> {
        ioctl::usb_test(self.0.as_fd(), 0, test)
    }
}

/// Loads a kernel module that lies in the initramfs.
pub fn insmod(module: &str, parameters: &[String]) -> Result<()> {
    let status = Command::new("/bin/busybox")
        .args(["insmod", &format!("/modules/{module}.ko")])
        .args(parameters)
        .status()
        .context("busybox insmod")?;
    ensure!(status.success(), "insmod {module} failed");
    Ok(())
}

/// Removes a kernel module.
pub fn rmmod(module: &str) -> Result<()> {
    let status = Command::new("/bin/busybox").args(["rmmod", module]).status()?;
    ensure!(status.success(), "rmmod {module} failed");
    Ok(())
}
