//! Figures of a run, for `cargo xtask scorecard`: each test that counts something leaves a file.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the figures are: below the folder for build products.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench/figures")
}

/// Prints these figures, and leaves them for the scorecard under this name.
///
/// # Panics
/// When the file cannot be written.
pub fn record(name: &str, figures: &[(&str, u64)]) {
    let lines: Vec<String> =
        figures.iter().map(|(key, value)| format!("  \"{key}\": {value}")).collect();
    println!("{name}: {}", lines.join(",").replace('"', "").trim());
    fs::create_dir_all(folder()).expect("a folder for the figures");
    let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
    fs::write(folder().join(format!("{name}.json")), text).expect("a file for the figures");
}
