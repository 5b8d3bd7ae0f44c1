//! A pin that a UART drives, or that is held low: a HAL has a type for each.

/// TXD: driven by the UART, as a `U`, or low, as an `L`.
pub struct Txd<U, L>(Option<Driven<U, L>>);

enum Driven<U, L> {
    ByUart(U),
    Low(L),
}

impl<U, L> Txd<U, L> {
    /// Driven by the UART.
    pub fn new(pin: U) -> Self {
        Self(Some(Driven::ByUart(pin)))
    }

    /// Makes the one of the other, where it is not already.
    pub fn hold_low(&mut self, low: bool, hold: impl FnOnce(U) -> L, end: impl FnOnce(L) -> U) {
        self.0 = match self.0.take() {
            Some(Driven::ByUart(pin)) if low => Some(Driven::Low(hold(pin))),
            Some(Driven::Low(pin)) if !low => Some(Driven::ByUart(end(pin))),
            unchanged => unchanged,
        };
    }
}
