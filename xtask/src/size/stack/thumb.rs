//! What a Thumb instruction does to the stack pointer and to where execution goes on: ARMv7-M
//! Architecture Reference Manual (DDI 0403) §A5, of which ARMv6-M is a part.
//!
//! All other instructions are only skipped. One that changes the stack pointer by what cannot be told
//! from it is [`Stack::Unknown`]: whoever meets it has no bound.

mod writes;

pub use writes::Write;

/// An instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// Bytes: 2 or 4.
    pub length: u64,
    pub stack: Stack,
    pub flow: Flow,
    /// Half of a word that it puts into a register.
    pub half: Option<Half>,
    /// What it may do to registers, but for half of a word.
    pub writes: Write,
    /// The register by which it calls.
    pub by: Option<u16>,
    /// It is a comparison, so that conditions after it are others.
    pub compares: bool,
    /// The conditional instructions after it: none but after IT.
    pub block: Block,
}

/// Half of a word, and the register that it is put into: MOVW and MOVT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// The lower half; the upper becomes zero.
    Low(u16, u16),
    /// The upper half.
    High(u16, u16),
}

/// Conditional instructions (IT, §A7.7.38).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Block {
    /// How many there are.
    pub count: u8,
    /// A bit for each, the lowest for the next: it is executed when the condition holds, else when it
    /// does not.
    pub then: u8,
}

/// What becomes of the stack pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stack {
    /// Nothing.
    Same,
    /// It goes down by so many bytes.
    Down(u64),
    /// It goes up by so many bytes.
    Up(u64),
    /// It is computed.
    Unknown,
}

/// Where execution goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// At the next instruction.
    Next,
    /// There.
    Jump(u64),
    /// There, or at the next instruction.
    Branch(u64),
    /// In a function, and then at the next instruction.
    Call(u64),
    /// The same, where a register says which.
    CallRegister,
    /// In a function that a register says, and then where this one was called.
    TailCallRegister,
    /// Within the function, as a table says.
    Table,
    /// Where the function was called.
    Return,
    /// Nowhere.
    Stop,
}

const SP: u16 = 13;
const LR: u16 = 14;
const PC: u16 = 15;

/// Reads the instruction at an address; `None` where the halfwords end within it.
pub fn decode(address: u64, first: u16, second: Option<u16>) -> Option<Instruction> {
    if first >> 11 < 0b11101 {
        return Some(short(address, first));
    }
    let second = second?;
    let (stack, flow) = match (first, second) {
        _ if is_branch(first, second) => (Stack::Same, long_branch(address, first, second)),
        _ => long(first, second),
    };
    // TST, TEQ, CMN, CMP: data processing that sets flags, and whose result is none.
    let compares = first & 0xF010 == 0xF010 && first & 0x0A00 == 0 || first & 0xFE10 == 0xEA10;
    let compares = compares && second & 0x8F00 == 0x0F00;
    let (half, block) = (half(first, second), Block::default());
    let writes = writes::long(address, first, second);
    Some(Instruction { length: 4, stack, flow, half, writes, by: None, compares, block })
}

/// §A5.3.3: the immediate is imm4:i:imm3:imm8.
fn half(first: u16, second: u16) -> Option<Half> {
    let immediate = first << 12 | (first & 0x400) << 1 | second >> 4 & 0x0700 | second & 0x00FF;
    let register = second >> 8 & 0xF;
    match (first & 0xFBF0, second & 0x8000) {
        (0xF240, 0) => Some(Half::Low(register, immediate)),
        (0xF2C0, 0) => Some(Half::High(register, immediate)),
        _ => None,
    }
}

/// The first is executed when the condition holds; its lowest bit, repeated in the mask, says which
/// of the others are. The lowest one of the mask ends it.
fn block(word: u16) -> Block {
    let mask = word & 0xF;
    if word & 0xFF00 != 0xBF00 || mask == 0 {
        return Block::default();
    }
    let count = 4 - mask.trailing_zeros() as u8;
    let is_then = |at: &u8| *at == 0 || mask >> (4 - at) & 1 == word >> 4 & 1;
    let then = (0..count).filter(is_then).map(|at| 1 << at).sum();
    Block { count, then }
}

