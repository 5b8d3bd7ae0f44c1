//! The guest's file system: a cpio archive in the "newc" format (Documentation/driver-api/
//! early-userspace/buffer-format.rst).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::kernel::Kernel;
use super::modules::Modules;
use super::qemu::Controller;

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;

/// Loaded in every guest.
const COMMON: [&str; 3] = ["virtio_pci", "virtio_console", "cdc-acm"];
/// Loaded by the tests that need them.
const ON_DEMAND: [&str; 2] = ["usbtest", "usbmon"];

/// What goes into the archive.
pub struct Initramfs<'a> {
    pub kernel: &'a Kernel,
    pub busybox: &'a Path,
    pub guest: &'a Path,
}

impl Initramfs<'_> {
    pub fn write(&self, to: &Path) -> Result<()> {
        let modules = Modules::find(&self.kernel.modules)?;
        let mut archive = Archive::default();
        for folder in ["bin", "dev", "proc", "sys", "modules"] {
            archive.add(folder, FOLDER, b"");
        }
        archive.add("init", PROGRAM, include_bytes!("init.sh"));
        archive.add("bin/busybox", PROGRAM, &fs::read(self.busybox)?);
        archive.add("bin/guest", PROGRAM, &fs::read(self.guest)?);
        let mut files = BTreeMap::new();
        for controller in Controller::ALL {
            let names: Vec<_> = COMMON.iter().chain(controller.modules()).copied().collect();
            let order = modules.closure(&names)?;
            let list = order.iter().map(|path| format!("/{}\n", place(path))).collect::<String>();
            archive.add(&format!("modules/{controller}.list"), FILE, list.as_bytes());
            files.extend(order.into_iter().map(|path| (place(&path), path)));
        }
        for path in modules.closure(&ON_DEMAND)? {
            files.insert(place(&path), path);
        }
        for (place, path) in files {
            archive.add(&place, FILE, &fs::read(path)?);
        }
        fs::write(to, archive.finish())?;
        Ok(())
    }
}

fn place(module: &PathBuf) -> String {
    format!("modules/{}", Path::new(module).file_name().unwrap_or_default().to_string_lossy())
}

#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    entries: usize,
}

impl Archive {
    fn add(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let links = 1;
        let fields = [
            self.entries,
            mode as usize,
            0,
            0,
            links,
            0,
            content.len(),
            0,
            0,
            0,
            0,
            name.len() + 1,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08X}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        let length = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(length, 0);
    }

    fn finish(mut self) -> Vec<u8> {
        self.add("TRAILER!!!", 0, b"");
        self.bytes
    }
}
