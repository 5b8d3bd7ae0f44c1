//! Who watches a served device: events go out as lines, commands may come in as lines.
//!
//! - `! EVENT` tells what happened.
//! - `= ok ANSWER` or `= error WHY` answers a command, one line for each.

use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::bus::Bus;
use crate::served::Session;

/// An operator with or without commands.
pub struct Operator {
    log: Box<dyn Write>,
    input: Option<OwnedFd>,
    ended: bool,
    line: Vec<u8>,
}

impl Operator {
    /// Writes events to `log`. With `input`, reads commands from it, and its end ends the server.
    pub fn new(log: Box<dyn Write>, input: Option<OwnedFd>) -> Self {
        Self { log, input, ended: false, line: Vec::new() }
    }

    pub(super) fn input(&self) -> Option<BorrowedFd<'_>> {
        self.input.as_ref().map(AsFd::as_fd)
    }

    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    pub(super) fn report(&mut self, event: &str) {
        self.write('!', event);
    }

    fn write(&mut self, mark: char, text: &str) {
        // Nobody may be reading any more; the device goes on.
        let _ = writeln!(self.log, "{mark} {text}").and_then(|()| self.log.flush());
    }

    /// Tells the device's events and carries commands out. Returns whether there was any command.
    pub(super) fn attend(&mut self, mut session: Option<&mut dyn Session>, bus: &mut Bus) -> bool {
        self.tell_events(bus);
        let lines = self.take_lines();
        for line in &lines {
            let session = session.as_mut().map(|session| &mut **session as &mut dyn Session);
            let answer = command(line, session, bus);
            // What the command caused comes before its answer.
            self.tell_events(bus);
            match answer {
                Ok(answer) => self.write('=', &format!("ok {answer}")),
                Err(reason) => self.write('=', &format!("error {reason}")),
            }
        }
        !lines.is_empty()
    }

    fn tell_events(&mut self, bus: &mut Bus) {
        for event in bus.device().take_events() {
            self.report(&event);
        }
    }

    fn take_lines(&mut self) -> Vec<String> {
        let mut buffer = [0; 1024];
        while let Some(input) = self.input.as_ref().filter(|input| is_readable(input)) {
            match rustix::io::read(input, &mut buffer) {
                Ok(0) => {
                    self.ended = true;
                    self.input = None;
                }
                Ok(count) => self.line.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(_) => break,
            }
        }
        let Some(end) = self.line.iter().rposition(|&byte| byte == b'\n') else {
            return Vec::new();
        };
        let whole: Vec<u8> = self.line.drain(..=end).collect();
        String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect()
    }
}

fn is_readable(fd: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

fn command(line: &str, session: Option<&mut dyn Session>, bus: &mut Bus) -> Result<String, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match (words.as_slice(), session) {
        (["plug" | "unplug"], None) => Err("nobody is connected".into()),
        (["plug"], Some(session)) => {
            session.plug(bus);
            Ok(String::new())
        }
        (["unplug"], Some(session)) => {
            session.unplug(bus);
            Ok(String::new())
        }
        (words, _) => bus.device().command(words),
    }
}
