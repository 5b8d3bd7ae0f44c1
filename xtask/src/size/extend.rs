//! The extend-and-add instructions of the DSP extension (ARMv7-M §A7.7: SXTAB, SXTAH, UXTAB,
//! UXTAH), which compilers use for Cortex-M4 and the emulator does not know.

use armagnac::core::Processor;
use armagnac::registers::RegisterIndex;

/// Executes the instruction at PC if it is one of these, and says whether it was.
pub fn execute(processor: &mut Processor) -> bool {
    let address = processor.pc();
    let Ok(first) = processor.read_u16le_iface(address) else { return false };
    let Ok(second) = processor.read_u16le_iface(address + 2) else { return false };
    let Some(extend) = extension(first) else { return false };
    let (n, is_add) = (u32::from(first & 0xF), second & 0xF080 == 0xF080);
    if n == 15 || !is_add {
        return false;
    }
    let (d, m) = (u32::from(second >> 8 & 0xF), u32::from(second & 0xF));
    let rotation = u32::from(second >> 4 & 3) * 8;
    let is_executed = processor.condition_passed();
    let mut it_state = processor.registers.psr.it_state();
    it_state.advance();
    processor.registers.psr.set_it_state(it_state);
    if is_executed {
        let addend = extend(processor[register(m)].rotate_right(rotation));
        let sum = processor[register(n)].wrapping_add(addend);
        processor.set(register(d), sum);
    }
    processor.set_pc(address + 4);
    true
}

fn register(index: u32) -> RegisterIndex {
    RegisterIndex::new_main(index)
}

fn extension(first: u16) -> Option<fn(u32) -> u32> {
    match first & 0xFFF0 {
        0xFA00 => Some(|value| value as u16 as i16 as u32),
        0xFA10 => Some(|value| value & 0xFFFF),
        0xFA40 => Some(|value| value as u8 as i8 as u32),
        0xFA50 => Some(|value| value & 0xFF),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use armagnac::core::Config;

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
    fn uxtb_is_left_to_the_emulator() {
        // uxtb.w r2, r1: no register to add
        assert_eq!(run([0x5F, 0xFA, 0x81, 0xF2], 1, 1), None);
    }
}
