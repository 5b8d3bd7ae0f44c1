//! Control line state: DTR and RTS (PSTN 1.2 §6.3.12).

bitflags::bitflags! {
    /// The lines that the host drives, as wValue of SET_CONTROL_LINE_STATE carries them.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct ControlLineState: u8 {
        /// Data terminal ready (V.24 circuit 108/2): a program has the port open.
        const DTR = 1 << 0;
        /// Request to send (V.24 circuit 105).
        const RTS = 1 << 1;
    }
}

impl ControlLineState {
    /// The lines in wValue of SET_CONTROL_LINE_STATE. Reserved bits are ignored (PSTN 1.2 table 18).
    pub const fn from_value(value: u16) -> Self {
        let [lines, _] = value.to_le_bytes();
        Self::from_bits_truncate(lines)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for ControlLineState {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "DTR={} RTS={}", self.contains(Self::DTR), self.contains(Self::RTS));
    }
}
