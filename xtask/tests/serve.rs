//! `cargo xtask serve` as a process: it comes, it serves, and it goes without leaving anything.

use std::io::{BufRead, BufReader, PipeWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

struct Device {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
    socket: PathBuf,
}

impl Device {
    fn start(name: &str, options: &[&str]) -> Self {
        let socket = std::env::temp_dir().join(format!("usbd-acm-{name}-{}", std::process::id()));
        let mut process = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["serve", "usbredir"])
            .arg(&socket)
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut device = Self { process, output, socket };
        assert!(device.line().starts_with("! listening"));
        device
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn command(&mut self, command: &str) -> String {
        writeln!(self.process.stdin.as_mut().unwrap(), "{command}").unwrap();
        loop {
            let line = self.line();
            if let Some(answer) = line.strip_prefix("= ") {
                return answer.trim_end().to_owned();
            }
        }
    }

    fn has_gone(mut self) {
        assert!(self.process.wait().unwrap().success());
        assert!(!self.socket.exists());
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // Only what a failed test left is still there.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn sigterm_ends_it_also_while_a_peer_is_connected() {
    let mut device = Device::start("term", &[]);
    let mut peer = UnixStream::connect(&device.socket).unwrap();
    assert_eq!(device.line(), "! connected");
    let id = device.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    // Its hello, and then the end.
    let mut rest = Vec::new();
    peer.read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len(), 12 + 68);
    device.has_gone();
}

/// A pipe that nobody reads.
fn unread() -> PipeWriter {
    std::io::pipe().unwrap().1
}

#[test]
fn it_serves_also_when_nobody_reads_what_it_tells() {
    let socket = std::env::temp_dir().join(format!("usbd-acm-unread-{}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["serve", "usbredir"]).arg(&socket).stdin(Stdio::piped());
    let mut process = command.stdout(unread()).stderr(unread()).spawn().unwrap();
    let mut peer = loop {
        assert_eq!(process.try_wait().unwrap(), None, "it ended");
        match UnixStream::connect(&socket) {
            Ok(peer) => break peer,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    // Its hello.
    peer.read_exact(&mut [0; 12 + 68]).unwrap();
    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(process.wait().unwrap().success());
}

#[test]
fn a_list_that_is_not_read_to_its_end_is_no_panic() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let process = command.args(["linux", "--list"]).stdout(unread()).stderr(Stdio::piped());
    let output = process.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_end_of_the_commands_ends_it() {
    let mut device = Device::start("end", &["--commands"]);
    drop(device.process.stdin.take());
    device.has_gone();
}

#[test]
fn commands_are_answered_one_by_one() {
    let mut device = Device::start("commands", &["--commands", "--ports", "2"]);
    for (command, answer) in [
        ("sync", "ok"),
        ("app 1 sink", "ok"),
        ("received 1", "ok 0 intact"),
        ("received 0", "ok no sink is running"),
        ("serial-state 0 dcd,dsr", "ok"),
        ("signal 0 ring", "ok"),
        ("unplug", "error nobody is connected"),
    ] {
        assert_eq!(device.command(command), answer, "{command}");
    }
    for wrong in ["app 2 echo", "app 0 dance", "signal 0 dcd", "serial-state 0 ring", "nonsense"] {
        assert!(device.command(wrong).starts_with("error "), "{wrong}");
    }
    drop(device.process.stdin.take());
    device.has_gone();
}
