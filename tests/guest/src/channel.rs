//! The line to the program that runs the guest: results out, requests for the device out, answers
//! in.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

const PORT: &str = "/dev/vport0p1";
/// How long an event may take from the device to us.
const PATIENCE: Duration = Duration::from_secs(10);

/// A test that cannot run here, and why.
#[derive(Debug)]
pub struct Skip(pub String);

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Skip {}

/// How a test ended.
pub enum Verdict {
    Pass(String),
    Fail(String),
    Skip(String),
}

impl Verdict {
    pub fn of(result: Result<String>) -> Self {
        match result {
            Ok(detail) => Self::Pass(detail),
            Err(error) => match error.downcast::<Skip>() {
                Ok(skip) => Self::Skip(skip.0),
                Err(error) => Self::Fail(format!("{error:#}")),
            },
        }
    }

    pub fn is_fail(&self) -> bool {
        matches!(self, Self::Fail(_))
    }
}

pub struct Channel {
    output: File,
    input: BufReader<File>,
    /// Events that came and that nobody asked for yet.
    events: Vec<String>,
}

impl Channel {
    pub fn open() -> Result<Self> {
        let output = OpenOptions::new().read(true).write(true).open(PORT).context(PORT)?;
        let input = BufReader::new(output.try_clone()?);
        Ok(Self { output, input, events: Vec::new() })
    }

    fn send(&mut self, line: &str) -> Result<()> {
        let line = line.replace('\n', " | ") + "\n";
        self.output.write_all(line.as_bytes()).context("the control channel")
    }

    pub fn begin(&mut self, test: &str) -> Result<()> {
        self.send(&format!("begin {test}"))
    }

    pub fn end(&mut self, test: &str, verdict: &Verdict) -> Result<()> {
        let (word, detail) = match verdict {
            Verdict::Pass(detail) => ("pass", detail),
            Verdict::Fail(detail) => ("fail", detail),
            Verdict::Skip(detail) => ("skip", detail),
        };
        self.send(&format!("end {test} {word} {detail}"))
    }

    pub fn done(&mut self) -> Result<()> {
        self.send("done")
    }

    fn ask(&mut self, question: &str) -> Result<String> {
        self.send(question)?;
        let mut answer = String::new();
        ensure!(self.input.read_line(&mut answer)? > 0, "the control channel was closed");
        let answer = answer.trim_end();
        if let Some(reason) = answer.strip_prefix("error") {
            bail!("{question}: {}", reason.trim());
        }
        Ok(answer.strip_prefix("ok").unwrap_or(answer).trim().to_owned())
    }

    /// Has the device's operator do something.
    pub fn device(&mut self, command: &str) -> Result<String> {
        self.ask(&format!("device {command}"))
    }

    fn fetch_events(&mut self) -> Result<()> {
        let events = self.ask("events")?;
        self.events.extend(events.split(';').filter(|e| !e.is_empty()).map(str::to_owned));
        Ok(())
    }

    /// Forgets the events so far.
    pub fn forget_events(&mut self) -> Result<()> {
        self.fetch_events()?;
        self.events.clear();
        Ok(())
    }

    /// Waits until the device has told all of these events. What one request changes may come in
    /// any order.
    pub fn expect_events(&mut self, expected: &[&str]) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.fetch_events()?;
            if expected.iter().all(|event| self.events.iter().any(|told| told == event)) {
                self.events.clear();
                return Ok(());
            }
            if Instant::now() > deadline {
                let told = std::mem::take(&mut self.events);
                bail!("expected the device to tell {expected:?}, it told {told:?}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
