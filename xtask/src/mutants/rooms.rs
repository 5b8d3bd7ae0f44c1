//! Which mutants there are, and which tests are to catch them.

/// Part of the libraries, and the tests that are nearest to it.
pub(super) struct Room {
    /// As the table calls it.
    pub(super) name: &'static str,
    /// Its files, as patterns of cargo-mutants: `*` is one folder, `**` are all below.
    files: &'static [&'static str],
    /// What runs, in turn.
    pub(super) stages: &'static [Stage],
}

/// Tests that are built and run at once.
pub(super) struct Stage {
    /// Packages that have them.
    pub(super) packages: &'static [&'static str],
    /// Which of theirs are built, in the words of `cargo test`.
    pub(super) targets: &'static [&'static str],
    /// What is said to the programs that are built.
    pub(super) arguments: &'static [&'static str],
}

/// Integration tests that are quick to build and to run, and find most. Not those that try one thing
/// thousands of times.
const QUICK: Stage = Stage {
    packages: &["usbd-acm-tests"],
    targets: &["--test=wire", "--test=chapter9", "--test=cdc", "--test=power", "--test=sessions"],
    arguments: &["--skip=ten_thousand", "--skip=what_does_not_exist"],
};

/// The tests of the class, without the models for loom, which are empty without it.
const CLASS: Stage = Stage {
    packages: &["usbd-acm-class"],
    targets: &[
        "--lib",
        "--test=control",
        "--test=control_model",
        "--test=fifo",
        "--test=link",
        "--test=losses",
        "--test=request",
        "--test=slots",
        "--test=values",
    ],
    arguments: &[],
};

/// What uses most of the interface of the stack.
const NEAR: Stage = Stage {
    packages: &["usbd-acm", "usbd-acm-tests"],
    targets: &[
        "--lib",
        "--test=asynchronous",
        "--test=cdc",
        "--test=data_path",
        "--test=doorbell",
        "--test=faults",
        "--test=io",
        "--test=policies",
        "--test=power",
        "--test=sessions",
        "--test=wire",
    ],
    arguments: &[],
};

/// Every test of the stack.
const ALL: Stage = Stage {
    packages: &["usbd-acm", "usbd-acm-class", "usbd-acm-tests"],
    targets: &["--tests"],
    arguments: &[],
};

/// The bridges to usb-device are none yet: their tests are those of whole hosts, and take too long for
/// every mutant. Nor are the drivers, whose tests run firmware in an emulator.
pub(super) const ROOMS: [Room; 3] = [
    Room {
        name: "descriptors",
        files: &["descriptors/src/*.rs"],
        stages: &[
            Stage { packages: &["usbd-acm-descriptors"], targets: &["--tests"], arguments: &[] },
            Stage {
                packages: &["usbd-acm-tests"],
                targets: &["--test=chapter9", "--test=cdc"],
                arguments: &[],
            },
        ],
    },
    Room { name: "class-acm", files: &["class-acm/src/**/*.rs"], stages: &[CLASS, NEAR, ALL] },
    Room { name: "stack", files: &["src/*.rs", "src/policy/*.rs"], stages: &[QUICK, NEAR, ALL] },
];

impl Room {
    /// What cargo-mutants is to look at here: the whole room, or which of these files are in it.
    pub(super) fn selected<'a>(&self, files: &'a [String]) -> Vec<&'a str> {
        if self.is_whole(files) {
            return self.files.to_vec();
        }
        files.iter().map(String::as_str).filter(|file| self.has(file)).collect()
    }

    /// Whether all of it is asked for: by its name, or as nothing else is.
    pub(super) fn is_whole(&self, files: &[String]) -> bool {
        files.is_empty() || files.iter().any(|file| file == self.name)
    }

    pub(super) fn has(&self, file: &str) -> bool {
        self.files.iter().any(|pattern| {
            let (folder, names) = pattern.split_at(pattern.find('*').unwrap_or(pattern.len()));
            let rest = file.strip_prefix(folder);
            rest.is_some_and(|rest| names.starts_with("**") || !rest.contains('/'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ROOMS;

    #[test]
    fn a_file_is_in_one_room() {
        for (file, room) in [
            ("src/control.rs", "stack"),
            ("src/policy/wait.rs", "stack"),
            ("class-acm/src/fifo/in_fifo/mod.rs", "class-acm"),
            ("descriptors/src/string.rs", "descriptors"),
        ] {
            let rooms = ROOMS.iter().filter(|room| room.has(file)).map(|room| room.name);
            assert_eq!(rooms.collect::<Vec<_>>(), [room], "{file}");
        }
    }

    #[test]
    fn a_room_is_selected_by_its_name() {
        let names = ["stack".to_owned(), "class-acm/src/setup.rs".to_owned()];
        let [descriptors, class, stack] = ROOMS.map(|room| room.selected(&names).len());
        assert_eq!((descriptors, class, stack), (0, 1, 2));
    }

    #[test]
    fn what_is_not_looked_at_is_in_none() {
        for file in ["descriptors/src/parse/tree.rs", "src/usb_device/class/mod.rs"] {
            assert!(!ROOMS.iter().any(|room| room.has(file)), "{file}");
        }
    }
}
