//! What the program can do.

pub mod measure;
pub mod run;
mod served;
