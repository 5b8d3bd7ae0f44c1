//! Measures every stack.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use usbd_acm_bench::measure::{NRF52840, measure};

#[derive(Args)]
pub struct Options {
    /// Only this stack
    #[arg(long)]
    stack: Vec<String>,
    /// Where the figures go, as JSON
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Exit code 1 when a stack could not be measured; the others are written all the same.
pub fn run(options: &Options) -> Result<ExitCode> {
    let mut figures = Vec::new();
    let mut code = ExitCode::SUCCESS;
    let wanted = |name: &str| options.stack.is_empty() || options.stack.iter().any(|s| s == name);
    for stack in NRF52840.iter().filter(|stack| wanted(stack.name)) {
        match measure(stack, |doing| eprintln!("{}: {doing}", stack.name)) {
            Ok(measured) => figures.extend(measured),
            Err(error) => {
                eprintln!("{}: not measured: {error:#}", stack.name);
                code = ExitCode::FAILURE;
            }
        }
    }
    let text = serde_json::to_string_pretty(&figures)?;
    if let Some(folder) = options.output.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&options.output, text + "\n")
        .with_context(|| format!("cannot write {}", options.output.display()))?;
    Ok(code)
}
