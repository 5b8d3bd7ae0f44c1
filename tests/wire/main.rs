//! The wire, row by row: standard requests in every device state (3.1), and the mechanics of control
//! transfers (3.2). One row, one test or more, named after it.

mod aborts;
mod every_device;
mod halts;
mod lengths;
mod requests;
mod stages;
mod states;
mod test_modes;
