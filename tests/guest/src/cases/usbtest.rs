//! Cases of the kernel's usbtest module that run on any device.

use anyhow::{Context, Result};

use super::ready;
use crate::Arguments;
use crate::ioctl::UsbTest;
use crate::sysfs::UsbDevice;
use crate::usbfs::{UsbNode, insmod, rmmod};

const ITERATIONS: u32 = 50;

pub fn case(device: &UsbDevice, number: u32, arguments: &Arguments) -> Result<String> {
    for port in 0..arguments.ports() {
        device.unbind(u8::try_from(2 * port)?)?;
    }
    let vendor = format!("vendor=0x{}", device.attribute("idVendor")?);
    let product = format!("product=0x{}", device.attribute("idProduct")?);
    insmod("usbtest", &[vendor, product])?;
    let mut test = UsbTest {
        test: number,
        iterations: ITERATIONS,
        length: 512,
        vary: 512,
        segments: 32,
        ..UsbTest::default()
    };
    let result = UsbNode::open(device)?.usbtest(&mut test);
    rmmod("usbtest")?;
    result.with_context(|| format!("usbtest case {number}"))?;
    for port in 0..arguments.ports() {
        device.bind("cdc_acm", u8::try_from(2 * port)?)?;
    }
    ready(arguments)?;
    Ok(format!("{ITERATIONS} iterations"))
}
