//! What the program can do.

mod chip;
pub mod measure;
pub mod run;
mod served;
