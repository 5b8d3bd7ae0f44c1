//! A device that logs all the time, and programs that open, close, reopen, change the rate, send a
//! break, never read, and vanish.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::termios::{BaudRate, ControlFlags};

use crate::channel::Channel;
use crate::tty::Tty;

/// `line 0000000000 end` and its end.
const LINE: usize = 20;

/// What the device's logger tells.
struct Logged {
    lines: u64,
    lost: u64,
    received: u64,
}

fn logged(channel: &mut Channel) -> Result<Logged> {
    let answer = channel.device("logged 0")?;
    let mut numbers = answer.split(' ').map(str::parse);
    let mut next = || numbers.next().context("a number")?.with_context(|| answer.clone());
    Ok(Logged { lines: next()?, lost: next()?, received: next()? })
}

pub fn misused(policies: &[&str], channel: &mut Channel) -> Result<String> {
    let mut figures = Vec::new();
    channel.device("app 0 log")?;
    for policy in policies {
        channel.device(&format!("policy 0 {policy}"))?;
        let before = logged(channel)?;
        never_read(channel).with_context(|| format!("{policy}: never read"))?;
        for _ in 0..3 {
            read_anew(channel).with_context(|| format!("{policy}: opened anew"))?;
            killed().with_context(|| format!("{policy}: killed"))?;
        }
        let after = logged(channel)?;
        let (lines, lost) = (after.lines - before.lines, after.lost - before.lost);
        ensure!(lost > 0 && lines > 100, "{policy}: {lost} bytes of {lines} lines lost");
        figures.push(format!("{policy}: {lost} bytes of {lines} lines lost"));
    }
    channel.device("policy 0 drop-newest")?;
    channel.device("app 0 echo")?;
    Tty::open(0)?.synchronise()?;
    Ok(figures.join(", "))
}

/// The device goes on and answers requests, while a terminal is open and nobody reads.
fn never_read(channel: &mut Channel) -> Result<()> {
    let tty = Tty::open(0)?;
    sleep(Duration::from_millis(300));
    let begin = logged(channel)?.lines;
    channel.forget_events()?;
    tty.set_coding(BaudRate::B57600, ControlFlags::CS8)?;
    tty.set_break(true)?;
    tty.set_break(false)?;
    tty.set_coding(BaudRate::B115200, ControlFlags::CS8)?;
    channel.expect_events(&["port 0 line-coding 115200 8 none 1", "port 0 break off"])?;
    sleep(Duration::from_millis(50));
    let end = logged(channel)?.lines;
    ensure!(end > begin, "the device stands still at line {end}");
    Ok(())
}

/// What a new reader gets is new, in order, and nothing but lines.
fn read_anew(channel: &mut Channel) -> Result<()> {
    let first = logged(channel)?.lines;
    let mut tty = Tty::open(0)?;
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    let start = Instant::now();
    while text.len() < 200 * LINE {
        let count = tty.read_some(&mut buffer)?.context("hung up")?;
        text.extend(&buffer[..count]);
        ensure!(start.elapsed() < Duration::from_secs(10), "{} bytes in 10 s", text.len());
        if count == 0 {
            sleep(Duration::from_millis(1));
        }
    }
    let numbers = whole_lines(&text);
    ensure!(numbers.len() > 20, "{} whole lines of {} bytes", numbers.len(), text.len());
    ensure!(numbers.is_sorted_by(|a, b| a < b), "out of order, or twice: {numbers:?}");
    ensure!(numbers[0] >= first, "line {} was logged before line {first}", numbers[0]);
    Ok(())
}

/// Lines are cut where bytes were lost; the others are whole.
fn whole_lines(text: &[u8]) -> Vec<u64> {
    let text = String::from_utf8_lossy(text);
    let whole = text.lines().filter_map(|line| {
        let number = line.strip_prefix("line ")?.strip_suffix(" end")?;
        if number.len() == 10 { number.parse().ok() } else { None }
    });
    whole.collect()
}

/// A program that has the terminal open, and vanishes.
fn killed() -> Result<()> {
    let mut program = Command::new("/bin/busybox")
        .args(["sh", "-c", "exec 3<>/dev/ttyACM0; exec /bin/busybox sleep 60"])
        .stdin(Stdio::null())
        .spawn()
        .context("busybox")?;
    sleep(Duration::from_millis(30));
    program.kill()?;
    program.wait()?;
    Ok(())
}

/// A terminal whose echo is on when it is opened, and off a little later, as by `stty raw`: what the
/// device says meanwhile does not come back to it.
pub fn no_feedback(channel: &mut Channel) -> Result<String> {
    channel.device("app 0 log")?;
    let before = logged(channel)?.received;
    let mut lines = 0;
    for _ in 0..10 {
        Tty::open(0)?.set_echo(true)?;
        let mut tty = Tty::open_as_it_is(0)?;
        sleep(Duration::from_millis(10));
        tty.set_echo(false)?;
        let mut buffer = [0; 4096];
        let start = Instant::now();
        while lines == 0 || start.elapsed() < Duration::from_millis(100) {
            let count = tty.read_some(&mut buffer)?.context("hung up")?;
            lines += whole_lines(&buffer[..count]).len();
            ensure!(start.elapsed() < Duration::from_secs(10), "nothing was logged");
            sleep(Duration::from_millis(1));
        }
    }
    let echoed = logged(channel)?.received - before;
    ensure!(echoed == 0, "{echoed} bytes came back to the device");
    channel.device("app 0 echo")?;
    Tty::open(0)?.synchronise()?;
    Ok(format!("{lines} lines"))
}
