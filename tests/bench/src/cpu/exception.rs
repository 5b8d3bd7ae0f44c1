//! Exception entry and return (DDI 0403E, B1.5.6 and B1.5.8), which the emulator leaves to us.

use unicorn_engine::{RegisterARM, Unicorn, uc_error};

use super::Cycles;
use super::machine::Machine;
use super::nvic::HARD_FAULT;
use crate::soc::Soc;

/// Cycles of entry and of return on a Cortex-M4 without wait states.
const ENTRY: Cycles = 12;
const RETURN: Cycles = 10;

const FRAME: [RegisterARM; 4] =
    [RegisterARM::R0, RegisterARM::R1, RegisterARM::R2, RegisterARM::R3];

/// What the FPU keeps across an exception: S0 to S15 and FPSCR.
///
/// Kept aside instead of on the stack: lazy stacking is not modelled.
#[derive(Clone, Debug, Default)]
pub struct FloatingPoint([u64; 9]);

const DOUBLES: [RegisterARM; 8] = [
    RegisterARM::D0,
    RegisterARM::D1,
    RegisterARM::D2,
    RegisterARM::D3,
    RegisterARM::D4,
    RegisterARM::D5,
    RegisterARM::D6,
    RegisterARM::D7,
];

fn read<S>(unicorn: &Unicorn<'_, Machine<S>>, register: RegisterARM) -> Result<u32, uc_error> {
    unicorn.reg_read(register).map(|value| value as u32)
}

/// Pushes a frame and branches to the vector. An error when the stack cannot be written; a HardFault is entered
/// all the same, with the stack pointer where it would be and no frame (ARMv7-M, BFSR.STKERR).
pub fn enter<S: Soc>(
    unicorn: &mut Unicorn<'_, Machine<S>>,
    exception: u16,
) -> Result<FloatingPoint, uc_error> {
    let stack = read(unicorn, RegisterARM::SP)?;
    let status = read(unicorn, RegisterARM::XPSR)?;
    let mut frame = Vec::with_capacity(32);
    for register in FRAME {
        frame.extend(read(unicorn, register)?.to_le_bytes());
    }
    frame.extend(read(unicorn, RegisterARM::R12)?.to_le_bytes());
    frame.extend(read(unicorn, RegisterARM::LR)?.to_le_bytes());
    frame.extend((read(unicorn, RegisterARM::PC)? & !1).to_le_bytes());
    // CCR.STKALIGN: bit 9 says that the stack was moved to a multiple of 8.
    let aligned = stack & !7;
    let moved = u32::from(aligned != stack) << 9;
    frame.extend((status & !(1 << 9) | moved | 1 << 24).to_le_bytes());
    let top = aligned.wrapping_sub(32);
    let pushed = unicorn.mem_write(u64::from(top), &frame);
    if exception != HARD_FAULT {
        pushed?;
    }

    let kept = save_floating_point(unicorn)?;
    let nvic = &mut unicorn.get_data_mut().scs.nvic;
    let link = if nvic.running() == 0 { 0xFFFF_FFF9_u32 } else { 0xFFFF_FFF1 };
    nvic.enter(exception);
    let vector = unicorn.get_data().scs.vectors.wrapping_add(u32::from(exception) * 4);
    let mut target = [0; 4];
    unicorn.mem_read(u64::from(vector), &mut target)?;
    unicorn.reg_write(RegisterARM::SP, u64::from(top))?;
    unicorn.reg_write(RegisterARM::LR, u64::from(link))?;
    unicorn.reg_write(RegisterARM::XPSR_NZCVQG, u64::from(1 << 24 | u32::from(exception)))?;
    unicorn.reg_write(RegisterARM::PC, u64::from(u32::from_le_bytes(target) | 1))?;
    let machine = unicorn.get_data_mut();
    machine.account.exceptions += 1;
    machine.event = true;
    machine.spend(ENTRY);
    Ok(kept)
}

/// Pops the frame. An error when the stack cannot be read.
pub fn leave<S: Soc>(
    unicorn: &mut Unicorn<'_, Machine<S>>,
    kept: &FloatingPoint,
) -> Result<(), uc_error> {
    let stack = read(unicorn, RegisterARM::SP)?;
    let mut frame = [0; 32];
    unicorn.mem_read(u64::from(stack), &mut frame)?;
    let word = |index: usize| {
        let bytes = frame.get(index * 4..index * 4 + 4).and_then(|bytes| bytes.try_into().ok());
        u64::from(u32::from_le_bytes(bytes.unwrap_or_default()))
    };
    let registers = FRAME.into_iter().chain([RegisterARM::R12, RegisterARM::LR]);
    for (index, register) in registers.enumerate() {
        unicorn.reg_write(register, word(index))?;
    }
    let status = word(7);
    let stack = stack.wrapping_add(32) | if status & 1 << 9 != 0 { 4 } else { 0 };
    unicorn.get_data_mut().scs.nvic.leave();
    let running = u64::from(unicorn.get_data().scs.nvic.running());
    unicorn.reg_write(RegisterARM::SP, u64::from(stack))?;
    unicorn.reg_write(RegisterARM::XPSR_NZCVQG, status & 0xFF00_FC00 | 1 << 24 | running)?;
    unicorn.reg_write(RegisterARM::PC, word(6) | 1)?;
    restore_floating_point(unicorn, kept)?;
    let machine = unicorn.get_data_mut();
    machine.event = true;
    machine.spend(RETURN);
    Ok(())
}

fn save_floating_point<S: Soc>(
    unicorn: &Unicorn<'_, Machine<S>>,
) -> Result<FloatingPoint, uc_error> {
    let mut kept = FloatingPoint::default();
    if unicorn.get_data().scs.floating_point {
        for (register, place) in DOUBLES.into_iter().zip(&mut kept.0) {
            *place = unicorn.reg_read(register)?;
        }
        kept.0[8] = unicorn.reg_read(RegisterARM::FPSCR)?;
    }
    Ok(kept)
}

fn restore_floating_point<S: Soc>(
    unicorn: &mut Unicorn<'_, Machine<S>>,
    kept: &FloatingPoint,
) -> Result<(), uc_error> {
    if unicorn.get_data().scs.floating_point {
        for (register, value) in DOUBLES.into_iter().zip(kept.0) {
            unicorn.reg_write(register, value)?;
        }
        unicorn.reg_write(RegisterARM::FPSCR, kept.0[8])?;
    }
    Ok(())
}
