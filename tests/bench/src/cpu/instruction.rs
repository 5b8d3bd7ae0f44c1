//! Instructions that the emulator does not know, or after which something has to be looked at.

/// What is special about an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Special {
    /// Nothing.
    None,
    /// WFE: wait for event.
    WaitForEvent,
    /// WFI: wait for interrupt.
    WaitForInterrupt,
    /// SEV: send event.
    SendEvent,
    /// CPSIE, CPSID, MSR: an interrupt may be taken now that was held off.
    Masks,
}

/// Encodings of ARMv7-M (DDI 0403E, A7.7): first halfword of an instruction.
pub const fn classify(halfword: u16) -> Special {
    match halfword {
        0xBF20 => Special::WaitForEvent,
        0xBF30 => Special::WaitForInterrupt,
        0xBF40 => Special::SendEvent,
        0xB660..=0xB663 | 0xB670..=0xB673 | 0xF380..=0xF38F => Special::Masks,
        _ => Special::None,
    }
}

/// The classes of all halfwords of a piece of memory.
pub fn classify_all(bytes: &[u8]) -> Vec<Special> {
    bytes.chunks_exact(2).map(|pair| classify(u16::from_le_bytes([pair[0], pair[1]]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_told_from_nop_and_yield() {
        assert_eq!(classify(0xBF00), Special::None);
        assert_eq!(classify(0xBF10), Special::None);
        assert_eq!(classify(0xBF20), Special::WaitForEvent);
        assert_eq!(classify_all(&[0x62, 0xB6, 0x00, 0xBF]), [Special::Masks, Special::None]);
    }
}
