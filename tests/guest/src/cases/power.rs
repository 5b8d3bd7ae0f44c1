//! Suspend and resume, of the device alone and of the whole system.

use std::path::Path;

use anyhow::Result;

use super::alive;
use crate::Arguments;
use crate::channel::Channel;
use crate::sysfs::{UsbDevice, write};
use crate::tty::{Tty, wait_until};

pub fn autosuspend(
    device: &UsbDevice,
    arguments: &Arguments,
    channel: &mut Channel,
) -> Result<String> {
    let rounds = 3;
    device.set_attribute("power/autosuspend_delay_ms", "50")?;
    device.set_attribute("power/control", "auto")?;
    for _ in 0..rounds {
        wait_until("the device to be suspended", || {
            Ok(device.attribute("power/runtime_status")? == "suspended")
        })?;
        alive(arguments, channel)?;
    }
    device.set_attribute("power/control", "on")?;
    Ok(format!("{rounds} times"))
}

/// Everything up to the devices is suspended and resumed, with the terminal open.
pub fn system_suspend(arguments: &Arguments, channel: &mut Channel) -> Result<String> {
    // The kernel stays suspended for this many seconds; 5 by default.
    write(Path::new("/sys/module/suspend/parameters/pm_test_delay"), "1")?;
    write(Path::new("/sys/power/pm_test"), "devices")?;
    channel.device("app 0 echo")?;
    let mut tty = Tty::open(0)?;
    tty.synchronise()?;
    tty.exchange(2_000, 2_000)?;
    let slept = write(Path::new("/sys/power/state"), "mem");
    write(Path::new("/sys/power/pm_test"), "none")?;
    slept?;
    // A host controller that lost its state makes the kernel reset the device, and cdc_acm then
    // hangs the terminal up.
    let terminal = if tty.synchronise().is_ok() {
        tty.exchange(2_000, 2_000)?;
        "the terminal stayed"
    } else {
        "the device was reset"
    };
    drop(tty);
    alive(arguments, channel)?;
    Ok(terminal.into())
}
