//! Every program in `cases` is refused, for the reason that stands beside it.
//!
//! The words are those of one compiler. After a change: `TRYBUILD=overwrite cargo +1.95.0 test -p
//! usbd-acm-wrong-uses -- --ignored`, and read what it wrote.

#[test]
#[ignore = "the words of one compiler: cargo xtask test --only wrong-uses"]
fn wrong_uses_are_refused() {
    trybuild::TestCases::new().compile_fail("cases/*.rs");
}
