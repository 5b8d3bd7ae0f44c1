//! `cargo xtask size`: flash, RAM and instructions of our stack next to its peers.
//!
//! The firmware is in tests/size, whose README says what is measured and how. [`firmware`] builds
//! it, [`elf`] weighs it, [`emulator`] executes it against [`controller`] and [`host`], and
//! [`figures`] go to [`report`], [`chart`] and [`budget`].

mod budget;
mod chart;
mod controller;
mod depth;
mod dsp;
mod elf;
mod emulator;
mod features;
mod figures;
mod firmware;
mod host;
mod lines;
mod panic_free;
mod report;
mod stack;
mod symbols;
mod watch;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use elf::Firmware;
use features::Costs;
use figures::{Figures, Place};
use firmware::{Build, Level, Purpose, Stack, TARGETS};
use host::Mode;

pub use firmware::{install, root};
pub use stack::of_firmware as stack_of_firmware;

/// What `cargo xtask size` can do beside printing the table.
#[derive(clap::Args)]
pub struct Arguments {
    /// Fail when our stack is over tests/size/budget.toml.
    #[arg(long)]
    check: bool,
    /// Fail when a panic can be reached in our stack, and say from where.
    #[arg(long)]
    panic_free: bool,
    /// Print the most stack that each entry point can take, and fail where there is no such bound. Alone
    /// it measures nothing else.
    #[arg(long)]
    stack: bool,
    /// Print the functions of every firmware of this target, with their bytes and instructions.
    #[arg(long, num_args = 0..=1, default_missing_value = TARGETS[0], value_name = "TARGET")]
    symbols: Option<String>,
    /// Copy the Markdown and the charts to docs/size.
    #[arg(long)]
    write_docs: bool,
    /// Only our own firmware on the first target: a look in between, written nowhere.
    #[arg(long, conflicts_with_all = ["check", "write_docs"])]
    ours: bool,
}

/// Levels whose sizes are compared, and levels whose instructions are.
const SIZE_LEVELS: [Level; 2] = [Level::Z, Level::S];
const COUNT_LEVELS: [Level; 2] = [Level::Three, Level::Z];

/// Measures, prints, writes, and checks what was asked for.
pub fn run(arguments: &Arguments) -> Result<()> {
    if arguments.stack && !arguments.check && !arguments.panic_free {
        return bound_stack();
    }
    let mut session = Session::new(arguments.ours);
    session.install();
    session.measure(arguments.symbols.as_deref());
    if !arguments.ours {
        session.measure_features();
    }
    session.progress.finish_and_clear();
    print!("{}{}", session.listing, report::table(&session.figures));
    if !arguments.ours {
        print!("{}", session.costs.table());
    }
    session.missing.iter().for_each(|missing| eprintln!("not measured: {missing}"));
    if !arguments.ours {
        session.write(arguments.write_docs)?;
    }
    if arguments.panic_free {
        panic_free::check(|doing| eprintln!("{doing}"))?;
        println!("no panic can be reached in usbd-acm");
    }
    if arguments.stack {
        bound_stack()?;
    }
    if arguments.check {
        budget::check(&session.figures)?;
        println!("within tests/size/budget.toml");
    }
    if session.figures.0.is_empty() {
        bail!("nothing was measured");
    }
    Ok(())
}

fn bound_stack() -> Result<()> {
    print!("{}", stack::check(|doing| eprintln!("{doing}"))?);
    Ok(())
}

struct Session {
    figures: Figures,
    stacks: &'static [Stack],
    costs: Costs,
    candidates: &'static [&'static str],
    targets: Vec<&'static str>,
    missing: Vec<String>,
    listing: String,
    progress: ProgressBar,
}

