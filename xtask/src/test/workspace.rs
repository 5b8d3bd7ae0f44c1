//! The crates of the workspace, as their manifests describe them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{MetadataCommand, Package};

/// The workspace.
pub struct Workspace {
    /// Folder of the workspace.
    pub root: PathBuf,
    /// Its crates.
    pub crates: Vec<Crate>,
}

/// A crate of the workspace.
pub struct Crate {
    /// What its manifest says.
    pub package: Package,
    /// Its folder below the root; empty for the root crate.
    pub folder: String,
}

impl Workspace {
    /// Reads the manifests; needs no network.
    pub fn read() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .context("the manifests cannot be read")?;
        let crates = metadata.packages.into_iter().map(|package| Crate::new(root, package));
        Ok(Self { root: root.to_owned(), crates: crates.collect() })
    }

    /// The crates that are published: the libraries.
    pub fn libraries(&self) -> impl Iterator<Item = &Crate> {
        self.crates.iter().filter(|c| c.is_published())
    }

    /// `-p NAME` for each library.
    pub fn library_arguments(&self) -> Vec<String> {
        self.libraries().flat_map(|c| ["-p".to_owned(), c.name().to_owned()]).collect()
    }

    /// Oldest Rust version that the libraries build with, as `1.88`.
    pub fn oldest_rust(&self) -> Option<String> {
        let versions = self.libraries().filter_map(|c| c.package.rust_version.as_ref());
        versions.min().map(|version| format!("{}.{}", version.major, version.minor))
    }

    /// The crate in this folder.
    pub fn in_folder(&self, folder: &Path) -> Option<&Crate> {
        self.crates.iter().find(|c| self.root.join(&c.folder) == folder)
    }
}

impl Crate {
    fn new(root: &Path, package: Package) -> Self {
        let folder = package.manifest_path.parent().map(|path| path.as_std_path());
        let folder = folder.and_then(|path| path.strip_prefix(root).ok()).unwrap_or(root);
        let folder = folder.to_string_lossy().replace('\\', "/");
        Self { package, folder }
    }

    /// Package name.
    pub fn name(&self) -> &str {
        self.package.name.as_str()
    }

    /// Whether it is published, or kept from it by `publish = false`.
    pub fn is_published(&self) -> bool {
        self.package.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }

    /// The features that leave the crate `no_std`, without `default`.
    pub fn no_std_features(&self) -> impl Iterator<Item = &str> {
        let names = self.package.features.keys().map(String::as_str);
        names.filter(|name| *name != "default" && !self.closure(name).contains("std"))
    }

    /// The features of this crate that `feature` switches on, itself included.
    fn closure<'a>(&'a self, feature: &'a str) -> BTreeSet<&'a str> {
        let mut closure = BTreeSet::new();
        let mut open = vec![feature];
        while let Some(name) = open.pop() {
            if closure.insert(name) {
                let implied = self.package.features.get(name);
                open.extend(implied.into_iter().flatten().map(String::as_str));
            }
        }
        closure
    }
}
