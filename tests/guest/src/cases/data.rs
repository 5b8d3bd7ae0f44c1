//! Bytes, checked at both ends.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use super::alive;
use crate::Arguments;
use crate::channel::{Channel, Skip};
use crate::sysfs::UsbDevice;
use crate::tty::Tty;
use crate::usbfs::UsbNode;

fn rate(bytes: u64, start: Instant) -> String {
    #[allow(clippy::cast_precision_loss)]
    let rate = bytes as f64 / start.elapsed().as_secs_f64() / 1e6;
    format!("{bytes} bytes, {rate:.2} MB/s")
}

/// Guest to device. The device checks the stream.
pub fn out(arguments: &Arguments, channel: &mut Channel) -> Result<String> {
    let bytes = arguments.bytes();
    let mut tty = Tty::open(0)?;
    channel.device("app 0 sink")?;
    let start = Instant::now();
    tty.exchange(bytes, 0)?;
    wait_for_device(channel, bytes)?;
    let figure = rate(bytes, start);
    channel.device("app 0 echo")?;
    Ok(figure)
}

fn wait_for_device(channel: &mut Channel, bytes: u64) -> Result<()> {
    let start = Instant::now();
    let expected = format!("{bytes} intact");
    loop {
        let received = channel.device("received 0")?;
        if received == expected {
            return Ok(());
        }
        let waited = start.elapsed() > Duration::from_secs(10);
        ensure!(!waited && received.ends_with("intact"), "the device has {received}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Device to guest.
pub fn incoming(arguments: &Arguments, channel: &mut Channel) -> Result<String> {
    let bytes = arguments.bytes();
    channel.device("app 0 echo")?;
    let mut tty = Tty::open(0)?;
    tty.synchronise()?;
    let start = Instant::now();
    channel.device(&format!("app 0 source {bytes}"))?;
    tty.exchange(0, bytes)?;
    let figure = rate(bytes, start);
    channel.device("app 0 echo")?;
    let surplus = tty.synchronise()?;
    ensure!(surplus == 0, "{surplus} bytes too many");
    Ok(figure)
}

/// Both ways at once.
pub fn echo(arguments: &Arguments, channel: &mut Channel) -> Result<String> {
    let bytes = arguments.bytes() / 2;
    channel.device("app 0 echo")?;
    let mut tty = Tty::open(0)?;
    tty.synchronise()?;
    let start = Instant::now();
    tty.exchange(bytes, bytes)?;
    let figure = rate(2 * bytes, start);
    let surplus = tty.synchronise()?;
    ensure!(surplus == 0, "{surplus} bytes too many");
    Ok(figure)
}

/// Bus resets while both directions are busy. What was under way may be lost; what comes after the
/// terminal was opened anew may not.
pub fn bus_reset(
    device: &UsbDevice,
    arguments: &Arguments,
    channel: &mut Channel,
) -> Result<String> {
    channel.device("app 0 echo")?;
    let node = UsbNode::open(device)?;
    let rounds = 5;
    for _ in 0..rounds {
        let (moving, moves) = mpsc::channel();
        let busy = thread::spawn(move || keep_busy(&moving));
        // Nothing is sent when the thread ends without it, for a reason that it has to tell.
        let _ = moves.recv();
        let reset = node.reset();
        drop(moves);
        let moved = busy.join().map_err(|_| anyhow!("the busy thread panicked"))??;
        reset?;
        ensure!(moved > 0, "nothing moved around the reset");
        alive(arguments, channel)?;
    }
    Ok(format!("{rounds} resets"))
}

/// Moves data until the terminal is hung up, which cdc_acm does at a reset, or nobody listens any more. Says
/// when data moves both ways.
fn keep_busy(moving: &mpsc::Sender<()>) -> Result<u64> {
    let mut tty = Tty::open(0)?;
    let block = [0x55; 4096];
    let mut buffer = [0; 4096];
    let mut moved = 0;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        let Ok(written) = tty.write_some(&block) else { break };
        let Some(read) = tty.read_some(&mut buffer)? else { break };
        moved += (written + read) as u64;
        if read > 0 && moving.send(()).is_err() {
            break;
        }
    }
    Ok(moved)
}

pub fn open_close(channel: &mut Channel) -> Result<String> {
    channel.device("app 0 echo")?;
    let rounds = 30;
    for round in 0..rounds {
        let mut tty = Tty::open(0)?;
        // Every second time the port closes with data under way.
        if round % 2 == 0 {
            tty.write_some(&[0x55; 700])?;
        }
    }
    let mut tty = Tty::open(0)?;
    tty.synchronise()?;
    tty.exchange(5_000, 5_000)?;
    Ok(format!("{rounds} times"))
}

/// `echo text > /dev/ttyACM0`: what was written before the close arrives.
pub fn last_words(channel: &mut Channel) -> Result<String> {
    let (rounds, bytes) = (20, 3_000);
    for _ in 0..rounds {
        channel.device("app 0 sink")?;
        Tty::open(0)?.exchange(bytes, 0)?;
        wait_for_device(channel, bytes)?;
    }
    channel.device("app 0 echo")?;
    Ok(format!("{rounds} times"))
}

/// What the device had not delivered when the terminal was closed, nobody gets later.
pub fn sessions(arguments: &Arguments, channel: &mut Channel) -> Result<String> {
    let rounds = 10;
    for _ in 0..rounds {
        let mut tty = Tty::open(0)?;
        // Without end: the kernel's buffers fill up, then the device's.
        channel.device(&format!("app 0 source {}", u64::MAX))?;
        tty.exchange(0, arguments.bytes() / 10)?;
        drop(tty);
        channel.device("app 0 echo")?;
        let stale = Tty::open(0)?.synchronise()?;
        ensure!(stale == 0, "{stale} bytes came in the next session");
    }
    Ok(format!("{rounds} times"))
}

/// ttyACM0 and ttyACM1 at once, each with its own stream.
pub fn two_ports(arguments: &Arguments, channel: &mut Channel) -> Result<String> {
    if arguments.ports() < 2 {
        return Err(Skip("the device has one port".into()).into());
    }
    let bytes = arguments.bytes() / 4;
    for port in 0..2 {
        channel.device(&format!("app {port} echo"))?;
        Tty::open(port)?.synchronise()?;
    }
    let start = Instant::now();
    let ports = [0, 1].map(|port| {
        thread::spawn(move || {
            let mut tty = Tty::open(port)?;
            tty.exchange(bytes, bytes)
        })
    });
    for port in ports {
        port.join().map_err(|_| anyhow!("a port's thread panicked"))??;
    }
    Ok(rate(4 * bytes, start))
}
