//! The model of the OTG core by itself, register by register: what RM0090 §34 and ES0182 say.

mod chip;
mod control;
mod fifos;
mod power;
mod speed;
mod transfers;
