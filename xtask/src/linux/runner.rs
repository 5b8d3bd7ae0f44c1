//! One boot: the device process, QEMU, and the conversation with the guest program.

mod device_process;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use self::device_process::DeviceProcess;
use super::matrix::Verdict;
use super::qemu::{Boot, Controller};
use super::suite::Test;

/// Longest time from QEMU's start to the first test.
const BOOT_LIMIT: Duration = Duration::from_secs(60);
/// From one look for a signal to end to the next.
const LOOK: Duration = Duration::from_millis(100);
const INTERRUPTED: &str = "interrupted; what has a verdict is above";
/// Bytes to move each way.
const BYTES: u64 = 1_000_000;

/// What is attached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Device {
    /// The stack on the virtual controller.
    Virtual,
    /// Firmware in an emulated chip.
    Firmware {
        /// The emulator.
        program: PathBuf,
        /// Its arguments: which chip and which firmware.
        arguments: Vec<OsString>,
    },
}

/// What a machine is assembled from.
pub struct Machine {
    pub device: Device,
    pub qemu: PathBuf,
    pub vmlinux: PathBuf,
    pub initrd: PathBuf,
    /// target/linux.
    pub folder: PathBuf,
    pub console: bool,
    pub capture: Capture,
    /// Set when the tests are to end.
    pub stop: Arc<AtomicBool>,
}

/// Whether what crosses the wire is captured, and where to: what is there is replaced at each boot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Capture {
    Off,
    /// CONTROLLER-PORTS.pcap in the machine's folder.
    EachSetting,
    File(PathBuf),
}

/// What differs from boot to boot.
#[derive(Clone, Copy)]
pub struct Setting {
    pub controller: Controller,
    pub ports: u8,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ports {
            1 => f.pad(&self.controller.to_string()),
            ports => f.pad(&format!("{} {ports} ports", self.controller)),
        }
    }
}

/// A line from one of the two processes, or the end of its output.
enum Message {
    Guest(Option<String>),
    Device(Option<String>),
}

/// A process that does not outlive us.
struct Kill(Child);

