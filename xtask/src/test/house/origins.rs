//! Where dependencies come from, and under which licence: as `deny.toml` says.

use anyhow::{Context, Result};
use cargo_metadata::{MetadataCommand, Package};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::test::workspace::Workspace;

/// The lists of `deny.toml`.
#[derive(Deserialize)]
struct Lists {
    licenses: Licences,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Sources {
    #[serde(rename = "allow-registry")]
    registries: Vec<String>,
}

/// Every package in the lock file that the lists do not allow.
pub fn offences(workspace: &Workspace) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(workspace.root.join("deny.toml"))?;
    let lists: Lists = toml::from_str(&text).context("deny.toml")?;
    let metadata = MetadataCommand::new()
        .manifest_path(workspace.root.join("Cargo.toml"))
        .other_options(["--locked", "--offline"].map(str::to_owned))
        .exec()
        .context("the dependencies cannot be read: connect to the network, once")?;
    Ok(metadata.packages.iter().flat_map(|package| lists.offences_of(package)).collect())
}

impl Lists {
    fn offences_of(&self, package: &Package) -> Vec<String> {
        let name = format!("{} {}", package.name, package.version);
        let mut offences = Vec::new();
        if let Some(source) = &package.source
            && !self.allows_source(&source.repr)
        {
            offences.push(format!("{name}: comes from {}", source.repr));
        }
        let licence = package.license.as_deref().unwrap_or_default();
        if !self.allows_licence(licence) {
            offences.push(format!("{name}: its licence is {licence:?}, which deny.toml lacks"));
        }
        offences
    }

    fn allows_source(&self, source: &str) -> bool {
        self.sources.registries.iter().any(|url| source == format!("registry+{url}"))
    }

    /// Of alternatives one has to be allowed.
    fn allows_licence(&self, licence: &str) -> bool {
        let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else { return false };
        expression.evaluate(|requirement| {
            self.licenses.allow.iter().any(|allowed| *allowed == requirement.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Licences, Lists, Sources};

    fn lists() -> Lists {
        let allow = ["MIT", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        let registries = vec!["https://example.com/index".to_owned()];
        Lists { licenses: Licences { allow }, sources: Sources { registries } }
    }

    #[test]
    fn of_alternatives_one_has_to_be_allowed_and_of_conditions_all() {
        let lists = lists();
        for licence in ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "Apache-2.0 WITH LLVM-exception"] {
            assert!(lists.allows_licence(licence), "{licence}");
        }
        for licence in ["", "GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "no licence at all"] {
            assert!(!lists.allows_licence(licence), "{licence}");
        }
    }

    #[test]
    fn a_repository_is_no_registry() {
        assert!(lists().allows_source("registry+https://example.com/index"));
        assert!(!lists().allows_source("git+https://example.com/index"));
    }
}
