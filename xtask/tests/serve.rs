//! `cargo xtask serve` as a process: it comes, it serves, and it goes without leaving anything.

use std::io::{BufRead, BufReader, Read, Write};
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
