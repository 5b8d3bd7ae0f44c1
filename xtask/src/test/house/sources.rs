//! What the sources must not contain.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::test::workspace::{Crate, Workspace};

/// The only places with `unsafe`: the cells that application and bus share, what the model checker
/// of them needs and no target sees, and the system calls of the program that tests a Linux host
/// from within.
const WITH_UNSAFE: [&str; 3] =
    ["class-acm/src/fifo/", "class-acm/src/sync.rs", "tests/guest/src/ioctl.rs"];
/// And of a driver for silicon, its registers and its DMA.
const WITH_UNSAFE_IN_DRIVERS: [&str; 2] = ["src/registers", "src/dma"];
/// What the firmware of the boards shares: it hands things to interrupt handlers and to DMA.
const OF_BOARDS: &str = "examples/";
/// Lines of the longest function in a library.
const LONGEST_FUNCTION: usize = 80;
/// Lines of the longest file in a library.
const LONGEST_FILE: usize = 400;

/// Every `unsafe`, in macros too, and every crate that the compiler does not keep from it.
pub fn unsafe_code(workspace: &Workspace) -> Result<Vec<String>> {
    let mut offences = Vec::new();
    let keeping = |member: &&Crate| !member.folder.starts_with(OF_BOARDS);
    for member in workspace.crates.iter().filter(keeping) {
        if !keeps_from_unsafe(member)? {
            offences.push(format!("{}: forbid or deny unsafe_code", member.name()));
        }
        for source in sources(workspace, member)? {
            if may_have_unsafe(&source.name) {
                continue;
            }
            let tokens: TokenStream = source.parse()?;
            let lines = unsafe_lines(tokens).into_iter();
            offences.extend(lines.map(|line| format!("{}:{line}: unsafe", source.name)));
        }
    }
    Ok(offences)
}

fn may_have_unsafe(name: &str) -> bool {
    let in_driver = name.strip_prefix("drivers/").and_then(|name| name.split_once('/'));
    let of_silicon = in_driver.is_some_and(|(_, place)| {
        WITH_UNSAFE_IN_DRIVERS.iter().any(|start| {
            let rest = place.strip_prefix(start);
            rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
        })
    });
    of_silicon || WITH_UNSAFE.iter().any(|place| name.starts_with(place))
}

/// Whether every root of the crate, or its manifest, forbids or denies `unsafe_code`.
fn keeps_from_unsafe(member: &Crate) -> Result<bool> {
    let manifest = fs::read_to_string(&member.package.manifest_path)?;
    let says_so = |line: &str| {
        let line = line.replace(' ', "");
        line == r#"unsafe_code="forbid""# || line == r#"unsafe_code="deny""#
    };
    if manifest.lines().any(says_so) {
        return Ok(true);
    }
    let roots = member.package.targets.iter().filter(|target| target.is_lib() || target.is_bin());
    for root in roots {
        let text = fs::read_to_string(&root.src_path)?;
        if !["forbid", "deny"]
            .iter()
            .any(|level| text.contains(&format!("#![{level}(unsafe_code)]")))
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many times a source says `unsafe`.
pub fn unsafe_count(source: &Source) -> Result<usize> {
    Ok(unsafe_lines(source.parse()?).len())
}

fn unsafe_lines(tokens: TokenStream) -> Vec<usize> {
    let mut lines = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => lines.extend(unsafe_lines(group.stream())),
            TokenTree::Ident(ident) if ident == "unsafe" => lines.push(ident.span().start().line),
            _ => {}
        }
    }
    lines
}

/// Every function and file of the libraries that is too long.
pub fn lengths(workspace: &Workspace) -> Result<Vec<String>> {
    let mut offences = Vec::new();
    for library in workspace.libraries() {
        for source in sources(workspace, library)? {
            if !source.name.starts_with(&source_folder(library)) {
                continue;
            }
            let lines = source.text.lines().count();
            if lines > LONGEST_FILE {
                offences.push(format!("{}: {lines} lines, {LONGEST_FILE} at most", source.name));
            }
            let mut functions = Functions::default();
            functions.visit_file(&source.parse()?);
            offences.extend(functions.too_long(&source.name));
        }
    }
    Ok(offences)
}

