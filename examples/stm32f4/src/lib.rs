//! What the firmware of the boards with an STM32F4 shares. Sections are those of RM0090 (STM32F405); RM0383
//! (STM32F411) says the same.
#![no_std]

mod board;
pub mod button;
pub mod clock_tree;
pub mod usart;
pub mod usb;

pub use board::{Board, Otg, Serial};
pub use button::Button;
pub use clock_tree::ClockTree;
pub use usart::Usart;
