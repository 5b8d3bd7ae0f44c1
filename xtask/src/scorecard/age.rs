//! Whether figures are younger than what they are figures of.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Result, bail};

use crate::figures;
use crate::test::house::sources;
use crate::test::workspace::Workspace;

/// How the names of figures begin that have no chip's driver in what they count: the stack runs on the
/// virtual controller, or is linked for one that does nothing.
const WITHOUT_DRIVERS: [&str; 11] = [
    "closure-",
    "coverage",
    "enumerations",
    "exhaustive-",
    "faults-",
    "fuzz-",
    "load-",
    "mutants-",
    "panic-free",
    "sweep-",
    "thread-sanitizer",
];

/// Figures of code that has changed since are nobody's.
pub(super) fn refuse_what_is_old(workspace: &Workspace) -> Result<()> {
    let newest = Newest::of(workspace)?;
    for file in fs::read_dir(figures::folder(&workspace.root)).into_iter().flatten() {
        let path = file?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if newest.is_after(name, modified(&path)?) {
            bail!("{} is older than its libraries: run what counts it again", path.display());
        }
    }
    Ok(())
}

fn modified(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

/// When a source was changed last.
#[derive(Default)]
struct Newest {
    /// Of what every figure is of.
    stack: Option<SystemTime>,
    /// Of the chips' drivers.
    drivers: Option<SystemTime>,
}

impl Newest {
    fn of(workspace: &Workspace) -> Result<Self> {
        let mut newest = Self::default();
        for library in workspace.libraries() {
            for source in sources::sources(workspace, library)? {
                let name = &source.name;
                if !name.contains("tests/") && !name.contains("examples/") {
                    newest.note(&library.folder, modified(&workspace.root.join(name))?);
                }
            }
        }
        Ok(newest)
    }

    fn note(&mut self, folder: &str, changed: SystemTime) {
        let is_driver = folder.starts_with("drivers/") && folder != "drivers/virtual";
        let newest = if is_driver { &mut self.drivers } else { &mut self.stack };
        *newest = (*newest).max(Some(changed));
    }

    /// Whether something that this figure is of was changed after it was counted.
    fn is_after(&self, figure: &str, counted: SystemTime) -> bool {
        let has_drivers = !WITHOUT_DRIVERS.iter().any(|name| figure.starts_with(name));
        let drivers = self.drivers.filter(|_| has_drivers);
        self.stack.max(drivers) > Some(counted)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn newest(folders: &[(&str, u64)]) -> Newest {
        let mut newest = Newest::default();
        folders.iter().for_each(|(folder, seconds)| newest.note(folder, at(*seconds)));
        newest
    }

    #[test]
    fn a_driver_makes_old_what_it_is_in() {
        let newest = newest(&[("", 10), ("class-acm", 5), ("drivers/nrf52840", 20)]);
        for figure in ["firmware-cycles-nrf52840", "stack", "what nobody knows yet"] {
            assert!(newest.is_after(figure, at(15)), "{figure}");
            assert!(!newest.is_after(figure, at(20)), "{figure}");
        }
        for figure in ["closure-data-prefer", "enumerations", "faults-reset", "load-full"] {
            assert!(!newest.is_after(figure, at(15)), "{figure}");
            assert!(newest.is_after(figure, at(9)), "{figure}");
        }
    }

    #[test]
    fn the_virtual_controller_makes_everything_old() {
        let newest = newest(&[("", 10), ("drivers/virtual", 20), ("drivers/synopsys-otg", 5)]);
        for figure in ["firmware-cycles-nrf52840", "stack", "closure-data-prefer", "load-full"] {
            assert!(newest.is_after(figure, at(15)), "{figure}");
        }
    }
}
