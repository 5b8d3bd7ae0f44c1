//! `cargo xtask serve` as a process of its own.

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Kill, Message, Setting, read_lines};

/// The process that has the device.
pub struct DeviceProcess {
    // Its end ends the process, so it must live as long.
    input: ChildStdin,
    _process: Kill,
}

impl DeviceProcess {
    /// Starts it and waits until it listens.
    pub fn start(socket: &Path, setting: Setting, messages: Sender<Message>) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", setting.controller.protocol()])
            .arg(socket)
            .args(["--commands", "--speed", setting.controller.speed()])
            .args(["--ports", &setting.ports.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the device process")?;
        let input = process.stdin.take().context("no standard input")?;
        let output = process.stdout.take().context("no standard output")?;
        read_lines(output, messages, Message::Device);
        let mut process = Kill(process);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !socket.exists() {
            if let Some(status) = process.0.try_wait()? {
                bail!("the device process ended with {status}");
            }
            if Instant::now() > deadline {
                bail!("the device process does not listen");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { input, _process: process })
    }

    /// Sends one command; its answer comes as a message.
    pub fn command(&mut self, command: &str) -> Result<()> {
        writeln!(self.input, "{command}").context("the device process ended")
    }
}
