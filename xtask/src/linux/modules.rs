//! Kernel modules with what they depend on, as their `.modinfo` says.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The modules of a kernel, by name.
pub struct Modules(HashMap<String, PathBuf>);

impl Modules {
    /// Looks at every `.ko` below a folder.
    pub fn find(folder: &Path) -> Result<Self> {
        let mut found = HashMap::new();
        let mut folders = vec![folder.join("kernel")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "ko") {
                    found.insert(name_of(&path), path);
                }
            }
        }
        Ok(Self(found))
    }

    /// Files to load, in an order that works, for these modules.
    pub fn closure(&self, names: &[&str]) -> Result<Vec<PathBuf>> {
        let mut order = Vec::new();
        for name in names {
            self.add(name, &mut order)?;
        }
        Ok(order)
    }

    fn add(&self, name: &str, order: &mut Vec<PathBuf>) -> Result<()> {
        // What is built in has no file and needs no loading.
        let Some(path) = self.0.get(&name.replace('-', "_")) else { return Ok(()) };
        if order.contains(path) {
            return Ok(());
        }
        for dependency in dependencies(path)? {
            self.add(&dependency, order)?;
        }
        order.push(path.clone());
        Ok(())
    }
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_")
}

/// `.modinfo` is a run of NUL-terminated `key=value`; `depends=` is in it exactly once.
fn dependencies(path: &Path) -> Result<Vec<String>> {
    const KEY: &[u8] = b"\0depends=";
    let bytes = fs::read(path)?;
    let start = bytes.windows(KEY.len()).position(|window| window == KEY);
    let start = start.with_context(|| format!("{} has no depends=", path.display()))? + KEY.len();
    let value = bytes.get(start..).unwrap_or_default().split(|&byte| byte == 0).next();
    let text = String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
    Ok(text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}
