//! Programs in `cases` that must not compile, with the compiler's reason beside each.
#![forbid(unsafe_code)]