impl Drop for Kill {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder for sockets, which goes with us. Paths of sockets must be short.
struct Sockets(PathBuf);

impl Sockets {
    fn create() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("usbd-acm-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Machine {
    /// Where the verdicts go.
    pub fn results(&self) -> PathBuf {
        match self.device {
            Device::Virtual => self.folder.clone(),
            Device::Firmware { .. } => self.folder.join("firmware"),
        }
    }

    fn capture(&self, setting: Setting) -> Option<PathBuf> {
        match &self.capture {
            Capture::Off => None,
            Capture::EachSetting => {
                Some(self.folder.join(format!("{}-{}.pcap", setting.controller, setting.ports)))
            }
            Capture::File(path) => Some(path.clone()),
        }
    }

    /// Boots and runs the tests in order until one fails. Returns how many have a verdict; never
    /// none.
    pub fn boot(
        &self,
        setting: Setting,
        tests: &[&'static Test],
        record: &mut dyn FnMut(&Test, Verdict),
    ) -> Result<usize> {
        let sockets = Sockets::create()?;
        let (device_socket, control_socket) = (sockets.0.join("device"), sockets.0.join("control"));
        let (sender, receiver) = channel();
        let device = DeviceProcess::start(&self.device, &device_socket, setting, sender.clone())?;
        let listener = UnixListener::bind(&control_socket)?;
        let console = self.folder.join(format!("{}-{}.log", setting.controller, setting.ports));
        let capture = self.capture(setting);
        let names: Vec<_> = tests.iter().map(|test| test.name).collect();
        let arguments = format!(
            "usbd_acm.controller={} usbd_acm.bytes={} usbd_acm.ports={} usbd_acm.tests={}",
            setting.controller,
            BYTES,
            setting.ports,
            names.join(",")
        );
        let boot = Boot {
            qemu: &self.qemu,
            vmlinux: &self.vmlinux,
            initrd: &self.initrd,
            controller: setting.controller,
            device_socket: &device_socket,
            control_socket: &control_socket,
            console: &console,
            capture: capture.as_deref(),
            arguments: &arguments,
        };
        let qemu_errors = fs::File::create(console.with_extension("qemu.log"))?;
        let mut command = boot.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(qemu_errors);
        let mut qemu = Kill(command.spawn().context("cannot start QEMU")?);
        let guest = self.accept(&listener, &mut qemu.0, &console)?;
        read_lines(guest.try_clone()?, sender, Message::Guest);
        let mut conversation = Conversation {
            guest,
            device,
            receiver,
            waiting: VecDeque::new(),
            events: Vec::new(),
            violation: None,
            console: self.console,
            stop: &self.stop,
        };
        let done = conversation.run(tests, record);
        drop(qemu);
        if self.console {
            print!("{}", String::from_utf8_lossy(&fs::read(&console)?));
        }
        done
    }

    fn accept(
        &self,
        listener: &UnixListener,
        qemu: &mut Child,
        console: &Path,
    ) -> Result<UnixStream> {
        listener.set_nonblocking(true)?;
        let deadline = Instant::now() + BOOT_LIMIT;
        while Instant::now() < deadline {
            ensure!(!self.stop.load(Ordering::Relaxed), INTERRUPTED);
            if let Ok((stream, _)) = listener.accept() {
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
            if let Some(status) = qemu.try_wait()? {
                let errors = fs::read_to_string(console.with_extension("qemu.log"))?;
                bail!("QEMU ended with {status}: {}", errors.trim());
            }
            thread::sleep(Duration::from_millis(10));
        }
        bail!("QEMU did not connect within {BOOT_LIMIT:?}")
    }
}

fn read_lines(
    input: impl std::io::Read + Send + 'static,
    to: Sender<Message>,
    wrap: fn(Option<String>) -> Message,
) {
    thread::spawn(move || {
        for line in BufReader::new(input).lines().map_while(Result::ok) {
            if to.send(wrap(Some(line))).is_err() {
                return;
            }
        }
        // Nobody listens any more when the boot is over.
        let _ = to.send(wrap(None));
    });
}

struct Conversation<'a> {
    guest: UnixStream,
    device: DeviceProcess,
    receiver: Receiver<Message>,
    /// What the guest said while the device was asked something.
    waiting: VecDeque<Option<String>>,
    events: Vec<String>,
    /// What the stack did against the contract of its driver, or the driver's model saw.
    violation: Option<String>,
    /// Print what is said.
    console: bool,
    stop: &'a AtomicBool,
}

/// Why a test has no verdict of its own.
enum Broken {
    Time,
    GuestGone,
    DeviceGone,
}

impl Conversation<'_> {
    fn run(
        &mut self,
        tests: &[&'static Test],
        record: &mut dyn FnMut(&Test, Verdict),
    ) -> Result<usize> {
        let mut done = 0;
        let mut deadline = Instant::now() + BOOT_LIMIT;
        while let Some(&test) = tests.get(done) {
            let line = match self.next_line(deadline) {
                Ok(line) => line,
                // It also ended what the terminal started with us.
                Err(_) if self.stop.load(Ordering::Relaxed) => bail!(INTERRUPTED),
                Err(broken) => {
                    record(test, Verdict::Fail(broken.reason(&self.events)));
                    return Ok(done + 1);
                }
            };
            if self.console {
                println!("guest: {line}");
            }
            match line.split_once(' ').unwrap_or((&line, "")) {
                ("begin", _) => deadline = Instant::now() + test.limit,
                ("end", rest) => {
                    let verdict = match self.violation.take() {
                        Some(violation) => Verdict::Fail(violation),
                        None => verdict(test, rest),
                    };
                    let failed = matches!(verdict, Verdict::Fail(_));
                    record(test, verdict);
                    done += 1;
                    deadline = Instant::now() + test.limit;
                    if failed {
                        return Ok(done);
                    }
                }
                ("device", command) => {
                    let answer = self.ask_device(command, deadline);
                    self.answer(&answer)?;
                }
                ("events", _) => {
                    // Whatever the device knows by now comes before this answer.
                    let answer = self.ask_device("sync", deadline);
                    let events = std::mem::take(&mut self.events).join(";");
                    self.answer(&answer.map(|_| events))?;
                }
                _ => {}
            }
        }
        Ok(done)
    }

    fn next_line(&mut self, deadline: Instant) -> Result<String, Broken> {
        loop {
            if let Some(line) = self.waiting.pop_front() {
                return line.ok_or(Broken::GuestGone);
            }
            match self.receive(deadline)? {
                Message::Guest(line) => return line.ok_or(Broken::GuestGone),
                Message::Device(None) => return Err(Broken::DeviceGone),
                Message::Device(Some(line)) => self.note(&line),
            }
        }
    }

    fn receive(&self, deadline: Instant) -> Result<Message, Broken> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.receiver.recv_timeout(left.min(LOOK)) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Disconnected) => return Err(Broken::GuestGone),
                Err(RecvTimeoutError::Timeout)
                    if left.is_zero() || self.stop.load(Ordering::Relaxed) =>
                {
                    return Err(Broken::Time);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn note(&mut self, line: &str) {
        let Some(event) = line.strip_prefix("! ") else { return };
        if self.console {
            println!("device: {event}");
        }
        if event.starts_with("violation") {
            self.violation = Some(event.to_owned());
        }
        self.events.push(event.to_owned());
    }

    fn ask_device(&mut self, command: &str, deadline: Instant) -> Result<String, String> {
        self.device.command(command).map_err(|error| error.to_string())?;
        loop {
            match self.receive(deadline).map_err(|broken| broken.reason(&self.events))? {
                Message::Guest(line) => self.waiting.push_back(line),
                Message::Device(None) => return Err("the device process ended".into()),
                Message::Device(Some(line)) => match line.strip_prefix("= ") {
                    None => self.note(&line),
                    Some(answer) => {
                        return match answer.split_once(' ').unwrap_or((answer, "")) {
                            ("ok", rest) => Ok(rest.to_owned()),
                            (_, reason) => Err(reason.to_owned()),
                        };
                    }
                },
            }
        }
    }

    fn answer(&mut self, answer: &Result<String, String>) -> Result<()> {
        match answer {
            Ok(text) => writeln!(self.guest, "ok {text}"),
            Err(reason) => writeln!(self.guest, "error {reason}"),
        }
        .context("the guest's control channel")
    }
}

impl Broken {
    fn reason(&self, events: &[String]) -> String {
        let last = events.last().map(|event| format!("; the device's last event: {event}"));
        let last = last.unwrap_or_default();
        match self {
            Broken::Time => format!("took too long{last}"),
            Broken::GuestGone => format!("the guest ended early{last}"),
            Broken::DeviceGone => format!("the device process ended{last}"),
        }
    }
}

fn verdict(test: &Test, rest: &str) -> Verdict {
    let rest = rest.strip_prefix(test.name).unwrap_or(rest).trim_start();
    let (word, detail) = rest.split_once(' ').unwrap_or((rest, ""));
    match word {
        "pass" => Verdict::Pass(detail.into()),
        "skip" => Verdict::Skip(detail.into()),
        _ => Verdict::Fail(detail.into()),
    }
}