/// §A5.2.
fn short(address: u64, word: u16) -> Instruction {
    let (low, registers) = (u64::from(word & 0xFF), u64::from((word & 0x1FF).count_ones()));
    let compares = matches!(word, 0x2800..=0x2FFF | 0x4200..=0x423F | 0x4280..=0x42FF)
        || word & 0xFF00 == 0x4500;
    let (stack, flow) = match word {
        0xB400..=0xB5FF => (Stack::Down(4 * registers), Flow::Next),
        0xBC00..=0xBCFF => (Stack::Up(4 * registers), Flow::Next),
        0xBD00..=0xBDFF => (Stack::Up(4 * registers), Flow::Return),
        0xB000..=0xB07F => (Stack::Up(4 * (low & 0x7F)), Flow::Next),
        0xB080..=0xB0FF => (Stack::Down(4 * (low & 0x7F)), Flow::Next),
        0x4400..=0x44FF | 0x4600..=0x46FF => special(word),
        0x4700..=0x477F => (Stack::Same, by_register(word >> 3 & 0xF)),
        0x4780..=0x47FF => (Stack::Same, Flow::CallRegister),
        0xDE00..=0xDEFF => (Stack::Same, Flow::Stop),
        0xD000..=0xDDFF => (Stack::Same, Flow::Branch(target(address, low << 1, 9))),
        0xE000..=0xE7FF => {
            (Stack::Same, Flow::Jump(target(address, u64::from(word & 0x7FF) << 1, 12)))
        }
        // CBZ, CBNZ: forwards only.
        _ if word & 0xF500 == 0xB100 => {
            let offset = u64::from(word >> 3 & 0x40 | word >> 2 & 0x3E);
            (Stack::Same, Flow::Branch(address + 4 + offset))
        }
        _ => (Stack::Same, Flow::Next),
    };
    let by = matches!(word, 0x4700..=0x47FF).then_some(word >> 3 & 0xF);
    let (writes, block) = (writes::short(address, word), block(word));
    Instruction { length: 2, stack, flow, half: None, writes, by, compares, block }
}

/// ADD and MOV of any register (§A5.2.3).
fn special(word: u16) -> (Stack, Flow) {
    match (word >> 4 & 8 | word & 7, word >> 3 & 0xF) {
        (PC, LR) => (Stack::Same, Flow::Return),
        (PC, _) => (Stack::Same, Flow::Table),
        (SP, _) => (Stack::Unknown, Flow::Next),
        _ => (Stack::Same, Flow::Next),
    }
}

fn by_register(register: u16) -> Flow {
    if register == LR { Flow::Return } else { Flow::TailCallRegister }
}

/// §A5.3.4: branches, and what shares their encodings.
fn is_branch(first: u16, second: u16) -> bool {
    first >> 11 == 0b11110 && second & 0x8000 != 0
}

fn long_branch(address: u64, first: u16, second: u16) -> Flow {
    let sign = first >> 10 & 1;
    let bit = |at: u16| u64::from(second >> at & 1);
    let low = u64::from(second & 0x7FF) << 1;
    if second & 0x1000 == 0 && second & 0x4000 == 0 {
        // The condition 111x says that this is none: barriers, hints, system registers, UDF.
        return match first >> 6 & 0xF {
            14 | 15 if first & 0xFFF0 == 0xF7F0 && second & 0x2000 != 0 => Flow::Stop,
            14 | 15 => Flow::Next,
            _ => {
                let high = bit(11) << 19 | bit(13) << 18 | u64::from(first & 0x3F) << 12;
                Flow::Branch(target(address, u64::from(sign) << 20 | high | low, 21))
            }
        };
    }
    let not_xor = |bit: u64| 1 ^ bit ^ u64::from(sign);
    let high = not_xor(bit(13)) << 23 | not_xor(bit(11)) << 22 | u64::from(first & 0x3FF) << 12;
    let target = target(address, u64::from(sign) << 24 | high | low, 25);
    if second & 0x4000 != 0 { Flow::Call(target) } else { Flow::Jump(target) }
}

/// The program counter is four bytes ahead, and the offset has a sign.
fn target(address: u64, offset: u64, bits: u32) -> u64 {
    let shift = 64 - bits;
    let offset = ((offset << shift) as i64) >> shift;
    (address + 4).wrapping_add_signed(offset)
}

