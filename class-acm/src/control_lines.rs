//! The lines the host controls (PSTN 1.2 §6.3.12).

bitflags::bitflags! {
    /// Control line state: what the host drives with SET_CONTROL_LINE_STATE.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct ControlLineState: u8 {
        /// D0, V.24 circuit 108/2: a terminal is there.
        const DTR = 1 << 0;
        /// D1, V.24 circuit 105: carrier on, in a half-duplex modem; the host may send.
        const RTS = 1 << 1;
    }
}

impl ControlLineState {
    /// Control line state of wValue. PSTN 1.2 §6.3.12: D15..2 are reserved and ignored.
    pub const fn from_value(value: u16) -> Self {
        Self::from_bits_truncate(value.to_le_bytes()[0])
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ControlLineState {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "ControlLineState({=u8:#b})", self.bits());
    }
}
