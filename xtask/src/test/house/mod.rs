//! Checks of the house: what the compiler does not look at.

mod layers;
mod manifests;
mod origins;
mod paths;
mod security;
pub mod sources;

use super::part::{CRATES, Part};
use super::step::{Outcome, Step};

/// One step for each rule.
pub fn steps() -> Vec<Step> {
    vec![
        Step::new("house-layers", "no crate depends on one above it", |workspace| {
            Outcome::of_offences(&layers::offences(workspace))
        }),
        Step::new(
            "house-manifests",
            "licence, oldest Rust and description are there",
            |workspace| Outcome::of_offences(&manifests::offences(workspace)),
        ),
        Step::new("house-origins", "dependencies come from where deny.toml says", |workspace| {
            listed(origins::offences(workspace))
        })
        .needs(CRATES),
        Step::new("house-security", "the tests that SECURITY.md names exist", |workspace| {
            listed(security::offences(workspace))
        }),
        Step::new("house-unsafe", "no unsafe outside the packet FIFOs", |workspace| {
            listed(sources::unsafe_code(workspace))
        }),
        Step::new("house-lengths", "no library function or file is too long", |workspace| {
            listed(sources::lengths(workspace))
        }),
        Step::new("house-paths", "no path of somebody's machine is committed", |workspace| {
            listed(paths::offences(workspace))
        })
        .needs(Part::WorkTree),
    ]
}

/// The offences that were found, or why the search failed.
fn listed(offences: anyhow::Result<Vec<String>>) -> Outcome {
    match offences {
        Ok(offences) => Outcome::of_offences(&offences),
        Err(error) => Outcome::of(Err(format!("{error:#}"))),
    }
}