/// §A5.3, but branches.
fn long(first: u16, second: u16) -> (Stack, Flow) {
    let (base, to) = (first & 0xF, second >> 12);
    let at_sp = base == SP;
    let count = |mask: u16| 4 * u64::from((second & mask).count_ones());
    let imm8 = u64::from(second & 0xFF);
    let flow_of = |loads_pc: bool| if loads_pc { Flow::Return } else { Flow::Next };
    match first {
        // STMDB and LDMIA with writeback: PUSH and POP.
        0xE92D => (Stack::Down(count(0xFFFF)), Flow::Next),
        0xE8BD => (Stack::Up(count(0xFFFF)), flow_of(second & 0x8000 != 0)),
        // TBB, TBH.
        _ if first & 0xFFF0 == 0xE8D0 && second & 0xFFE0 == 0xF000 => (Stack::Same, Flow::Table),
        // VSTMDB and VLDMIA of the stack: VPUSH and VPOP count words.
        0xED2D | 0xED6D if second & 0x0E00 == 0x0A00 => (Stack::Down(4 * imm8), Flow::Next),
        0xECBD | 0xECFD if second & 0x0E00 == 0x0A00 => (Stack::Up(4 * imm8), Flow::Next),
        // STRD, LDRD with writeback.
        _ if first & 0xFE60 == 0xE860 && at_sp => (moved(first & 0x80 != 0, 4 * imm8), Flow::Next),
        // STR and LDR of one register, with writeback.
        _ if first & 0xFF80 == 0xF800 && at_sp && second & 0x0900 == 0x0900 => {
            let loads_pc = first & 0x10 != 0 && to == PC;
            (moved(second & 0x0200 != 0, imm8), flow_of(loads_pc))
        }
        // LDR of the program counter from a table.
        _ if first & 0xFF70 == 0xF850 && to == PC => (Stack::Same, Flow::Table),
        _ if first & 0xFF70 == 0xF850 && to == SP => (Stack::Unknown, Flow::Next),
        _ => (arithmetic(first, second), Flow::Next),
    }
}

fn moved(up: bool, bytes: u64) -> Stack {
    if up { Stack::Up(bytes) } else { Stack::Down(bytes) }
}

/// Data processing whose result is the stack pointer (§A5.3.1, §A5.3.3, §A5.3.11).
fn arithmetic(first: u16, second: u16) -> Stack {
    let result = second >> 8 & 0xF;
    let immediate = first >> 11 == 0b11110;
    let shifted = first & 0xFE00 == 0xEA00;
    if result != SP || !(immediate || shifted) {
        return Stack::Same;
    }
    let plain = u64::from(first >> 10 & 1) << 11
        | u64::from(second >> 12 & 7) << 8
        | u64::from(second & 0xFF);
    match first & 0xFBFF {
        0xF1AD | 0xF1BD => expanded(plain).map_or(Stack::Unknown, Stack::Down),
        0xF10D | 0xF11D => expanded(plain).map_or(Stack::Unknown, Stack::Up),
        0xF2AD => Stack::Down(plain),
        0xF20D => Stack::Up(plain),
        _ => Stack::Unknown,
    }
}

