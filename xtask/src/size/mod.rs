//! `cargo xtask size`: flash, RAM and instructions of our stack next to its peers.
//!
//! The firmware is in tests/size, whose README says what is measured and how. [`firmware`] builds
//! it, [`elf`] weighs it, [`emulator`] executes it against [`controller`] and [`host`], and
//! [`figures`] go to [`report`], [`chart`] and [`budget`].

mod budget;
mod chart;
mod controller;
mod elf;
mod emulator;
mod extend;
mod figures;
mod firmware;
mod host;
mod panic_free;
mod report;
mod symbols;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use figures::{Figures, Place};
use firmware::{Build, Level, Purpose, Stack, TARGETS};
use host::Mode;

/// What `cargo xtask size` can do beside printing the table.
#[derive(clap::Args)]
pub struct Arguments {
    /// Fail when our stack is over tests/size/budget.toml.
    #[arg(long)]
    check: bool,
    /// Fail when a panic can be reached in our stack, and say from where.
    #[arg(long)]
    panic_free: bool,
    /// Print the functions of every firmware of this target, with their bytes and instructions.
    #[arg(long, num_args = 0..=1, default_missing_value = TARGETS[0], value_name = "TARGET")]
    symbols: Option<String>,
    /// Copy the Markdown and the charts to docs/size.
    #[arg(long)]
    write_docs: bool,
}

/// Levels whose sizes are compared, and levels whose instructions are.
const SIZE_LEVELS: [Level; 2] = [Level::Z, Level::S];
const COUNT_LEVELS: [Level; 2] = [Level::Three, Level::Z];

/// Measures, prints, writes, and checks what was asked for.
pub fn run(arguments: &Arguments) -> Result<()> {
    let mut session = Session::new();
    session.install();
    session.measure(arguments.symbols.as_deref());
    session.progress.finish_and_clear();
    print!("{}{}", session.listing, report::table(&session.figures));
    session.missing.iter().for_each(|missing| eprintln!("not measured: {missing}"));
    session.write(arguments.write_docs)?;
    if arguments.panic_free {
        panic_free::check(|doing| eprintln!("{doing}"))?;
        println!("no panic can be reached in usbd-acm");
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

struct Session {
    figures: Figures,
    targets: Vec<&'static str>,
    missing: Vec<String>,
    listing: String,
    progress: ProgressBar,
}

impl Session {
    fn new() -> Self {
        let builds = TARGETS.len() * SIZE_LEVELS.len() + COUNT_LEVELS.len();
        let runs = COUNT_LEVELS.len() * Stack::ALL.len() * Mode::ALL.len();
        let progress = ProgressBar::new((builds + runs) as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}") {
            progress.set_style(style);
        }
        Self {
            figures: Figures::default(),
            targets: Vec::new(),
            missing: Vec::new(),
            listing: String::new(),
            progress,
        }
    }

    /// Adds the targets to the toolchain; goes on with those that are there.
    fn install(&mut self) {
        for target in TARGETS {
            match firmware::install(target) {
                Ok(()) => self.targets.push(target),
                Err(error) => self.missing.push(format!("{target}: {error:#}")),
            }
        }
    }

    fn measure(&mut self, listed: Option<&str>) {
        for target in self.targets.clone() {
            for level in SIZE_LEVELS {
                let result = self.weigh(target, level, listed == Some(target));
                self.note(result, format!("sizes for {target}, opt-level {}", level.name()));
            }
        }
        if !self.targets.contains(&TARGETS[0]) {
            return;
        }
        for level in COUNT_LEVELS {
            let result = self.count(level, listed == Some(TARGETS[0]));
            self.note(result, format!("instructions at opt-level {}", level.name()));
        }
    }

    fn note(&mut self, result: Result<()>, what: String) {
        if let Err(error) = result {
            self.missing.push(format!("{what}: {error:#}"));
        }
    }

    fn weigh(&mut self, target: &'static str, level: Level, listed: bool) -> Result<()> {
        let build = Build { target, level, purpose: Purpose::Size };
        self.step(format!("build for {target}, opt-level {}", level.name()));
        build.run(&Stack::ALL)?;
        let without_usb = build.read_without_usb()?;
        for stack in Stack::ALL {
            let firmware = build.read(stack)?;
            self.figures.add_sizes(Place { target, stack, level }, &firmware, &without_usb);
            if listed {
                self.listing +=
                    &format!("{}, {target}, opt-level {}\n", stack.name(), level.name());
                self.listing += &symbols::sizes(&firmware);
            }
        }
        Ok(())
    }

    fn count(&mut self, level: Level, listed: bool) -> Result<()> {
        let build = Build { target: TARGETS[0], level, purpose: Purpose::Count };
        self.step(format!("build for the emulator, opt-level {}", level.name()));
        build.run(&Stack::ALL)?;
        for stack in Stack::ALL {
            let result = self.count_stack(&build, stack, listed);
            self.note(result, format!("{} at opt-level {}", stack.name(), level.name()));
        }
        Ok(())
    }

    fn count_stack(&mut self, build: &Build, stack: Stack, listed: bool) -> Result<()> {
        let firmware = build.read(stack)?;
        let place = Place { target: build.target, stack, level: build.level };
        if listed {
            self.listing += &format!("{}, opt-level {}\n", stack.name(), build.level.name());
        }
        for mode in Mode::ALL {
            self.step(format!("run {}, {mode:?}, opt-level {}", stack.name(), build.level.name()));
            let run = emulator::run(&firmware, mode)?;
            self.figures.add_run(place, mode, &run);
            if listed {
                self.listing += &symbols::instructions(mode, &run);
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
        write(&folder, "size.json", &report::json(&self.figures)?)?;
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
        let mut markdown = report::markdown(&self.figures);
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
