//! What comes in from outside: licences, sources, advisories, oldest versions, and whether the
//! interface is still that of the last release.

mod database;

use std::fs;
use std::path::{Path, PathBuf};

use crate::test::command::{capture, cargo, cargo_of, last_line, require};
use crate::test::part::{CRATES, NIGHTLY, Part, git};
use crate::test::step::{Outcome, Step};
use crate::test::workspace::Workspace;

/// Every step: against this clone of an advisory database, and this revision's interface.
pub fn steps(database: Option<&Path>, baseline: Option<&str>) -> Vec<Step> {
    let database = database.map(Path::to_owned);
    let baseline = baseline.map(str::to_owned);
    vec![deny(), advisories(database), minimal_versions(), semver(baseline)]
}

/// cargo-deny takes longer to build than everything else to run, so it is not part of every run:
/// `house-origins` checks licences and sources there, by the same lists.
fn deny() -> Step {
    let check = |workspace: &Workspace| {
        let mut command = cargo();
        command.current_dir(&workspace.root).args(["deny", "--workspace", "check"]);
        command.args(["licenses", "bans", "sources"]);
        Outcome::of(require(command))
    };
    Step::new("deny", "licences, versions and sources are as deny.toml says", check)
        .needs(CRATES)
        .needs(Part::Subcommand("deny"))
}

/// A database that was made on the spot shows that the check finds what is listed, and nothing else.
fn advisories(database: Option<PathBuf>) -> Step {
    let check = move |workspace: &Workspace| {
        if let Err(output) = database::check_the_check(&workspace.root) {
            return Outcome::of(Err(output));
        }
        match &database {
            Some(database) => Outcome::of(check_advisories(&workspace.root, database)),
            None => Outcome::skipped(
                "what is listed is found, but there is no list: git clone \
                 https://github.com/rustsec/advisory-db, and name the clone by --advisory-db or ADVISORY_DB",
            ),
        }
    };
    Step::new("advisories", "no crate has a known vulnerability", check)
        .needs(CRATES)
        .needs(Part::Subcommand("deny"))
}

/// The folder in which cargo-deny keeps its clone of the database at the URL that it knows.
const CLONE: &str = "target/advisory-db/advisory-db-3157b0e258782691";

/// From a clone of the clone, so without a network.
fn check_advisories(root: &Path, database: &Path) -> Result<(), String> {
    let shown = |error: std::io::Error| format!("{}: {error}", database.display());
    let clone = root.join(CLONE);
    let _ = fs::remove_dir_all(&clone);
    let mut git = git(root, &["clone", "--quiet"]);
    git.arg(database).arg(&clone);
    require(git)?;
    let lists = fs::read_to_string(root.join("deny.toml")).map_err(shown)?;
    let config = root.join("target/deny.toml");
    let folder = clone.parent().unwrap_or(root);
    let text = lists.replace("[advisories]\n", &format!("[advisories]\ndb-path = {folder:?}\n"));
    fs::write(&config, text).map_err(shown)?;
    let mut command = cargo();
    command.current_dir(root).args(["deny", "--offline", "--workspace", "--config"]);
    command.arg(config).args(["check", "advisories"]);
    require(command)
}

/// The libraries with the oldest versions of everything that their manifests promise to work with.
/// The lock file is another one, so this happens in a copy, without what is not published.
fn minimal_versions() -> Step {
    let check = |workspace: &Workspace| Outcome::of(check_minimal_versions(workspace));
    Step::new("minimal-versions", "the libraries build with the oldest crates they allow", check)
        .needs(Part::Toolchain(NIGHTLY.to_owned()))
        .needs(Part::WorkTree)
}

fn check_minimal_versions(workspace: &Workspace) -> Result<(), String> {
    let copy = workspace.root.join("target/minimal-versions");
    copy_libraries(workspace, &copy).map_err(|error| error.to_string())?;
    let run = |arguments: &[&str]| {
        let mut command = cargo_of(NIGHTLY);
        command.current_dir(&copy).args(arguments);
        require(command)
    };
    run(&["-Zdirect-minimal-versions", "generate-lockfile"])?;
    run(&["check", "--workspace", "--lib", "--locked", "--no-default-features"])?;
    run(&["check", "--workspace", "--lib", "--locked", "--all-features"])
}

fn copy_libraries(workspace: &Workspace, copy: &Path) -> std::io::Result<()> {
    let (_, listing) = capture(git(&workspace.root, &["ls-files", "-z"]))?;
    let folders: Vec<&str> = workspace.libraries().map(|library| library.folder.as_str()).collect();
    let is_of_library = |name: &str| {
        name.starts_with("src/")
            || !name.contains('/')
            || folders.iter().any(|folder| {
                !folder.is_empty() && name.strip_prefix(folder).is_some_and(|n| n.starts_with('/'))
            })
    };
    for name in listing.split('\0').filter(|name| is_of_library(name)) {
        let (from, to) = (workspace.root.join(name), copy.join(name));
        if from.is_file() && name != "Cargo.lock" {
            fs::create_dir_all(to.parent().unwrap_or(copy))?;
            fs::copy(from, to)?;
        }
    }
    let _ = fs::remove_file(copy.join("Cargo.lock"));
    let manifest = copy.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    let members = folders.iter().map(|folder| if folder.is_empty() { "." } else { folder });
    let members: Vec<String> = members.map(|folder| format!("{folder:?}")).collect();
    let members = format!("members = [{}]", members.join(", "));
    fs::write(manifest, replace_list(&text, "members = [", &members))
}

/// `text` with the list that begins like this replaced.
fn replace_list(text: &str, begin: &str, list: &str) -> String {
    let Some((before, rest)) = text.split_once(begin) else { return text.to_owned() };
    let after = rest.split_once(']').map_or("", |(_, after)| after);
    format!("{before}{list}{after}")
}

/// Against the source of the newest release, or of a revision; there is nothing to compare before the
/// first release.
fn semver(baseline: Option<String>) -> Step {
    let check = move |workspace: &Workspace| {
        let Some(baseline) = baseline.clone().or_else(|| last_release(&workspace.root)) else {
            return Outcome::skipped(
                "nothing is released yet, no tag begins with v: name a revision by --baseline",
            );
        };
        Outcome::of(check_interface(workspace, &baseline))
    };
    Step::new("semver", "the interface is that of the last release, or the version says so", check)
        .needs(Part::WorkTree)
        .needs(Part::Subcommand("semver-checks"))
}

fn check_interface(workspace: &Workspace, baseline: &str) -> Result<(), String> {
    let root = &workspace.root;
    let described = ["show", "--no-patch", "--format=%h, %cs: %s", baseline, "--"];
    let (status, commit) = capture(git(root, &described)).map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(commit);
    }
    println!("semver: compared with {baseline}, which is {}", last_line(&commit));
    let mut command = cargo();
    command.current_dir(root).args(["semver-checks", "--baseline-rev", baseline]);
    command.args(workspace.library_arguments());
    require(command)
}

fn last_release(root: &Path) -> Option<String> {
    let arguments = ["describe", "--tags", "--abbrev=0", "--match", "v*"];
    let (status, tag) = capture(git(root, &arguments)).ok()?;
    status.success().then(|| tag.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::replace_list;

    #[test]
    fn a_list_is_replaced_whole() {
        let text = "a = 1\nmembers = [\"x\",\n \"y\"]\nb = 2\n";
        let expected = "a = 1\nmembers = [\"z\"]\nb = 2\n";
        assert_eq!(replace_list(text, "members = [", "members = [\"z\"]"), expected);
    }
}
