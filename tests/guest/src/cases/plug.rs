//! Unplug and plug again, with the terminal open.

use anyhow::{Context, Result, ensure};

use super::{alive, ready};
use crate::Arguments;
use crate::channel::Channel;
use crate::sysfs::UsbDevice;
use crate::tty::{Tty, wait_until};

pub fn replug(arguments: &Arguments, channel: &mut Channel) -> Result<String> {
    let rounds = 3;
    for _ in 0..rounds {
        let mut tty = Tty::open(0)?;
        tty.write_some(&[0x55; 3_000])?;
        channel.device("unplug")?;
        tty.wait_for_hangup().context("the open terminal after unplugging")?;
        drop(tty);
        Tty::wait_for(0, false)?;
        wait_until("the device to go", || Ok(UsbDevice::find()?.is_none()))?;
        channel.device("plug")?;
        ready(arguments)?;
        let device = UsbDevice::find()?.context("no device after plugging")?;
        ensure!(device.driver(0).is_some(), "no driver after plugging");
        alive(arguments, channel)?;
    }
    Ok(format!("{rounds} times"))
}
