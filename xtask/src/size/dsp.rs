//! Instructions of the DSP extension that compilers use for Cortex-M4 and the emulator does not
//! know (ARMv7-M Architecture Reference Manual §A7.7): extend and add, extend two bytes, saturating
//! unsigned addition and subtraction of halfwords and bytes, pack halfwords.

use armagnac::core::Processor;
use armagnac::registers::RegisterIndex;

/// Executes the instruction at PC if it is one of these, and says whether it was.
pub fn execute(processor: &mut Processor) -> bool {
    let address = processor.pc();
    let Ok(first) = processor.read_u16le_iface(address) else { return false };
    let Ok(second) = processor.read_u16le_iface(address + 2) else { return false };
    if !is_known(first, second) {
        return false;
    }
    let is_executed = processor.condition_passed();
    let mut it_state = processor.registers.psr.it_state();
    it_state.advance();
    processor.registers.psr.set_it_state(it_state);
    if is_executed {
        let (n, m) = (processor[register(first)], processor[register(second)]);
        if let Some(result) = pack(first, second, n, m).or_else(|| combine(first, second, n, m)) {
            processor.set(register(second >> 8), result);
        }
    }
    processor.set_pc(address + 4);
    true
}

fn register(bits: u16) -> RegisterIndex {
    RegisterIndex::new_main(u32::from(bits & 0xF))
}

fn is_known(first: u16, second: u16) -> bool {
    operation(first, second).is_some() || pack(first, second, 0, 0).is_some()
}

/// PKHBT and PKHTB.
fn pack(first: u16, second: u16, n: u32, m: u32) -> Option<u32> {
    if first & 0xFFF0 != 0xEAC0 || second & 0x8010 != 0 {
        return None;
    }
    let shift = u32::from(second >> 12 & 7) << 2 | u32::from(second >> 6 & 3);
    if second & 0x20 == 0 {
        return Some((m << shift) & 0xFFFF_0000 | n & 0xFFFF);
    }
    // An arithmetic shift by 32 is written as 0.
    let shifted = m as i32 >> if shift == 0 { 31 } else { shift };
    Some(n & 0xFFFF_0000 | shifted as u32 & 0xFFFF)
}

fn combine(first: u16, second: u16, n: u32, m: u32) -> Option<u32> {
    let operation = operation(first, second)?;
    // Rn = 15 says that there is nothing to add to. Only extensions, which have bit 7, rotate Rm.
    let n = if first & 0xF == 15 { 0 } else { n };
    let rotation = if second & 0x80 == 0 { 0 } else { u32::from(second >> 4 & 3) * 8 };
    Some(operation(n, m.rotate_right(rotation)))
}

fn operation(first: u16, second: u16) -> Option<fn(u32, u32) -> u32> {
    match (first & 0xFFF0, second & 0xF0F0) {
        (0xFA00, 0xF080..) => Some(|n, m| n.wrapping_add(m as u16 as i16 as u32)),
        (0xFA10, 0xF080..) => Some(|n, m| n.wrapping_add(m & 0xFFFF)),
        (0xFA20, 0xF080..) => {
            Some(|n, m| halves(n, m, |n, m| n.wrapping_add(m as u8 as i8 as u16)))
        }
        (0xFA30, 0xF080..) => Some(|n, m| halves(n, m, |n, m| n.wrapping_add(m & 0xFF))),
        (0xFA40, 0xF080..) => Some(|n, m| n.wrapping_add(m as u8 as i8 as u32)),
        (0xFA50, 0xF080..) => Some(|n, m| n.wrapping_add(m & 0xFF)),
        (0xFA80, 0xF050) => Some(|n, m| bytes(n, m, u8::saturating_add)),
        (0xFA90, 0xF050) => Some(|n, m| halves(n, m, u16::saturating_add)),
        (0xFAC0, 0xF050) => Some(|n, m| bytes(n, m, u8::saturating_sub)),
        (0xFAD0, 0xF050) => Some(|n, m| halves(n, m, u16::saturating_sub)),
        _ => None,
    }
}

fn halves(n: u32, m: u32, operation: impl Fn(u16, u16) -> u16) -> u32 {
    let low = operation(n as u16, m as u16);
    let high = operation((n >> 16) as u16, (m >> 16) as u16);
    u32::from(high) << 16 | u32::from(low)
}

fn bytes(n: u32, m: u32, operation: impl Fn(u8, u8) -> u8) -> u32 {
    let (n, m) = (n.to_le_bytes(), m.to_le_bytes());
    u32::from_le_bytes(std::array::from_fn(|i| operation(n[i], m[i])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use armagnac::core::Config;

    /// Runs `code` at 0x1000 on r0 and r1, and returns r2.
    fn run(code: [u8; 4], r0: u32, r1: u32) -> Option<u32> {
        let mut processor = Processor::new(Config::v7em());
        processor.map(0x1000, &code).ok()?;
        processor.set_pc(0x1000);
        processor.set(register(0), r0);
        processor.set(register(1), r1);
        let is_known = execute(&mut processor);
        (is_known && processor.pc() == 0x1004).then(|| processor[register(2)])
    }

    #[test]
    fn uxtab_adds_the_low_byte() {
        // uxtab r2, r0, r1
        assert_eq!(run([0x50, 0xFA, 0x81, 0xF2], 1000, 0xFFFF_FF80), Some(1128));
    }

    #[test]
    fn sxtab_extends_the_sign() {
        // sxtab r2, r0, r1
        assert_eq!(run([0x40, 0xFA, 0x81, 0xF2], 1000, 0x0000_0080), Some(872));
    }

    #[test]
    fn uxtah_rotates_first() {
        // uxtah r2, r0, r1, ror #16
        assert_eq!(run([0x10, 0xFA, 0xA1, 0xF2], 1, 0xABCD_0000), Some(0xABCE));
    }

    #[test]
    fn uxtb16_adds_nothing() {
        // uxtb16 r2, r1
        assert_eq!(run([0x3F, 0xFA, 0x81, 0xF2], 1000, 0x1234_5678), Some(0x0034_0078));
    }

    #[test]
    fn uqsub16_stops_at_zero_in_each_half() {
        // uqsub16 r2, r0, r1
        assert_eq!(run([0xD0, 0xFA, 0x51, 0xF2], 0x0005_0001, 0x0002_0002), Some(0x0003_0000));
    }

    #[test]
    fn uqadd8_stops_at_255_in_each_byte() {
        // uqadd8 r2, r0, r1
        assert_eq!(run([0x80, 0xFA, 0x51, 0xF2], 0x0102_F0FF, 0x0101_2001), Some(0x0203_FFFF));
    }

    #[test]
    fn pkhbt_takes_the_low_half_of_the_first() {
        // pkhbt r2, r0, r1, lsl #16
        assert_eq!(run([0xC0, 0xEA, 0x01, 0x42], 0x1111_2222, 0x3333_4444), Some(0x4444_2222));
    }

    #[test]
    fn pkhtb_takes_the_high_half_of_the_first() {
        // pkhtb r2, r0, r1, asr #16
        assert_eq!(run([0xC0, 0xEA, 0x21, 0x42], 0x1111_2222, 0x3333_4444), Some(0x1111_3333));
    }

    #[test]
    fn other_instructions_are_left_to_the_emulator() {
        // qsub16 r2, r0, r1; movs r0, #0; movs r0, #0
        assert_eq!(run([0xD0, 0xFA, 0x11, 0xF2], 1, 1), None);
        assert_eq!(run([0x00, 0x20, 0x00, 0x20], 1, 1), None);
    }
}
