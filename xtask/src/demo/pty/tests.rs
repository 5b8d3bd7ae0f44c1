//! A program on the pseudo-terminal talks through the whole stack.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::termios::{ControlModes, OptionalActions, tcgetattr, tcsetattr};

use super::*;

/// Nothing here takes that long; a test that waits for what never comes is to fail, not to hang.
const LIMIT: Duration = Duration::from_secs(60);

struct Served {
    link: PathBuf,
    said: Receiver<String>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

fn link(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("usbd-acm-pty-{}-{name}", std::process::id()))
}

impl Served {
    fn start(name: &str, speed: Speed, app: App) -> Self {
        let link = link(name);
        let (sender, said) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, path) = (stop.clone(), link.clone());
        let thread = std::thread::spawn(move || {
            let voice = Voice::new(move |text| sender.send(text.to_owned()).unwrap_or(()));
            serve(speed, app, Some(&path), &flag, &voice)
        });
        let mut served = Self { link, said, stop, thread: Some(thread) };
        served.await_line("The port is");
        served
    }

    /// Waits until it says something with this in it.
    fn await_line(&mut self, part: &str) -> String {
        loop {
            let line = self.said.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("never: {part}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    fn open(&self) -> File {
        let mut options = OpenOptions::new();
        let flags = OFlags::NOCTTY.bits().cast_signed();
        options.read(true).write(true).custom_flags(flags).open(&self.link).unwrap()
    }

    fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap().unwrap();
        assert!(!self.link.exists(), "the link is still there");
    }
}

#[test]
fn what_is_written_comes_back() {
    for speed in [Speed::Full, Speed::High] {
        let mut served = Served::start(&format!("echo-{speed:?}"), speed, App::Echo);
        let mut terminal = served.open();
        served.await_line("dtr on");
        let data: Vec<u8> = (0..65536u32).map(|n| ((n * n) >> 5) as u8).collect();
        let (mut writer, written) = (terminal.try_clone().unwrap(), data.clone());
        let writing = std::thread::spawn(move || writer.write_all(&written).unwrap());
        let mut back = vec![0; data.len()];
        terminal.read_exact(&mut back).unwrap();
        writing.join().unwrap();
        assert!(back == data, "bytes differ");
        drop(terminal);
        served.await_line("dtr off");
        served.end();
    }
}

#[test]
fn settings_become_line_coding() {
    let mut served = Served::start("settings", Speed::Full, App::Bridge);
    let mut terminal = served.open();
    served.await_line("line-coding 115200 8 none 1");
    let mut settings = tcgetattr(&terminal).unwrap();
    settings.set_speed(19_200).unwrap();
    settings.control_modes |= ControlModes::CSTOPB;
    tcsetattr(&terminal, OptionalActions::Now, &settings).unwrap();
    served.await_line("line-coding 19200 8 none 2");
    terminal.write_all(b"over the UART").unwrap();
    let mut back = [0; 13];
    terminal.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"over the UART");
    served.end();
}

#[test]
fn what_a_program_left_unread_is_not_for_the_next() {
    let mut served = Served::start("unread", Speed::Full, App::Echo);
    let mut terminal = served.open();
    served.await_line("dtr on");
    terminal.write_all(&[b'x'; 1000]).unwrap();
    drop(terminal);
    served.await_line("session end");
    let mut terminal = served.open();
    served.await_line("dtr on");
    terminal.write_all(b"mine").unwrap();
    let mut back = [0; 4];
    terminal.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"mine");
    served.end();
}

#[test]
fn a_program_that_never_reads_can_close_the_port() {
    let mut served = Served::start("clogged", Speed::Full, App::Echo);
    let terminal = served.open();
    served.await_line("dtr on");
    let mut flags = rustix::fs::fcntl_getfl(&terminal).unwrap();
    flags |= OFlags::NONBLOCK;
    rustix::fs::fcntl_setfl(&terminal, flags).unwrap();
    // Until the terminal is full on the way there, and stays so: the device waits for its echo to
    // be read.
    let mut full = 0;
    while full < 20 {
        match (&terminal).write(&[b'x'; 1000]) {
            Ok(_) => full = 0,
            Err(_) => full += 1,
        }
        std::thread::sleep(Duration::from_millis(if full == 0 { 0 } else { 10 }));
    }
    drop(terminal);
    served.await_line("session end");
    served.end();
}

#[test]
fn a_link_that_another_terminal_took_over_is_left_to_it() {
    let first = Terminal::new(Some(&link("taken"))).unwrap();
    let second = Terminal::new(Some(&link("taken"))).unwrap();
    drop(first);
    assert!(second.path().exists());
    drop(second);
    assert!(!link("taken").exists());
}
