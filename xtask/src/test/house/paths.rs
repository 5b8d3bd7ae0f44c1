//! Paths that exist on one machine only.

use anyhow::{Context, Result, bail};

use crate::test::command::capture;
use crate::test::part::git;
use crate::test::workspace::Workspace;

/// Folders that hold what belongs to one person or machine. Split, so that this file is none of the
/// offenders.
const FOLDERS: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];

/// Every line of a tracked file that names such a folder.
pub fn offences(workspace: &Workspace) -> Result<Vec<String>> {
    let (status, listing) = capture(git(&workspace.root, &["ls-files", "-z"]))?;
    if !status.success() {
        bail!("git ls-files: {listing}");
    }
    let mut offences = Vec::new();
    for name in listing.split('\0').filter(|name| !name.is_empty()) {
        let path = workspace.root.join(name);
        // A file that was just removed is still tracked; a link's target may be a folder.
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).with_context(|| format!("{name} cannot be read"))?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| names_a_machine(text)) {
            offences.push(format!("{name}:{line}: {}", text.trim()));
        }
    }
    Ok(offences)
}

fn names_a_machine(line: &str) -> bool {
    FOLDERS.iter().any(|folder| {
        line.match_indices(folder).any(|(at, _)| {
            // In the middle of a longer path it is just a folder's name.
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "_-./".contains(c))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{FOLDERS, names_a_machine};

    #[test]
    fn an_absolute_path_is_found() {
        for folder in FOLDERS {
            assert!(names_a_machine(&format!("see {folder}somebody")));
            assert!(names_a_machine(&format!("{folder}somebody")));
        }
    }

    #[test]
    fn a_folder_inside_a_path_is_not() {
        for folder in FOLDERS {
            assert!(!names_a_machine(&format!("target{folder}x")));
            assert!(!names_a_machine(folder.trim_end_matches('/')));
        }
    }
}
