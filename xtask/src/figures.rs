//! Figures that runs leave behind, for the scorecard: one file of numbers each.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The figures of one run, by name.
pub type Figures = BTreeMap<String, u64>;

/// Where they are.
pub fn folder(root: &Path) -> PathBuf {
    root.join("target/bench/figures")
}

/// Leaves figures under a name.
pub fn write(root: &Path, name: &str, figures: &[(&str, u64)]) -> Result<()> {
    let folder = folder(root);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let figures: BTreeMap<&str, u64> = figures.iter().copied().collect();
    let path = folder.join(format!("{name}.json"));
    fs::write(&path, serde_json::to_string_pretty(&figures)? + "\n")
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The figures of every run whose name begins like this, by the rest of the name.
pub fn read(root: &Path, prefix: &str) -> Result<BTreeMap<String, Figures>> {
    let mut found = BTreeMap::new();
    for file in fs::read_dir(folder(root)).into_iter().flatten() {
        let path = file?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(rest) = name.strip_prefix(prefix) {
            let text = fs::read_to_string(&path)?;
            let figures = serde_json::from_str(&text)
                .with_context(|| format!("{} has no figures: remove it", path.display()))?;
            found.insert(rest.to_owned(), figures);
        }
    }
    Ok(found)
}
