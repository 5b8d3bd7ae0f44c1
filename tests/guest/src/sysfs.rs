//! Our device in /sys/bus/usb.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::tty::wait_until;

const DEVICES: &str = "/sys/bus/usb/devices";
const DRIVERS: &str = "/sys/bus/usb/drivers";

/// A USB device: not a root hub, not a hub.
#[derive(Debug)]
pub struct UsbDevice {
    path: PathBuf,
}

impl UsbDevice {
    /// The one device that is no hub, if it is there.
    pub fn find() -> Result<Option<Self>> {
        for entry in fs::read_dir(DEVICES).context(DEVICES)? {
            let device = Self { path: entry?.path() };
            if device.attribute("bDeviceClass").is_ok_and(|class| class != "09") {
                return Ok(Some(device));
            }
        }
        Ok(None)
    }

    /// As [`Self::find`], and waits for it.
    pub fn wait() -> Result<Self> {
        let mut found = None;
        wait_until("a USB device", || {
            found = Self::find()?;
            Ok(found.is_some())
        })?;
        found.context("no USB device")
    }

    pub fn attribute(&self, name: &str) -> Result<String> {
        let path = self.path.join(name);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(text.trim().to_owned())
    }

    pub fn set_attribute(&self, name: &str, value: &str) -> Result<()> {
        write(&self.path.join(name), value)
    }

    /// Raw descriptors as the kernel read them: device, then configuration.
    pub fn descriptors(&self) -> Result<Vec<u8>> {
        Ok(fs::read(self.path.join("descriptors"))?)
    }

    /// Name of an interface in sysfs, as drivers are bound by it.
    pub fn interface(&self, number: u8) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        format!("{name}:1.{number}")
    }

    /// The driver bound to an interface.
    pub fn driver(&self, number: u8) -> Option<String> {
        let link = Path::new(DEVICES).join(self.interface(number)).join("driver");
        let target = fs::read_link(link).ok()?;
        Some(target.file_name()?.to_string_lossy().into_owned())
    }

    pub fn bind(&self, driver: &str, number: u8) -> Result<()> {
        write(&Path::new(DRIVERS).join(driver).join("bind"), &self.interface(number))
    }

    pub fn unbind(&self, number: u8) -> Result<()> {
        let Some(driver) = self.driver(number) else { return Ok(()) };
        write(&Path::new(DRIVERS).join(driver).join("unbind"), &self.interface(number))
    }

    /// The file of the device in /dev/bus/usb.
    pub fn node(&self) -> Result<PathBuf> {
        let bus: u32 = self.attribute("busnum")?.parse()?;
        let device: u32 = self.attribute("devnum")?.parse()?;
        Ok(PathBuf::from(format!("/dev/bus/usb/{bus:03}/{device:03}")))
    }
}

/// Writes a value into a file of /sys.
pub fn write(path: &Path, value: &str) -> Result<()> {
    fs::write(path, value).with_context(|| format!("{value} > {}", path.display()))
}
