//! An advisory database of our own, of the form of RustSec's, to see that the check can fail.

use std::fs;
use std::path::Path;

use super::check_advisories;
use crate::test::command::require;
use crate::test::part::git;

/// Where it is, from the root of the workspace.
const FOLDER: &str = "target/advisory-db/own";

/// A crate that ours depend on, with which nothing is wrong; and a name that none of them has.
const PRESENT: &str = "bitflags";
const ABSENT: &str = "no-crate-of-ours";

/// The only advisory.
const ID: &str = "RUSTSEC-2000-0001";

/// Fails unless a crate that is listed is an offence, and one is none that is not.
pub(super) fn check_the_check(root: &Path) -> Result<(), String> {
    let database = root.join(FOLDER);
    make(&database, ABSENT)?;
    check_advisories(root, &database)?;
    make(&database, PRESENT)?;
    match check_advisories(root, &database) {
        Err(output) if output.contains(ID) => Ok(()),
        Err(output) => Err(format!("{ID} is listed, and is not why this failed:\n{output}")),
        Ok(()) => Err(format!("{ID} is listed for {PRESENT}, and was not found")),
    }
}

/// A database with one advisory. It is cloned to be read, so it has to be a repository with a commit.
fn make(folder: &Path, package: &str) -> Result<(), String> {
    let _ = fs::remove_dir_all(folder);
    write(folder, package).map_err(|error| format!("{}: {error}", folder.display()))?;
    require(git(folder, &["init", "--quiet"]))?;
    require(git(folder, &["add", "."]))?;
    let nobody = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.com"];
    let commit = ["-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "One advisory"];
    require(git(folder, &[&nobody[..], &commit].concat()))
}

fn write(folder: &Path, package: &str) -> std::io::Result<()> {
    let crates = folder.join("crates").join(package);
    fs::create_dir_all(&crates)?;
    let text = format!(
        "```toml\n[advisory]\nid = \"{ID}\"\npackage = \"{package}\"\ndate = \"2000-01-01\"\n\n\
         [versions]\npatched = []\n```\n\n# Nothing is wrong with it\n\nIt is listed to be found.\n"
    );
    fs::write(crates.join(format!("{ID}.md")), text)
}
