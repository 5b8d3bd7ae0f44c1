//! The copy of the work tree in which cargo-mutants writes.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::test::command::capture;
use crate::test::part::git;

/// Where it is, from the root of the workspace.
pub(super) const FOLDER: &str = "target/mutants/copy";

/// Makes the copy what the work tree is. What is the same already keeps its time, so that it is
/// not built again.
pub(super) fn copy(root: &Path) -> Result<(), String> {
    let files = tracked(root)?;
    let to = root.join(FOLDER);
    let at = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    for path in found(&to).map_err(|error| at(&to, error))? {
        if path.strip_prefix(&to).is_ok_and(|path| !files.contains(path)) {
            fs::remove_file(&path).map_err(|error| at(&path, error))?;
        }
    }
    for file in &files {
        let (from, to) = (root.join(file), to.join(file));
        copy_one(&from, &to).map_err(|error| at(&from, error))?;
    }
    Ok(())
}

/// What git knows, or would if asked to add all.
fn tracked(root: &Path) -> Result<BTreeSet<PathBuf>, String> {
    let command = git(root, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let (status, output) = capture(command).map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(output);
    }
    let files = output.split('\0').filter(|file| !file.is_empty()).map(PathBuf::from);
    // One that was deleted is known until that is committed.
    Ok(files.filter(|file| root.join(file).is_file()).collect())
}

/// Every file below a folder, which need not be there.
fn found(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => files.extend(found(&entry.path())?),
            false => files.push(entry.path()),
        }
    }
    Ok(files)
}

fn copy_one(from: &Path, to: &Path) -> io::Result<()> {
    let bytes = fs::read(from)?;
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, bytes)
}