/// ThumbExpandImm (§A5.3.2) of what a stack frame can be.
fn expanded(plain: u64) -> Option<u64> {
    let byte = plain & 0xFF;
    match plain >> 8 {
        0 => Some(byte),
        1..=3 => None,
        _ => Some(((byte | 0x80) as u32).rotate_right((plain >> 7) as u32).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(first: u16, second: u16) -> (Stack, Flow) {
        let read = decode(0x1000, first, Some(second)).unwrap();
        (read.stack, read.flow)
    }

    /// Encodings as an assembler makes them, at the address 0x1000.
    #[test]
    fn the_stack_pointer_goes_where_the_manual_says() {
        for (first, second, expected) in [
            (0xB5F0, 0, Stack::Down(20)),       // push {r4-r7, lr}
            (0xBC0F, 0, Stack::Up(16)),         // pop {r0-r3}
            (0xB087, 0, Stack::Down(28)),       // sub sp, #28
            (0xB007, 0, Stack::Up(28)),         // add sp, #28
            (0xE92D, 0x4FF0, Stack::Down(36)),  // push.w {r4-r11, lr}
            (0xF84D, 0x8D04, Stack::Down(4)),   // str r8, [sp, #-4]!
            (0xF85D, 0x8B04, Stack::Up(4)),     // ldr r8, [sp], #4
            (0xE96D, 0x2302, Stack::Down(8)),   // strd r2, r3, [sp, #-8]!
            (0xED2D, 0x8B04, Stack::Down(16)),  // vpush {d8, d9}
            (0xECBD, 0x8B04, Stack::Up(16)),    // vpop {d8, d9}
            (0xF5AD, 0x7D00, Stack::Down(512)), // sub.w sp, sp, #512
            (0xF1AD, 0x0D14, Stack::Down(20)),  // sub.w sp, sp, #20
            (0xF20D, 0x4D08, Stack::Up(0x408)), // addw sp, sp, #1032
            (0x46BD, 0, Stack::Unknown),        // mov sp, r7
            (0xF1A7, 0x0D10, Stack::Unknown),   // sub.w sp, r7, #16
            (0xF8CD, 0x0D04, Stack::Same),      // str.w r0, [sp, #3332]
            (0xA802, 0, Stack::Same),           // add r0, sp, #8
        ] {
            assert_eq!(of(first, second).0, expected, "{first:04x} {second:04x}");
        }
    }

    #[test]
    fn execution_goes_on_where_the_manual_says() {
        for (first, second, expected) in [
            (0xBD10, 0, Flow::Return),              // pop {r4, pc}
            (0x4770, 0, Flow::Return),              // bx lr
            (0xE8BD, 0x8FF0, Flow::Return),         // pop.w {r4-r11, pc}
            (0xF85D, 0xFB04, Flow::Return),         // ldr pc, [sp], #4
            (0x4718, 0, Flow::TailCallRegister),    // bx r3
            (0x4798, 0, Flow::CallRegister),        // blx r3
            (0x448F, 0, Flow::Table),               // add pc, r1
            (0xE8DF, 0xF010, Flow::Table),          // tbh [pc, r0, lsl #1]
            (0xDEFE, 0, Flow::Stop),                // udf
            (0xE7FE, 0, Flow::Jump(0x1000)),        // b .
            (0xD0FD, 0, Flow::Branch(0x0FFE)),      // beq . - 2
            (0xB118, 0, Flow::Branch(0x100A)),      // cbz r0, . + 10
            (0xF7FF, 0xFFFE, Flow::Call(0x1000)),   // bl .
            (0xF000, 0xF802, Flow::Call(0x1008)),   // bl . + 8
            (0xF000, 0xB802, Flow::Jump(0x1008)),   // b.w . + 8
            (0xF43F, 0xAFFE, Flow::Branch(0x1000)), // beq.w .
            (0xF3BF, 0x8F5F, Flow::Next),           // dmb sy
        ] {
            assert_eq!(of(first, second).1, expected, "{first:04x} {second:04x}");
        }
    }

    #[test]
    fn if_then_covers_one_to_four_instructions() {
        for (word, count, then) in [
            (0xBF08, 1, 0b1),    // it eq
            (0xBF04, 2, 0b11),   // itt eq
            (0xBF14, 2, 0b01),   // ite ne
            (0xBF1C, 2, 0b11),   // itt ne
            (0xBF16, 3, 0b101),  // itet ne
            (0xBF01, 4, 0b1111), // itttt eq
            (0xBF00, 0, 0),      // nop
        ] {
            let block = decode(0, word, None).unwrap().block;
            assert_eq!(block, Block { count, then }, "{word:04x}");
        }
    }

    #[test]
    fn comparisons_are_told_from_the_rest() {
        let compares = |first, second| decode(0, first, Some(second)).unwrap().compares;
        // cmp r0, #1; cmp r0, r1; tst r0, r1; cmp r8, r1; cmp.w r0, #256; cmp.w r0, r1, lsl #1
        for (first, second) in
            [(0x2801, 0), (0x4288, 0), (0x4208, 0), (0x4588, 0), (0xF5B0, 0x7F80), (0xEBB0, 0x0F41)]
        {
            assert!(compares(first, second), "{first:04x} {second:04x}");
        }
        // movs r0, #1; add r0, r1; sub.w r0, r0, #256; bl
        for (first, second) in [(0x2001, 0), (0x4408, 0), (0xF5A0, 0x7080), (0xF7FF, 0xFFFE)] {
            assert!(!compares(first, second), "{first:04x} {second:04x}");
        }
    }

    #[test]
    fn halves_of_a_word_are_put_together() {
        let half = |first, second| decode(0, first, Some(second)).unwrap().half;
        // movw r3, #0x1234; movt r3, #0x2000; movw r12, #0xabcd; mov.w r3, #0
        assert_eq!(half(0xF241, 0x2334), Some(Half::Low(3, 0x1234)));
        assert_eq!(half(0xF2C2, 0x0300), Some(Half::High(3, 0x2000)));
        assert_eq!(half(0xF64A, 0x3CCD), Some(Half::Low(12, 0xABCD)));
        assert_eq!(half(0xF04F, 0x0300), None);
    }

    #[test]
    fn half_an_instruction_is_none() {
        assert_eq!(decode(0, 0xF000, None), None);
    }
}
