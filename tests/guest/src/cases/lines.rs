//! Line coding, control lines, break, and serial state.

use std::os::raw::c_int;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, ensure};
use nix::libc::{TIOCM_CAR, TIOCM_DSR, TIOCM_DTR, TIOCM_RI, TIOCM_RTS};
use nix::sys::termios::{BaudRate, ControlFlags};

use crate::channel::Channel;
use crate::tty::{Tty, wait_until};

pub fn line_coding(channel: &mut Channel) -> Result<String> {
    let tty = Tty::open(0)?;
    let even = ControlFlags::PARENB;
    let odd = ControlFlags::PARENB | ControlFlags::PARODD;
    let mark = odd | ControlFlags::CMSPAR;
    let codings = [
        (BaudRate::B9600, ControlFlags::CS7 | even, "9600 7 even 1"),
        (BaudRate::B115200, ControlFlags::CS8, "115200 8 none 1"),
        (BaudRate::B921600, ControlFlags::CS8 | ControlFlags::CSTOPB, "921600 8 none 2"),
        (BaudRate::B1200, ControlFlags::CS5 | odd, "1200 5 odd 1"),
        (BaudRate::B57600, ControlFlags::CS6 | mark, "57600 6 mark 1"),
        (BaudRate::B4000000, ControlFlags::CS8 | even | ControlFlags::CMSPAR, "4000000 8 space 1"),
    ];
    for (rate, flags, expected) in codings {
        channel.forget_events()?;
        tty.set_coding(rate, flags)?;
        channel.expect_events(&[&format!("port 0 line-coding {expected}")])?;
    }
    Ok(format!("{} codings", codings.len()))
}

pub fn control_lines(channel: &mut Channel) -> Result<String> {
    // From a closed port, whatever the test before did.
    drop(Tty::open(0)?);
    channel.forget_events()?;
    let tty = Tty::open(0)?;
    channel.expect_events(&["port 0 dtr on", "port 0 rts on"])?;
    let steps: [(c_int, &str); 4] = [
        (TIOCM_DTR, "port 0 rts off"),
        (0, "port 0 dtr off"),
        (TIOCM_RTS, "port 0 rts on"),
        (TIOCM_RTS | TIOCM_DTR, "port 0 dtr on"),
    ];
    for (bits, event) in steps {
        tty.set_modem_bits(bits)?;
        let seen = tty.modem_bits()? & (TIOCM_DTR | TIOCM_RTS);
        ensure!(seen == bits, "TIOCMGET {seen:#x} after TIOCMSET {bits:#x}");
        channel.expect_events(&[event])?;
    }
    drop(tty);
    channel.expect_events(&["port 0 dtr off", "port 0 rts off"])?;
    Ok(String::new())
}

pub fn send_break(channel: &mut Channel) -> Result<String> {
    let tty = Tty::open(0)?;
    channel.forget_events()?;
    tty.set_break(true)?;
    channel.expect_events(&["port 0 break on"])?;
    sleep(Duration::from_millis(20));
    tty.set_break(false)?;
    channel.expect_events(&["port 0 break off"])?;
    Ok(String::new())
}

/// Opened at 1200 bit/s and closed.
pub fn touch(channel: &mut Channel) -> Result<String> {
    let tty = Tty::open(0)?;
    tty.set_coding(BaudRate::B1200, ControlFlags::CS8)?;
    channel.forget_events()?;
    drop(tty);
    channel.expect_events(&["port 0 dtr off", "port 0 touch"])?;
    let tty = Tty::open(0)?;
    tty.set_coding(BaudRate::B115200, ControlFlags::CS8)?;
    channel.forget_events()?;
    drop(tty);
    channel.expect_events(&["port 0 dtr off"])?;
    Ok(String::new())
}

pub fn serial_state(channel: &mut Channel) -> Result<String> {
    let tty = Tty::open(0)?;
    channel.device("serial-state 0 none")?;
    wait_until("no DCD, no DSR", || Ok(tty.modem_bits()? & (TIOCM_CAR | TIOCM_DSR) == 0))?;
    for (levels, bits) in
        [("dcd", TIOCM_CAR), ("dsr", TIOCM_DSR), ("dcd,dsr", TIOCM_CAR | TIOCM_DSR), ("none", 0)]
    {
        channel.device(&format!("serial-state 0 {levels}"))?;
        wait_until(&format!("modem bits for {levels}"), || {
            Ok(tty.modem_bits()? & (TIOCM_CAR | TIOCM_DSR) == bits)
        })?;
    }
    let mut before = tty.counters()?;
    for (signal, count) in
        [("ring", 0), ("break", 1), ("framing", 2), ("parity", 3), ("overrun", 4)]
    {
        channel.device(&format!("signal 0 {signal}"))?;
        let of = |c: &crate::ioctl::Counters| [c.rng, c.brk, c.frame, c.parity, c.overrun];
        wait_until(&format!("the counter of {signal}"), || {
            Ok(of(&tty.counters()?)[count] == of(&before)[count] + 1)
        })?;
        let after = tty.counters()?;
        for other in (0..5).filter(|&other| other != count) {
            ensure!(of(&after)[other] == of(&before)[other], "{signal} counted as another");
        }
        before = after;
    }
    // Linux gives RI as a level too; a one-shot bit must not stick (PSTN 1.2 §6.5.4).
    wait_until("RI to go", || Ok(tty.modem_bits()? & TIOCM_RI == 0))?;
    Ok(format!("dcd {}, dsr {}", before.dcd, before.dsr))
}

/// A terminal without CLOCAL is hung up when the carrier goes.
pub fn hangup(channel: &mut Channel) -> Result<String> {
    let mut tty = Tty::open(0)?;
    channel.device("serial-state 0 dcd,dsr")?;
    wait_until("DCD", || Ok(tty.modem_bits()? & TIOCM_CAR != 0))?;
    tty.set_hangup_on_carrier_loss(true)?;
    channel.device("serial-state 0 dsr")?;
    tty.wait_for_hangup()?;
    drop(tty);
    channel.device("serial-state 0 none")?;
    Ok(String::new())
}
