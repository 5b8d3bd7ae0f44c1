//! Which registers an instruction may write: never fewer than it does, and more where the manual has too
//! many encodings to tell.

/// What becomes of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Write {
    /// A bit for each that may be another one afterwards.
    Registers(u16),
    /// One is copied to another.
    Copy { to: u16, from: u16 },
    /// The word at an address among the constants is loaded.
    Constant { to: u16, at: u64 },
}

const NONE: Write = Write::Registers(0);

fn one(register: u16) -> Write {
    Write::Registers(1 << (register & 0xF))
}

/// The program counter of a load, which is aligned (§A7.7.44).
fn aligned(address: u64) -> u64 {
    (address + 4) & !3
}

/// DDI 0403 §A5.2.
pub fn short(address: u64, word: u16) -> Write {
    let (low, middle) = (word & 7, word >> 8 & 7);
    match word {
        // CMP.
        0x2800..=0x2FFF | 0x4280..=0x42BF | 0x4500..=0x45FF => NONE,
        0x2000..=0x3FFF | 0x9800..=0xAFFF => one(middle),
        0x4600..=0x46FF => Write::Copy { to: word >> 4 & 8 | low, from: word >> 3 & 0xF },
        0x4400..=0x44FF => one(word >> 4 & 8 | low),
        // BX and BLX.
        0x4700..=0x47FF => NONE,
        0x4800..=0x4FFF => {
            Write::Constant { to: middle, at: aligned(address) + 4 * u64::from(word & 0xFF) }
        }
        // STR, STRH, STRB.
        0x5000..=0x55FF | 0x6000..=0x67FF | 0x7000..=0x77FF | 0x8000..=0x87FF => NONE,
        0x9000..=0x97FF => NONE,
        0x0000..=0x8FFF => one(low),
        // SXTH to UXTB, REV.
        0xB200..=0xB2FF | 0xBA00..=0xBAFF => one(low),
        0xBC00..=0xBDFF => Write::Registers(word & 0xFF),
        0xB000..=0xBFFF => NONE,
        0xC000..=0xC7FF => one(middle),
        0xC800..=0xCFFF => Write::Registers(word & 0xFF | 1 << middle),
        _ => NONE,
    }
}

/// DDI 0403 §A5.3.
pub fn long(address: u64, first: u16, second: u16) -> Write {
    let (base, to, result) = (first & 0xF, second >> 12, second >> 8 & 0xF);
    match first {
        // Branches; the registers of a call are the business of who follows it. MRS writes one.
        _ if first >> 11 == 0b11110 && second & 0x8000 != 0 => one(result),
        // LDR of a constant.
        0xF8DF => Write::Constant { to, at: aligned(address) + u64::from(second & 0xFFF) },
        0xF85F => Write::Constant { to, at: aligned(address) - u64::from(second & 0xFFF) },
        // Loads and stores with twelve bits of offset, which change no base.
        _ if first & 0xFE80 == 0xF880 => match first & 0x10 {
            0 => NONE,
            _ => one(to),
        },
        // LDM and STM.
        _ if first & 0xFE40 == 0xE800 => Write::Registers(second | 1 << base),
        // What is left has its results in one of these.
        _ => Write::Registers(1 << base | 1 << to | 1 << result),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_among_the_registers() {
        for (first, second, register) in [
            (0x2005, 0, 0),       // movs r0, #5
            (0x1D0B, 0, 3),       // adds r3, r1, #4
            (0x4408, 0, 0),       // add r0, r1
            (0x6804, 0, 4),       // ldr r4, [r0]
            (0x9C02, 0, 4),       // ldr r4, [sp, #8]
            (0x5C8D, 0, 5),       // ldrb r5, [r1, r2]
            (0xBC30, 0, 5),       // pop {r4, r5}
            (0xC830, 0, 4),       // ldm r0!, {r4, r5}
            (0xC030, 0, 0),       // stm r0!, {r4, r5}
            (0xB2C6, 0, 6),       // uxtb r6, r0
            (0xF04F, 0x0800, 8),  // mov.w r8, #0
            (0xF8D0, 0xA004, 10), // ldr.w r10, [r0, #4]
            (0xF850, 0x8B04, 8),  // ldr r8, [r0], #4
            (0xF850, 0x8B04, 0),
            (0xE9D0, 0x8900, 9), // ldrd r8, r9, [r0]
            (0xFBA1, 0x8902, 8), // umull r8, r9, r1, r2
            (0xFBA1, 0x8902, 9),
            (0xE8BD, 0x0700, 10), // pop.w {r8-r10}
            (0xF3EF, 0x8910, 9),  // mrs r9, primask
            (0xE850, 0x8F00, 8),  // ldrex r8, [r0]
            (0xE840, 0x1900, 9),  // strex r9, r1, [r0]
        ] {
            let writes = match second {
                0 if first < 0xE800 => short(0, first),
                _ => long(0, first, second),
            };
            let Write::Registers(set) = writes else { panic!("{first:04x}: {writes:?}") };
            assert!(set >> register & 1 == 1, "{first:04x} {second:04x}: {set:b}");
        }
    }

    #[test]
    fn what_is_only_read_is_known_on() {
        for (first, second) in [
            (0x2C00, 0),      // cmp r4, #0
            (0x42A5, 0),      // cmp r5, r4
            (0x6004, 0),      // str r4, [r0]
            (0x47A0, 0),      // blx r4
            (0xF8C4, 0x0404), // str.w r0, [r4, #0x404]
            (0xB510, 0),      // push {r4, lr}
        ] {
            let writes = match second {
                0 => short(0, first),
                _ => long(0, first, second),
            };
            let Write::Registers(set) = writes else { panic!("{first:04x}: {writes:?}") };
            assert!(set >> 4 & 1 == 0, "{first:04x} {second:04x}: {set:b}");
        }
    }

    #[test]
    fn constants_are_where_the_manual_says() {
        // ldr r4, [pc, #8]; the same at an address that is not aligned; ldr.w r8, [pc, #76]
        assert_eq!(short(0x100, 0x4C02), Write::Constant { to: 4, at: 0x10C });
        assert_eq!(short(0x102, 0x4C02), Write::Constant { to: 4, at: 0x10C });
        assert_eq!(long(0xC36, 0xF8DF, 0x804C), Write::Constant { to: 8, at: 0xC84 });
        assert_eq!(short(0, 0x4642), Write::Copy { to: 2, from: 8 });
    }
}
