//! The state the device reports about its line (PSTN 1.2 §6.5.4).

bitflags::bitflags! {
    /// Serial state: UART state bitmap of the SERIAL_STATE notification. CDC-ACM has no CTS.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub struct SerialState: u8 {
        /// bRxCarrier: state of the receiver carrier detection (V.24 109, DCD).
        const RX_CARRIER = 1 << 0;
        /// bTxCarrier: state of the transmission carrier (V.24 106, DSR).
        const TX_CARRIER = 1 << 1;
        /// bBreak: a break was detected.
        const BREAK = 1 << 2;
        /// bRingSignal: the line rang.
        const RING_SIGNAL = 1 << 3;
        /// bFraming: a framing error occurred.
        const FRAMING = 1 << 4;
        /// bParity: a parity error occurred.
        const PARITY = 1 << 5;
        /// bOverRun: received data was discarded.
        const OVERRUN = 1 << 6;
    }
}

impl SerialState {
    /// The consistent signals: kept, and notified when they change.
    pub const LEVEL: Self = Self::RX_CARRIER.union(Self::TX_CARRIER);
    /// The irregular signals: events, notified once each.
    pub const ONE_SHOT: Self = Self::LEVEL.complement();
    /// Both carriers: what hosts show as DCD and DSR.
    pub const CARRIER: Self = Self::LEVEL;
}

#[cfg(feature = "defmt")]
impl defmt::Format for SerialState {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "SerialState({=u8:#b})", self.bits());
    }
}
