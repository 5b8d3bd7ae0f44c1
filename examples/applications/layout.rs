//! The build script of the boards whose memory layout is one file: hands it to the linker.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let output = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::copy(folder.join("memory.x"), output.join("memory.x"))?;
    println!("cargo:rustc-link-search={}", output.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    // Flash has no pages: without this the headers of the ELF file would be flashed below the start.
    println!("cargo:rustc-link-arg-bins=--nmagic");
    // Else functions lie in the order of hashes, which are of the folder that this is built in.
    println!("cargo:rustc-link-arg-bins=--sort-section=name");
    println!("cargo:rerun-if-changed=memory.x");
    Ok(())
}
