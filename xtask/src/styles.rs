//! `cargo xtask styles`: builds the smallest complete firmware in each style, and counts its lines.

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use object::{Object, ObjectSection, ObjectSymbol};

use crate::size::{install, root};

const FOLDER: &str = "examples/styles";
const TARGET: &str = "thumbv6m-none-eabi";

/// A firmware: its folder, its package, and whether its own interrupt handler serves the device.
struct Style {
    name: &'static str,
    folder: &'static str,
    package: &'static str,
    has_interrupt: bool,
}

const STYLES: [Style; 4] = [
    Style::new("main loop", "main-loop", "main-loop", false),
    Style::new("interrupt and main loop", "interrupt", "interrupt-and-main", true),
    Style::new("RTIC", "rtic", "rtic-tasks", true),
    Style::new("embassy", "embassy", "embassy-tasks", true),
];

impl Style {
    const fn new(
        name: &'static str,
        folder: &'static str,
        package: &'static str,
        has_interrupt: bool,
    ) -> Self {
        Self { name, folder, package, has_interrupt }
    }
}

/// Builds, checks and prints.
pub fn run() -> Result<()> {
    install(TARGET)?;
    build()?;
    println!("{:26}{:>8}{:>10}{:>8}", "smallest echo, complete", "lines", "flash B", "RAM B");
    for style in STYLES {
        let path = root().join(FOLDER).join(style.folder).join("src/main.rs");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let (flash, ram) = weigh(&style).with_context(|| style.name)?;
        println!("{:26}{:>8}{flash:>10}{ram:>8}", style.name, lines(&text));
    }
    println!(
        "lines: without comments and blank ones; bytes: the whole firmware, {TARGET}, opt-level z"
    );
    Ok(())
}

fn build() -> Result<()> {
    let mut cargo = Command::new("cargo");
    // The flags of its own .cargo/config.toml, and no others, decide what is built.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    cargo.current_dir(root().join(FOLDER)).args(["build", "--locked", "--release", "--quiet"]);
    cargo.arg("--target-dir").arg(root().join("target/styles"));
    let status = cargo.status().context("cannot start cargo")?;
    ensure!(status.success(), "a firmware of {FOLDER} does not build: see above");
    Ok(())
}

/// Bytes of flash and of static RAM; fails when the vector table does not lead to the handler.
fn weigh(style: &Style) -> Result<(u64, u64)> {
    let path = root().join("target/styles").join(TARGET).join("release").join(style.package);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let file = object::File::parse(&*bytes)?;
    let size = |names: &[&str]| -> u64 {
        let sections = names.iter().filter_map(|name| file.section_by_name(name));
        sections.map(|section| section.size()).sum()
    };
    let address = |name: &str| {
        let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name));
        symbol.map(|symbol| symbol.address()).with_context(|| format!("{name} is not linked"))
    };
    let is_own = address("USB")? != address("DefaultHandler_")?;
    if is_own != style.has_interrupt {
        bail!("the USB interrupt of {} leads to the wrong handler", style.package);
    }
    let flash = size(&[".vector_table", ".text", ".rodata", ".data", ".stub", ".app"]);
    Ok((flash, size(&[".data", ".bss"])))
}

/// Lines of code.
fn lines(text: &str) -> usize {
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    text.lines().map(str::trim).filter(is_code).count()
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn comments_and_blank_lines_do_not_count() {
        assert_eq!(
            lines("//! What.\n#![no_std]\n\nfn f() {\n    // Why.\n    g(); // Here.\n}\n"),
            4
        );
    }
}
