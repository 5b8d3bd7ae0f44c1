//! The layers of ARCHITECTURE.md: a crate imports what lies below it.

use cargo_metadata::DependencyKind;

use crate::test::workspace::{Crate, Workspace};

/// Where a crate lies, lowest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Layer {
    Descriptors,
    Class,
    Stack,
    Driver,
    /// Tests, tools and firmware, which may import anything.
    Outside,
}

impl Layer {
    fn of(folder: &str) -> Self {
        match folder {
            "descriptors" => Self::Descriptors,
            "class-acm" => Self::Class,
            "" => Self::Stack,
            // A class of another stack lies beside the drivers, and knows none of them.
            "embassy" => Self::Driver,
            _ if folder.starts_with("drivers/") => Self::Driver,
            _ => Self::Outside,
        }
    }

    /// Whether a crate of this layer may import one of the layer `other`.
    fn may_import(self, other: Self, kind: DependencyKind) -> bool {
        match (self, other) {
            (Self::Outside, _) => true,
            // The tests of a driver are run by the simulated host of another.
            (Self::Driver, Self::Driver) => kind == DependencyKind::Development,
            _ => other < self,
        }
    }
}

/// Every arrow that does not point down.
pub fn offences(workspace: &Workspace) -> Vec<String> {
    let mut offences = Vec::new();
    for from in &workspace.crates {
        for dependency in &from.package.dependencies {
            let path = dependency.path.as_ref().map(|path| path.as_std_path());
            let Some(to) = path.and_then(|path| workspace.in_folder(path)) else { continue };
            offences.extend(offence(from, to, dependency.kind));
        }
    }
    offences
}

fn offence(from: &Crate, to: &Crate, kind: DependencyKind) -> Option<String> {
    let (above, below) = (Layer::of(&from.folder), Layer::of(&to.folder));
    // The tests of a crate import it with other features.
    let is_itself = from.folder == to.folder && kind == DependencyKind::Development;
    (!is_itself && !above.may_import(below, kind))
        .then(|| format!("{} ({above:?}) imports {} ({below:?}) as {kind}", from.name(), to.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_import(from: &str, to: &str) -> bool {
        Layer::of(from).may_import(Layer::of(to), DependencyKind::Normal)
    }

    #[test]
    fn arrows_point_down() {
        assert!(may_import("class-acm", "descriptors"));
        assert!(may_import("", "descriptors"));
        assert!(may_import("drivers/virtual", ""));
        assert!(may_import("embassy", ""));
        assert!(may_import("tests", "embassy"));
        assert!(may_import("xtask", "drivers/virtual"));
        assert!(may_import("xtask", "tests/guest"));
    }

    #[test]
    fn arrows_up_and_sideways_are_offences() {
        assert!(!may_import("descriptors", "class-acm"));
        assert!(!may_import("class-acm", ""));
        assert!(!may_import("", "drivers/virtual"));
        assert!(!may_import("", "embassy"));
        assert!(!may_import("embassy", "drivers/virtual"));
        assert!(!may_import("drivers/a", "drivers/b"));
        assert!(!may_import("drivers/virtual", "tests"));
    }

    #[test]
    fn tests_of_a_driver_may_use_another() {
        let driver = Layer::Driver;
        assert!(driver.may_import(driver, DependencyKind::Development));
        assert!(!Layer::Stack.may_import(driver, DependencyKind::Development));
    }
}