/// The functions of a file: name, first line, number of lines.
#[derive(Default)]
struct Functions(Vec<(String, usize, usize)>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, end: Span) {
        let first = signature.fn_token.span.start().line;
        self.0.push((signature.ident.to_string(), first, end.end().line - first + 1));
    }

    fn too_long(self, file: &str) -> impl Iterator<Item = String> {
        let long = self.0.into_iter().filter(|(.., lines)| *lines > LONGEST_FUNCTION);
        long.map(move |(name, first, lines)| {
            format!("{file}:{first}: {name}: {lines} lines, {LONGEST_FUNCTION} at most")
        })
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, item.block.brace_token.span.close());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, item.block.brace_token.span.close());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block.brace_token.span.close());
        }
        visit::visit_trait_item_fn(self, item);
    }
}

/// A source file.
pub struct Source {
    /// Below the root, with slashes.
    pub name: String,
    /// All of it.
    pub text: String,
}

impl Source {
    fn parse<T: SourceTree>(&self) -> Result<T> {
        T::parse(&self.text).with_context(|| format!("{} does not parse", self.name))
    }
}

/// What a source file parses to.
trait SourceTree: Sized {
    fn parse(text: &str) -> syn::Result<Self>;
}

impl SourceTree for TokenStream {
    fn parse(text: &str) -> syn::Result<Self> {
        syn::parse_str(text)
    }
}

impl SourceTree for syn::File {
    fn parse(text: &str) -> syn::Result<Self> {
        syn::parse_file(text)
    }
}

fn source_folder(member: &Crate) -> String {
    match member.folder.as_str() {
        "" => "src/".to_owned(),
        folder => format!("{folder}/src/"),
    }
}

/// The sources of a crate, but not those of crates in folders below it.
pub fn sources(workspace: &Workspace, member: &Crate) -> Result<Vec<Source>> {
    let mut files = Vec::new();
    collect(&workspace.root.join(&member.folder), &mut files)?;
    let source = |path: PathBuf| {
        let name = path.strip_prefix(&workspace.root)?.to_string_lossy().replace('\\', "/");
        Ok(Source { name, text: fs::read_to_string(&path)? })
    };
    files.into_iter().map(source).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            let is_other =
                path.join("Cargo.toml").exists() || name == "target" || name.starts_with('.');
            if !is_other {
                collect(&path, files)?;
            }
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_found_in_macros_and_not_in_text() {
        let text = "fn f() {\n m! { unsafe { g() } }\n}\n// unsafe\nconst S: &str = \"unsafe\";\nunsafe fn g() {}";
        let tokens = TokenStream::parse(text).unwrap();
        assert_eq!(unsafe_lines(tokens), [2, 6]);
    }

    #[test]
    fn unsafe_has_its_places() {
        for place in ["class-acm/src/fifo/slot.rs", "drivers/x/src/dma.rs"] {
            assert!(may_have_unsafe(place));
        }
        assert!(may_have_unsafe("drivers/x/src/registers/fake.rs"));
        for place in
            ["src/lib.rs", "drivers/x/src/lib.rs", "drivers/x/src/dmas.rs", "drivers/dma.rs"]
        {
            assert!(!may_have_unsafe(place));
        }
    }

    #[test]
    fn a_function_is_counted_from_its_name_to_its_end() {
        let mut text = "/// Says.\nfn f(\n) {\n".to_owned();
        text.push_str(&"g();\n".repeat(LONGEST_FUNCTION - 3));
        let count = |text: &str| {
            let mut functions = Functions::default();
            functions.visit_file(&syn::File::parse(text).unwrap());
            functions.too_long("f.rs").count()
        };
        assert_eq!(count(&format!("{text}}}")), 0);
        assert_eq!(count(&format!("{text}g();\n}}")), 1);
        assert_eq!(count(&format!("impl S {{\n{text}g();\n}}\n}}")), 1);
    }
}
