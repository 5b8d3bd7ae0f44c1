//! Commands whose output is kept, to be shown when they fail.

use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};

use super::count::Count;
use super::step::Outcome;

/// What automake and others take for "skipped".
const SKIPPED: i32 = 77;

/// Begins the line that tells how a command ended.
const ENDED: &str = "=>";

/// `cargo` of the toolchain that runs this command.
pub fn cargo() -> Command {
    clean(Command::new("cargo"))
}

/// `cargo` of another toolchain.
pub fn cargo_of(toolchain: &str) -> Command {
    let mut command = clean(Command::new("rustup"));
    command.args(["run", toolchain, "cargo"]);
    command
}

/// Without what the outer cargo tells about this package: build scripts would look at it, and
/// build anew.
fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let of_cargo = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|p| name.starts_with(p))
        });
        if of_cargo {
            command.env_remove(name);
        }
    }
    command.env("CARGO_TERM_COLOR", "never");
    command
}

/// Runs a command without input; how it ended, and everything that it printed, in order.
pub fn capture(mut command: Command) -> io::Result<(ExitStatus, String)> {
    let (mut reader, writer) = io::pipe()?;
    let child = command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).spawn();
    // The writing ends live in the command, and the reader waits for the last of them.
    drop(command);
    let mut child = child?;
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    Ok((child.wait()?, String::from_utf8_lossy(&output).into_owned()))
}

/// The same for a command that shows how far it is: what it prints to stderr is not kept.
pub fn capture_shown(mut command: Command) -> io::Result<(ExitStatus, String)> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    Ok((output.status, String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Whether a command ran and succeeded.
pub fn succeeds(command: Command) -> bool {
    capture(command).is_ok_and(|(status, _)| status.success())
}

/// Runs a command whose success is all that counts; what it printed when it fails.
pub fn require(command: Command) -> Result<(), String> {
    let mut transcript = Transcript::default();
    transcript.run(command);
    if transcript.failed { Err(transcript.output) } else { Ok(()) }
}

/// One or several commands that make up a step.
#[derive(Default)]
pub struct Transcript {
    output: String,
    failed: bool,
    skipped: bool,
}

impl Transcript {
    /// Runs a command, and keeps what it printed.
    pub fn run(&mut self, command: Command) {
        self.run_by(capture, command);
    }

    /// Runs a command that shows how far it is.
    pub fn run_shown(&mut self, command: Command) {
        self.run_by(capture_shown, command);
    }

    fn run_by(
        &mut self,
        capture: fn(Command) -> io::Result<(ExitStatus, String)>,
        command: Command,
    ) {
        let line = shown(&command);
        self.output.push_str(&format!("$ {line}\n"));
        match capture(command) {
            Ok((status, output)) => {
                self.output.push_str(&output);
                self.skipped |= status.code() == Some(SKIPPED);
                self.failed |= !status.success();
                if !status.success() {
                    self.output.push_str(&format!("{ENDED} {status}: {line}\n"));
                }
            }
            Err(error) => {
                self.failed = true;
                self.output.push_str(&format!("{error}\n"));
            }
        }
    }

    /// The commands were one check.
    pub fn check(self) -> Outcome {
        Outcome::of(if self.failed { Err(self.output) } else { Ok(()) })
    }

    /// The commands were one check, and can tell by their exit code that they could not run. Not
    /// for others: a fuzzer that found something ends with the same code.
    pub fn check_or_skipped(self) -> Outcome {
        if !self.skipped {
            return self.check();
        }
        Outcome::skipped(last_line(&self.output))
    }

    /// The commands ran tests; that none ran is a failure.
    pub fn tests(mut self) -> Outcome {
        let tests = Count::parse(&self.output);
        if !self.failed && tests.passed == 0 {
            self.failed = true;
            self.output.push_str("no test ran\n");
        }
        Outcome { tests: Some(tests), ..self.check() }
    }
}

/// The last line that a command printed, which most often says what went wrong.
pub fn last_line(output: &str) -> String {
    let said = |line: &&str| !line.is_empty() && !line.starts_with(ENDED) && !line.starts_with('$');
    output.lines().map(str::trim).rfind(said).unwrap_or("it does not say why").to_owned()
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        let (name, value) = (name.to_str()?, value?.to_str()?);
        (name != "CARGO_TERM_COLOR").then(|| format!("{name}={}", quoted(value)))
    });
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| quoted(&word.to_string_lossy()));
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("\"{word}\"") } else { word.to_owned() }
}
