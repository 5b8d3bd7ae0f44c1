//! What a published crate has to say, and to bring along.

use crate::test::workspace::{Crate, Workspace};

const LICENCE: &str = "MIT OR Apache-2.0";
const LICENCE_FILES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// What is missing from which crate.
pub fn offences(workspace: &Workspace) -> Vec<String> {
    let oldest = workspace.oldest_rust();
    let mut offences = Vec::new();
    for library in workspace.libraries() {
        let lacks = |what: &str| format!("{}: {what}", library.name());
        if library.package.license.as_deref() != Some(LICENCE) {
            offences.push(lacks("the license is not \"MIT OR Apache-2.0\""));
        }
        if library.package.rust_version.is_none() || oldest_of(library) != oldest {
            offences.push(lacks("rust-version is missing, or not that of the other crates"));
        }
        if library.package.description.is_none() {
            offences.push(lacks("description is missing"));
        }
        let absent = |file: &&str| !workspace.root.join(&library.folder).join(file).is_file();
        let files = LICENCE_FILES.into_iter().filter(absent);
        offences.extend(files.map(|file| lacks(&format!("{file} is missing"))));
    }
    offences
}

fn oldest_of(library: &Crate) -> Option<String> {
    let version = library.package.rust_version.as_ref()?;
    Some(format!("{}.{}", version.major, version.minor))
}
