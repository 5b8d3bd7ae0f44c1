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
    /// Who has them.
    pub(super) of: Of,
    /// Which of theirs are built, in the words of `cargo test`.
    pub(super) targets: &'static [&'static str],
    /// What is said to the programs that are built.
    pub(super) arguments: &'static [&'static str],
}

/// Whose tests.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// These packages.
    Packages(&'static [&'static str]),
    /// Every package of the workspace with this manifest, which is another one.
    Workspace(&'static str),
}

/// Integration tests that are quick to build and to run, and find most. Not those that try one thing
/// thousands of times.
const QUICK: Stage = Stage {
    of: Of::Packages(&["usbd-acm-tests"]),
    targets: &["--test=wire", "--test=chapter9", "--test=cdc", "--test=power", "--test=sessions"],
    arguments: &["--skip=ten_thousand", "--skip=what_does_not_exist"],
};

/// The tests of the class, without the models for loom, which are empty without it.
const CLASS: Stage = Stage {
    of: Of::Packages(&["usbd-acm-class"]),
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
    of: Of::Packages(&["usbd-acm", "usbd-acm-tests"]),
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

/// What a writer does when nobody reads: what never ends here is soon found out.
const POLICIES: Stage = Stage {
    of: Of::Packages(&["usbd-acm-tests"]),
    targets: &["--test=policies", "--test=io"],
    arguments: &[],
};

/// Every test of the stack.
const ALL: Stage = Stage {
    of: Of::Packages(&["usbd-acm", "usbd-acm-class", "usbd-acm-tests"]),
    targets: &["--tests"],
    arguments: &[],
};

/// The bridges to usb-device, with as few programs as find most.
const BRIDGED: Stage = Stage {
    of: Of::Packages(&["usbd-acm-tests"]),
    targets: &["--test=usb_device", "--test=wire", "--test=cdc"],
    arguments: &["--skip=what_does_not_exist"],
};

/// A workspace of its own, for a feature of usb-device that the other tests do without.
pub(super) const COMPOSITE_MANIFEST: &str = "tests/composite/Cargo.toml";

/// Ports beside another class: where interfaces and endpoints have other numbers.
const COMPOSITE: Stage =
    Stage { of: Of::Workspace(COMPOSITE_MANIFEST), targets: &["--tests"], arguments: &[] };

/// Whatever goes over a bridge.
const ALL_BRIDGED: Stage = Stage {
    of: Of::Packages(&["usbd-acm", "usbd-acm-tests"]),
    targets: &[
        "--lib",
        "--test=cdc",
        "--test=chapter9",
        "--test=data_path",
        "--test=exhaustive",
        "--test=faults",
        "--test=io",
        "--test=usb_device",
        "--test=usbtest",
        "--test=wire",
    ],
    arguments: &["--skip=ten_thousand"],
};

/// The drivers are in none: their tests run firmware in an emulator, and take too long for every mutant.
pub(super) const ROOMS: [Room; 5] = [
    Room {
        name: "descriptors",
        files: &["descriptors/src/*.rs"],
        stages: &[
            Stage {
                of: Of::Packages(&["usbd-acm-descriptors"]),
                targets: &["--tests"],
                arguments: &[],
            },
            Stage {
                of: Of::Packages(&["usbd-acm-tests"]),
                targets: &["--test=chapter9", "--test=cdc"],
                arguments: &[],
            },
        ],
    },
    Room { name: "class-acm", files: &["class-acm/src/**/*.rs"], stages: &[CLASS, NEAR, ALL] },
    Room { name: "stack", files: &["src/*.rs"], stages: &[QUICK, NEAR, ALL] },
    Room { name: "policies", files: &["src/policy/*.rs"], stages: &[POLICIES, ALL] },
    Room {
        name: "bridges",
        files: &["src/usb_device/**/*.rs"],
        stages: &[BRIDGED, COMPOSITE, ALL_BRIDGED],
    },
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
            ("src/policy/wait.rs", "policies"),
            ("class-acm/src/fifo/in_fifo/mod.rs", "class-acm"),
            ("descriptors/src/string.rs", "descriptors"),
            ("src/usb_device/pipe.rs", "bridges"),
            ("src/usb_device/class/mod.rs", "bridges"),
        ] {
            let rooms = ROOMS.iter().filter(|room| room.has(file)).map(|room| room.name);
            assert_eq!(rooms.collect::<Vec<_>>(), [room], "{file}");
        }
    }

    #[test]
    fn a_room_is_selected_by_its_name() {
        let names = ["stack".to_owned(), "class-acm/src/setup.rs".to_owned()];
        let selected = ROOMS.map(|room| room.selected(&names).len());
        assert_eq!(selected, [0, 1, 1, 0, 0]);
    }

    #[test]
    fn what_is_not_looked_at_is_in_none() {
        for file in ["descriptors/src/parse/tree.rs", "drivers/nrf52840/src/lib.rs"] {
            assert!(!ROOMS.iter().any(|room| room.has(file)), "{file}");
        }
    }
}
