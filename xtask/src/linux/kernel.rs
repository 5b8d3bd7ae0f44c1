//! Debian's kernel, taken out of its package: nothing is installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::tools::{self, Missing};

/// It depends on the current kernel. The *cloud* one has no USB.
const METAPACKAGE: &str = "linux-image-amd64";

/// A kernel, unpacked.
pub struct Kernel {
    /// The ELF file that QEMU boots through PVH.
    pub vmlinux: PathBuf,
    /// The folder that holds the `.ko` files.
    pub modules: PathBuf,
}

impl Kernel {
    /// The kernel from the cache, or else from `deb`, or else from the distribution.
    pub fn obtain(folder: &Path, deb: Option<&Path>) -> Result<Self> {
        let root = folder.join("kernel");
        let origin = deb.map_or(METAPACKAGE.into(), |deb| deb.display().to_string());
        if fs::read_to_string(root.join("complete")).unwrap_or_default() != origin {
            let package = match deb {
                Some(deb) => deb.to_owned(),
                None => download(&folder.join("download"))?,
            };
            // The one in the cache stays until there is another.
            let unpacked = folder.join("unpacked");
            empty(&unpacked)?;
            unpack(&package, &unpacked)?;
            fs::write(unpacked.join("complete"), origin)?;
            empty(&root)?;
            fs::rename(&unpacked, &root)?;
        }
        let modules = only_entry(&root.join("lib/modules"))?;
        Ok(Self { vmlinux: root.join("vmlinux"), modules })
    }
}

/// A folder without anything in it.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

fn download(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    for program in ["apt-get", "apt-cache"] {
        if tools::in_path(program).is_none() {
            let what = "no apt-get here: give a Debian kernel with --kernel linux-image-….deb";
            return Err(Missing(what.into()).into());
        }
    }
    eprintln!("downloading {METAPACKAGE}, once, to {}", folder.display());
    if let Some(package) = try_download(folder)? {
        return Ok(package);
    }
    if tools::update()
        && let Some(package) = try_download(folder)?
    {
        return Ok(package);
    }
    let what = "`apt-get download` has no kernel: `apt-get update` as root, or is there no network? \
                `--kernel linux-image-….deb` takes one from elsewhere";
    Err(Missing(what.into()).into())
}

fn try_download(folder: &Path) -> Result<Option<PathBuf>> {
    let output = Command::new("apt-cache").args(["depends", METAPACKAGE]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let depends = text.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    let Some(package) = depends else { return Ok(None) };
    let status = Command::new("apt-get")
        .args(["-qq", "download", package])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status()?;
    if !status.success() {
        return Ok(None);
    }
    let is_package = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(package) && name.ends_with(".deb")
    };
    Ok(fs::read_dir(folder)?.filter_map(|e| Some(e.ok()?.path())).find(is_package))
}

fn unpack(package: &Path, root: &Path) -> Result<()> {
    let status = Command::new("dpkg-deb").arg("-x").arg(package).arg(root).status()?;
    ensure!(
        status.success(),
        "dpkg-deb cannot unpack {}: --kernel takes a linux-image-….deb of Debian",
        package.display()
    );
    let usr_lib = root.join("usr/lib");
    if !root.join("lib").exists() && usr_lib.exists() {
        fs::rename(usr_lib, root.join("lib"))?;
    }
    let is_image = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz"))
    };
    let mut boot = fs::read_dir(root.join("boot")).into_iter().flatten().filter_map(Result::ok);
    let image = boot.find_map(|entry| Some(entry.path()).filter(is_image)).with_context(|| {
        let package = package.display();
        format!("no kernel is in {package}: --kernel takes a linux-image-….deb of Debian")
    })?;
    extract_vmlinux(&image, &root.join("vmlinux"))
}

/// Takes the ELF file out of a bzImage (Documentation/arch/x86/boot.rst: the payload fields of the
/// setup header).
fn extract_vmlinux(image: &Path, vmlinux: &Path) -> Result<()> {
    let bytes = fs::read(image)?;
    let word = |offset: usize| {
        let field = bytes.get(offset..offset + 4)?;
        Some(u32::from_le_bytes(field.try_into().ok()?) as usize)
    };
    ensure!(bytes.get(0x202..0x206) == Some(b"HdrS"), "{} is no bzImage", image.display());
    let setup_sectors = usize::from(*bytes.get(0x1F1).context("too short")?).max(1);
    let offset = word(0x248).context("no payload_offset")?;
    let length = word(0x24C).context("no payload_length")?;
    let start = (setup_sectors + 1) * 512 + offset;
    let payload = bytes.get(start..start + length).context("the payload is outside the file")?;
    decompress(payload, vmlinux)?;
    let elf = fs::read(vmlinux)?;
    ensure!(elf.starts_with(b"\x7FELF"), "the payload of {} is no ELF file", image.display());
    Ok(())
}

fn decompress(payload: &[u8], to: &Path) -> Result<()> {
    // All but gzip have the uncompressed size appended, four bytes.
    let program = match payload {
        [0xFD, b'7', b'z', b'X', ..] => "xz",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "zstd",
        [0x1F, 0x8B, ..] => "gzip",
        [0x02, 0x21, 0x4C, 0x18, ..] => "lz4",
        _ => bail!("an unknown compression of the kernel"),
    };
    let trailer = if program == "gzip" { 0 } else { 4 };
    let stream = payload.get(..payload.len() - trailer).context("an empty payload")?;
    let packed = to.with_extension("packed");
    fs::write(&packed, stream)?;
    let status = Command::new(program)
        .arg("-dc")
        .stdin(fs::File::open(&packed)?)
        .stdout(fs::File::create(to)?)
        .status()
        .map_err(|_| Missing(format!("`{program}`, to unpack the kernel")))?;
    ensure!(status.success(), "{program} -dc failed on the kernel");
    fs::remove_file(packed)?;
    Ok(())
}

fn only_entry(folder: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    Ok(entries.next().context("no kernel modules in the package")??.path())
}
