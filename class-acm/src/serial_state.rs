//! Serial state: what the device reports of its line, and the notification that carries it
//! (PSTN 1.2 §6.5.4).

bitflags::bitflags! {
    /// The UART state bitmap.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct SerialState: u8 {
        /// bRxCarrier, DCD (V.24 circuit 109).
        const RX_CARRIER = 1 << 0;
        /// bTxCarrier, DSR (V.24 circuit 106).
        const TX_CARRIER = 1 << 1;
        /// bBreak: a break was received.
        const BREAK = 1 << 2;
        /// bRingSignal: a ring was detected.
        const RING_SIGNAL = 1 << 3;
        /// bFraming: a framing error was received.
        const FRAMING = 1 << 4;
        /// bParity: a parity error was received.
        const PARITY = 1 << 5;
        /// bOverRun: received data was discarded.
        const OVERRUN = 1 << 6;
    }
}

/// Bytes of a SERIAL_STATE notification.
pub const NOTIFICATION_LENGTH: usize = 10;

impl SerialState {
    /// The consistent signals: they have a level, and a change of it is notified.
    pub const LEVELS: Self = Self::RX_CARRIER.union(Self::TX_CARRIER);
    /// The irregular signals: each occurrence is notified, then the bit is zero again.
    pub const ONE_SHOTS: Self = Self::LEVELS.complement();

    /// The SERIAL_STATE notification of this state from a communication interface.
    pub const fn notification(self, interface: u8) -> [u8; NOTIFICATION_LENGTH] {
        [0xA1, 0x20, 0, 0, interface, 0, 2, 0, self.bits(), 0]
    }

    /// Communication interface and state of a SERIAL_STATE notification; `None` when these bytes
    /// are none.
    pub fn from_notification(bytes: &[u8]) -> Option<(u8, Self)> {
        match *bytes {
            [0xA1, 0x20, 0, 0, interface, 0, 2, 0, bits, 0] => {
                Some((interface, Self::from_bits(bits)?))
            }
            _ => None,
        }
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for SerialState {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "SerialState({=u8:#04x})", self.bits());
    }
}
