//! What the program can do.

pub mod run;
mod served;
