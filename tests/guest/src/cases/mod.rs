//! The tests, by name.

mod control;
mod data;
mod lines;
mod log;
mod plug;
mod power;
mod usbtest;

use anyhow::{Result, bail};

use crate::Arguments;
use crate::channel::Channel;
use crate::sysfs::UsbDevice;
use crate::tty::Tty;

/// Runs a test. The text tells a figure worth knowing, or nothing.
pub fn run(name: &str, arguments: &Arguments, channel: &mut Channel) -> Result<String> {
    let device = ready(arguments)?;
    match name {
        "bind" => control::bind(&device, arguments),
        "requests" => control::requests(&device, arguments),
        "reconfigure" => control::reconfigure(&device, arguments),
        "rebind" => control::rebind(&device, arguments),
        "authorized" => control::authorized(&device, arguments),
        "out" => data::out(arguments, channel),
        "in" => data::incoming(arguments, channel),
        "echo" => data::echo(arguments, channel),
        "bus_reset" => data::bus_reset(&device, arguments, channel),
        "last_words" => data::last_words(channel),
        "sessions" => data::sessions(arguments, channel),
        "open_close" => data::open_close(channel),
        "two_ports" => data::two_ports(arguments, channel),
        "line_coding" => lines::line_coding(channel),
        "control_lines" => lines::control_lines(channel),
        "break" => lines::send_break(channel),
        "serial_state" => lines::serial_state(channel),
        "hangup" => lines::hangup(channel),
        "log_fail" => log::misused(&["fail"], channel),
        "log" => log::misused(&["drop-newest", "drop-oldest", "wait"], channel),
        "log_echo" => log::no_feedback(channel),
        "touch" => lines::touch(channel),
        "autosuspend" => power::autosuspend(&device, arguments, channel),
        "system_suspend" => power::system_suspend(arguments, channel),
        "replug" => plug::replug(arguments, channel),
        "usbtest_9" => usbtest::case(&device, 9, arguments),
        "usbtest_10" => usbtest::case(&device, 10, arguments),
        other => bail!("no such test: {other}"),
    }
}

/// Waits until cdc_acm has made every terminal.
fn ready(arguments: &Arguments) -> Result<UsbDevice> {
    let device = UsbDevice::wait()?;
    for port in 0..arguments.ports() {
        Tty::wait_for(port, true)?;
    }
    Ok(device)
}

/// A short round trip on every port: the device lives.
fn alive(arguments: &Arguments, channel: &mut Channel) -> Result<()> {
    for port in 0..arguments.ports() {
        channel.device(&format!("app {port} echo"))?;
        let mut tty = Tty::open(port)?;
        tty.synchronise()?;
        tty.exchange(5_000, 5_000)?;
    }
    Ok(())
}
