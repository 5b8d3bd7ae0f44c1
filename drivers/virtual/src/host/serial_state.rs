//! SERIAL_STATE notifications (PSTN 1.2 §6.5.4), as cdc-acm.c reads them.

use alloc::vec::Vec;

/// The bitmap of a SERIAL_STATE notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SerialState {
    /// The interface in wIndex.
    pub interface: u16,
    /// The 16 bits, as they came.
    pub bits: u16,
}

impl SerialState {
    /// bRxCarrier, DCD.
    pub const fn carrier(self) -> bool {
        self.bits & 1 != 0
    }

    /// bTxCarrier, DSR.
    pub const fn data_set_ready(self) -> bool {
        self.bits & 2 != 0
    }

    /// bBreak.
    pub const fn break_received(self) -> bool {
        self.bits & 4 != 0
    }

    /// bRingSignal.
    pub const fn ring(self) -> bool {
        self.bits & 8 != 0
    }

    /// bFraming.
    pub const fn framing_error(self) -> bool {
        self.bits & 0x10 != 0
    }

    /// bParity.
    pub const fn parity_error(self) -> bool {
        self.bits & 0x20 != 0
    }

    /// bOverRun.
    pub const fn overrun(self) -> bool {
        self.bits & 0x40 != 0
    }
}

/// What TIOCGICOUNT shows: carrier and DSR counted when they change, everything else whenever it is
/// set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SerialCounters {
    /// Changes of DCD.
    pub carrier: u32,
    /// Changes of DSR.
    pub data_set_ready: u32,
    /// Breaks.
    pub breaks: u32,
    /// Rings.
    pub rings: u32,
    /// Framing errors.
    pub framing_errors: u32,
    /// Parity errors.
    pub parity_errors: u32,
    /// Overruns.
    pub overruns: u32,
}

impl SerialCounters {
    fn count(&mut self, before: SerialState, now: SerialState) {
        self.carrier += u32::from(before.carrier() != now.carrier());
        self.data_set_ready += u32::from(before.data_set_ready() != now.data_set_ready());
        self.breaks += u32::from(now.break_received());
        self.rings += u32::from(now.ring());
        self.framing_errors += u32::from(now.framing_error());
        self.parity_errors += u32::from(now.parity_error());
        self.overruns += u32::from(now.overrun());
    }
}

/// Puts notifications together from interrupt packets, and counts.
#[derive(Clone, Debug, Default)]
pub(super) struct NotificationReader {
    partial: Vec<u8>,
    pub(super) state: SerialState,
    pub(super) counters: SerialCounters,
    /// Notifications of another kind or of a wrong length.
    pub(super) dropped: u32,
}

impl NotificationReader {
    /// Takes one packet; the state that is complete with it.
    pub(super) fn take(&mut self, packet: &[u8]) -> Option<SerialState> {
        self.partial.extend(packet);
        let &[_, _, _, _, _, _, low, high, ..] = &self.partial[..] else { return None };
        let length = usize::from(u16::from_le_bytes([low, high]));
        if self.partial.len() < 8 + length {
            return None;
        }
        let notification = core::mem::take(&mut self.partial);
        match notification[..] {
            [0xA1, 0x20, 0, 0, index_low, index_high, 2, 0, low, high] => {
                let state = SerialState {
                    interface: u16::from_le_bytes([index_low, index_high]),
                    bits: u16::from_le_bytes([low, high]),
                };
                self.counters.count(self.state, state);
                self.state = state;
                Some(state)
            }
            _ => {
                self.dropped += 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARRIER_AND_BREAK: [u8; 10] = [0xA1, 0x20, 0, 0, 0, 0, 2, 0, 5, 0];

    #[test]
    fn levels_count_changes_and_events_count_themselves() {
        let mut reader = NotificationReader::default();
        for _ in 0..2 {
            assert_eq!(reader.take(&CARRIER_AND_BREAK).map(|state| state.bits), Some(5));
        }
        assert_eq!((reader.counters.carrier, reader.counters.breaks), (1, 2));
    }

    #[test]
    fn fragments_are_put_together_and_wrong_lengths_dropped() {
        let mut reader = NotificationReader::default();
        assert_eq!(reader.take(&CARRIER_AND_BREAK[..8]), None);
        assert!(reader.take(&CARRIER_AND_BREAK[8..]).is_some());
        assert_eq!(reader.take(&[0xA1, 0x20, 0, 0, 0, 0, 1, 0, 5]), None);
        assert_eq!(reader.dropped, 1);
    }
}
