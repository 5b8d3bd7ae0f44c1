//! Every request there is, in every device state, against the reference model.
//!
//! A case is one control transfer on token level. It must come to the one outcome that the model
//! names, and the device must answer GET_DESCRIPTOR after it. `--nocapture` prints how many cases
//! there were.

mod classes;
mod fields;
mod requests;
mod sweep;
mod tokens;
mod walk;
