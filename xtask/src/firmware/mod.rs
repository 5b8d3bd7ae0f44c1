//! `cargo xtask firmware`: the firmware of examples/, built, weighed, and built again elsewhere.
//!
//! A board is a folder of examples/ with a budget.toml: flash and RAM of each application, in bytes.
//! [`image`] says what of an ELF file is flashed.

mod board;
mod image;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::size::root;
use board::Board;
use image::Image;

/// What `cargo xtask firmware` can do beside building and printing the sizes.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only this board: a folder of examples/.
    #[arg(long)]
    board: Option<String>,
    /// Fail when an application is over its budget, its stack is not at the bottom of RAM, or clippy has a
    /// warning.
    #[arg(long)]
    check: bool,
    /// Fail unless a copy of this repository in another folder gives the same flash images.
    #[arg(long)]
    reproducible: bool,
}

/// Builds the applications of every board, prints their sizes, and checks what was asked for.
pub fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |board: &Board| arguments.board.as_ref().is_none_or(|name| *name == board.name);
    let boards: Vec<Board> = Board::all()?.into_iter().filter(wanted).collect();
    if boards.is_empty() {
        bail!("no such board: a board is a folder of examples/ with a budget.toml");
    }
    let mut faults = Vec::new();
    for board in &boards {
        let images = board.build(root())?;
        faults.extend(show(board, &images));
        if arguments.check {
            board.lint(root())?;
        }
        if arguments.reproducible {
            faults.extend(differences(board, &images)?);
        }
    }
    if (arguments.check || arguments.reproducible) && !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// The ELF file of an application of a board.
pub fn elf(board: &str, app: &str) -> Result<Vec<u8>> {
    let board = Board::all()?.into_iter().find(|other| other.name == board);
    board.context("no such board")?.elf(app)
}

/// Prints the sizes of a board's applications; what is over budget.
fn show(board: &Board, images: &[Image]) -> Vec<String> {
    println!("{:<28}{:>10}{:>10}{:>10}{:>10}", board.name, "flash", "budget", "RAM", "budget");
    let mut faults = Vec::new();
    for (app, image) in board.apps.iter().zip(images) {
        let (flash, ram) = (image.flash(), image.ram);
        println!("  {:<26}{flash:>10}{:>10}{ram:>10}{:>10}", app.name, app.flash, app.ram);
        if image.stack_runs_into_ram() {
            faults.push(format!("{}: its stack is not at the bottom of RAM", app.name));
        }
        for (what, size, limit) in [("flash", flash, app.flash), ("RAM", ram, app.ram)] {
            if size > limit {
                let place = format!("examples/{}/budget.toml", board.name);
                faults.push(format!("{}: {size} bytes of {what}, {limit} in {place}", app.name));
            }
        }
    }
    faults
}

/// Builds a copy of this repository in a folder with a longer name, and compares.
fn differences(board: &Board, images: &[Image]) -> Result<Vec<String>> {
    let copy = root().join("target/firmware/a copy of the repository in another folder");
    copy_sources(&copy)?;
    let others = board.build(&copy)?;
    let mut faults = Vec::new();
    for ((app, image), other) in board.apps.iter().zip(images).zip(&others) {
        println!("  {:<26}{}", app.name, image.hash());
        if image.hash() != other.hash() && app.varies {
            println!("  {:<26}another image elsewhere, as its budget.toml allows", "");
        } else if image.hash() != other.hash() {
            faults.push(format!("{}: another image when it is built in another folder", app.name));
        }
        let folder = root().to_string_lossy();
        // A place of a panic in a crate from the registry names the home of whoever built it.
        if image.contains(folder.as_bytes()) || image.contains(b"/registry/src/") {
            faults.push(format!("{}: the image says where it was built", app.name));
        }
    }
    Ok(faults)
}

/// Copies what git knows or would add, as it is now.
fn copy_sources(to: &Path) -> Result<()> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["-c", "safe.directory=*", "ls-files", "-z"]);
    git.args(["--cached", "--others", "--exclude-standard"]);
    let output = git.output().context("git cannot be run: install it")?;
    if !output.status.success() {
        bail!("this is no clone of the repository: git clone it to check that builds are the same");
    }
    for name in String::from_utf8(output.stdout)?.split_terminator('\0') {
        let from = root().join(name);
        // A file that was deleted, but not from the index.
        if !from.is_file() {
            continue;
        }
        let to = to.join(name);
        let text = fs::read(&from)?;
        if fs::read(&to).ok().as_ref() != Some(&text) {
            fs::create_dir_all(to.parent().context("no folder")?)?;
            fs::write(&to, text)?;
        }
    }
    Ok(())
}
