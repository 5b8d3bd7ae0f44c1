//! Hands the memory layout to the linker.

use std::path::PathBuf;
use std::{env, fs, io};

/// Where the boot loader of the feature `uf2` expects the firmware.
const UF2_START: u32 = 0x26000;
/// Bytes of flash.
const FLASH: u32 = 1024 * 1024;

fn main() -> io::Result<()> {
    let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let output = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let start = if env::var_os("CARGO_FEATURE_UF2").is_some() { UF2_START } else { 0 };
    let flash = format!("ORIGIN = {start:#x}, LENGTH = {:#x}", FLASH - start);
    let layout = fs::read_to_string(PathBuf::from(&folder).join("memory.x.in"))?;
    fs::write(output.join("memory.x"), layout.replace("@FLASH@", &flash))?;
    fs::copy(PathBuf::from(&folder).join("device.x"), output.join("device.x"))?;
    println!("cargo:rustc-link-search={}", output.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    // Flash has no pages: without this the headers of the ELF file would be flashed below the start.
    println!("cargo:rustc-link-arg-bins=--nmagic");
    // Else functions lie in the order of hashes, which are of the folder that this is built in.
    println!("cargo:rustc-link-arg-bins=--sort-section=name");
    println!("cargo:rerun-if-changed=memory.x.in");
    println!("cargo:rerun-if-changed=device.x");
    Ok(())
}
