//! Steps that look at the code and build it, and run nothing.

use super::command::{cargo, cargo_of};
use super::part::{CLIPPY, CRATES, Part, RUSTFMT};
use super::plan::run;
use super::step::Step;
use super::workspace::{Crate, Workspace};

/// Workspaces of their own inside this one.
const INNER: [&str; 12] = [
    "examples/nrf52840-dk/Cargo.toml",
    "examples/stm32f4/Cargo.toml",
    "examples/stm32f405-feather/Cargo.toml",
    "examples/stm32f411-blackpill/Cargo.toml",
    "examples/stm32h743-nucleo/Cargo.toml",
    "examples/styles/Cargo.toml",
    "fuzz/Cargo.toml",
    "tests/bench/Cargo.toml",
    "tests/composite/Cargo.toml",
    "tests/firmware/Cargo.toml",
    "tests/second-opinion/Cargo.toml",
    "tests/size/Cargo.toml",
];

/// Of this workspace, and of those inside it.
pub(super) fn format() -> Step {
    let check = |workspace: &Workspace| {
        let commands = ["Cargo.toml"].into_iter().chain(INNER).map(|manifest| {
            let mut command = cargo();
            command.args(["fmt", "--all", "--check", "--manifest-path", manifest]);
            command
        });
        run(commands, workspace).check()
    };
    Step::new("fmt", "the code is formatted", check).needs(RUSTFMT)
}

/// Clippy without features, with each feature of the libraries, and with all.
pub(super) fn lints(workspace: &Workspace) -> Vec<Step> {
    let mut features: Vec<String> =
        workspace.libraries().flat_map(|c| c.package.features.keys().cloned()).collect();
    features.sort();
    features.dedup();
    features.retain(|feature| feature != "default");
    let mut steps = vec![lint("clippy", "no warning".to_owned(), |_| Vec::new())];
    for feature in features {
        let about = format!("no warning with the feature {feature}");
        steps.push(lint(&format!("clippy-{feature}"), about, move |workspace| {
            with_feature(workspace, &feature)
        }));
    }
    steps.push(lint("clippy-all", "no warning with all features".to_owned(), |_| {
        vec!["--all-features".to_owned()]
    }));
    steps
}

fn lint(
    name: &str,
    about: String,
    arguments: impl Fn(&Workspace) -> Vec<String> + Send + 'static,
) -> Step {
    let check = move |workspace: &Workspace| {
        let mut command = cargo();
        command.args(["clippy", "--locked", "--workspace", "--all-targets"]);
        command.args(arguments(workspace)).args(["--", "-D", "warnings"]);
        run([command], workspace).check()
    };
    Step::new(name, about, check).needs(CLIPPY).needs(CRATES)
}

/// The feature in every library that has it.
fn with_feature(workspace: &Workspace, feature: &str) -> Vec<String> {
    let libraries = workspace.libraries().filter(|c| c.package.features.contains_key(feature));
    libraries.map(|c| format!("--features={}/{feature}", c.name())).collect()
}

/// With all features, and of each library alone with none: a feature of one may be what another needs.
pub(super) fn documentation() -> Step {
    let check = |workspace: &Workspace| {
        let all = [vec!["--all-features".to_owned()], workspace.library_arguments()].concat();
        let alone =
            workspace.libraries().map(|c| vec!["--package".to_owned(), c.name().to_owned()]);
        let commands = std::iter::once(all).chain(alone).map(|arguments| {
            let mut command = cargo();
            command.args(["doc", "--locked", "--no-deps"]).args(arguments);
            command.env("RUSTDOCFLAGS", "-D warnings");
            command
        });
        run(commands, workspace).check()
    };
    Step::new("docs", "the documentation builds without a warning", check).needs(CRATES)
}

/// As it would be uploaded: nothing that a library is built from lies outside of its folder.
pub(super) fn packages() -> Step {
    let check = |workspace: &Workspace| {
        let mut command = cargo();
        // Of work that is not committed, too.
        command.args(["package", "--locked", "--allow-dirty"]).args(workspace.library_arguments());
        run([command], workspace).check()
    };
    let about = "the libraries build from what would be published";
    Step::new("packages", about, check).needs(Part::WorkTree).needs(CRATES)
}

pub(super) fn oldest_rust(workspace: &Workspace) -> Step {
    // A library without one is the finding of a check of the house.
    let version = workspace.oldest_rust().unwrap_or_else(|| "stable".to_owned());
    let toolchain = version.clone();
    let check = move |workspace: &Workspace| {
        let commands = [&["--no-default-features"][..], &["--all-features"]].map(|features| {
            let mut command = cargo_of(&toolchain);
            command.args(["check", "--locked"]).args(features).args(workspace.library_arguments());
            command
        });
        run(commands, workspace).check()
    };
    let about = format!("the libraries build with Rust {version}, the oldest they promise");
    Step::new("oldest-rust", about, check).needs(Part::Toolchain(version)).needs(CRATES)
}

/// The libraries without the standard library, with none and with all of the features that go
/// without it.
pub(super) fn no_std(target: &'static str) -> Step {
    let check = move |workspace: &Workspace| {
        let named = |c: &Crate| -> Vec<String> {
            c.no_std_features().map(|feature| format!("{}/{feature}", c.name())).collect()
        };
        let features: Vec<String> = workspace.libraries().flat_map(named).collect();
        let commands = [String::new(), features.join(",")].map(|features| {
            let mut command = cargo();
            command.args(["build", "--locked", "--lib", "--no-default-features"]);
            command.args(workspace.library_arguments()).args(["--target", target]);
            command.args(["--features", &features]);
            command
        });
        run(commands, workspace).check()
    };
    let architecture = target.split('-').next().unwrap_or(target);
    let about = format!("the libraries build for {target} without std");
    Step::new(format!("no-std-{architecture}"), about, check)
        .needs(Part::Target(target))
        .needs(CRATES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workspace_inside_is_known() {
        let workspace = Workspace::read().unwrap();
        let root = std::fs::read_to_string(workspace.root.join("Cargo.toml")).unwrap();
        let root: toml::Table = root.parse().unwrap();
        let excluded = root["workspace"]["exclude"].as_array().unwrap().iter();
        let manifests = excluded.map(|folder| format!("{}/Cargo.toml", folder.as_str().unwrap()));
        let is_workspace = |manifest: &String| {
            std::fs::read_to_string(workspace.root.join(manifest)).unwrap().contains("[workspace]")
        };
        assert_eq!(manifests.filter(is_workspace).collect::<Vec<_>>(), INNER);
    }
}