impl Session {
    fn new(ours: bool) -> Self {
        let (stacks, candidates) = match ours {
            true => (Stack::ALL.get(..2).unwrap_or_default(), TARGETS.get(..1).unwrap_or_default()),
            false => (&Stack::ALL[..], &TARGETS[..]),
        };
        let builds = candidates.len() * SIZE_LEVELS.len() + COUNT_LEVELS.len();
        let progress = ProgressBar::new((builds * stacks.len()) as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}") {
            progress.set_style(style);
        }
        Self {
            figures: Figures::default(),
            stacks,
            costs: Costs::default(),
            candidates,
            targets: Vec::new(),
            missing: Vec::new(),
            listing: String::new(),
            progress,
        }
    }

    /// Adds the targets to the toolchain; goes on with those that are there.
    fn install(&mut self) {
        for &target in self.candidates {
            match firmware::install(target) {
                Ok(()) => self.targets.push(target),
                Err(error) => self.missing.push(format!("{target}: {error:#}")),
            }
        }
    }

    fn measure(&mut self, listed: Option<&str>) {
        for target in self.targets.clone() {
            for level in SIZE_LEVELS {
                self.weigh_all(
                    Build { target, level, purpose: Purpose::Size },
                    listed == Some(target),
                );
            }
        }
        if self.targets.contains(&TARGETS[0]) {
            for level in COUNT_LEVELS {
                let build = Build { target: TARGETS[0], level, purpose: Purpose::Count };
                self.count_all(build, listed == Some(TARGETS[0]));
            }
        }
    }

    /// What the features add; the builds are few and small, so the progress bar does not count them.
    fn measure_features(&mut self) {
        self.progress.set_message("features");
        match Costs::measure() {
            Ok(costs) => self.costs = costs,
            Err(error) => self.missing.push(format!("features: {error:#}")),
        }
    }

    fn weigh_all(&mut self, build: Build, listed: bool) {
        let without_usb = match build.without_usb() {
            Ok(firmware) => firmware,
            Err(error) => return self.missing.push(format!("{}: {error:#}", build.target)),
        };
        for &stack in self.stacks {
            let result = self.weigh(build, stack, &without_usb, listed);
            self.note(result, format!("size of {}", describe(build, stack)));
        }
    }

    fn count_all(&mut self, build: Build, listed: bool) {
        for &stack in self.stacks {
            let result = self.count(build, stack, listed);
            self.note(result, format!("instructions of {}", describe(build, stack)));
        }
    }

    fn note(&mut self, result: Result<()>, what: String) {
        if let Err(error) = result {
            self.missing.push(format!("{what}: {error:#}"));
        }
    }

    fn weigh(
        &mut self,
        build: Build,
        stack: Stack,
        without_usb: &Firmware,
        listed: bool,
    ) -> Result<()> {
        self.step(format!("build {}", describe(build, stack)));
        let firmware = build.firmware(stack)?;
        let place = Place { target: build.target, stack, level: build.level };
        self.figures.add_sizes(place, &firmware, without_usb);
        if listed {
            self.listing += &format!("{}\n{}", describe(build, stack), symbols::sizes(&firmware)?);
        }
        Ok(())
    }

    fn count(&mut self, build: Build, stack: Stack, listed: bool) -> Result<()> {
        self.step(format!("build and run {}", describe(build, stack)));
        let firmware = build.firmware(stack)?;
        let place = Place { target: build.target, stack, level: build.level };
        if listed {
            self.listing += &format!("{}\n", describe(build, stack));
        }
        for mode in Mode::ALL {
            let run = emulator::run(&firmware, mode).with_context(|| format!("{mode:?}"))?;
            self.figures.add_run(place, mode, &run);
            if listed {
                self.listing += &symbols::instructions(&firmware, mode, &run)?;
            }
        }
        Ok(())
    }

    fn step(&self, doing: String) {
        self.progress.set_message(doing);
        self.progress.inc(1);
    }

    fn write(&self, docs: bool) -> Result<()> {
        let folder = firmware::root().join("target/bench");
        write(&folder, "size.json", &report::json(&self.figures, self.costs.records())?)?;
        self.write_report(&folder)?;
        println!("\nwritten: target/bench/size.json, size.md and a chart (SVG) a figure");
        if docs {
            self.write_report(&firmware::root().join("docs/size"))?;
            println!("written: docs/size");
        }
        Ok(())
    }

    fn write_report(&self, folder: &Path) -> Result<()> {
        let charts = chart::all(&self.figures);
        let mut markdown = report::markdown(&self.figures) + &self.costs.markdown();
        for (name, svg) in &charts {
            write(folder, name, svg)?;
            markdown += &format!("\n![{}]({name})\n", name.trim_end_matches(".svg"));
        }
        write(folder, "size.md", &markdown)
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::write(folder.join(name), text)
        .with_context(|| format!("cannot write {}/{name}", folder.display()))
}

fn describe(build: Build, stack: Stack) -> String {
    format!("{}, {}, opt-level {}", stack.name(), build.target, build.level.name())
}
