//! The device as a process of its own: `cargo xtask serve`, or the emulator.

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Device, Kill, Message, Setting, read_lines};

/// Longest time until it listens: firmware may have to be built.
const START_LIMIT: Duration = Duration::from_secs(180);

/// The process that has the device.
pub struct DeviceProcess {
    // Its end ends the process, so it must live as long.
    input: ChildStdin,
    _process: Kill,
}

impl DeviceProcess {
    /// Starts it and waits until it listens.
    pub fn start(
        device: &Device,
        socket: &Path,
        setting: Setting,
        messages: Sender<Message>,
    ) -> Result<Self> {
        let mut process = command(device, socket, setting)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the device process")?;
        let input = process.stdin.take().context("no standard input")?;
        let output = process.stdout.take().context("no standard output")?;
        read_lines(output, messages, Message::Device);
        let mut process = Kill(process);
        let deadline = Instant::now() + START_LIMIT;
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

fn command(device: &Device, socket: &Path, setting: Setting) -> Result<Command> {
    Ok(match device {
        Device::Virtual => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["serve", setting.controller.protocol()]).arg(socket);
            command.args(["--commands", "--speed", setting.controller.speed()]);
            command.args(["--ports", &setting.ports.to_string()]);
            command
        }
        Device::Firmware { program, arguments } => {
            let mut command = Command::new(program);
            command.arg("run").args(arguments).arg("--usbredir").arg(socket).arg("--commands");
            command
        }
    })
}
