//! Critical sections as a single-core part has them: mask interrupts, restore.

struct SingleCore;

critical_section::set_impl!(SingleCore);

// SAFETY: with interrupts masked on a single core nothing else runs.
unsafe impl critical_section::Impl for SingleCore {
    #[inline]
    unsafe fn acquire() -> u32 {
        let state: u32;
        #[cfg(target_arch = "arm")]
        // SAFETY: reads and sets PRIMASK.
        unsafe {
            core::arch::asm!("mrs {}, PRIMASK", "cpsid i", out(reg) state);
        }
        #[cfg(target_arch = "riscv32")]
        // SAFETY: reads mstatus and clears MIE in it.
        unsafe {
            core::arch::asm!("csrrci {}, mstatus, 8", out(reg) state);
        }
        state
    }

    #[inline]
    unsafe fn release(state: u32) {
        #[cfg(target_arch = "arm")]
        if state & 1 == 0 {
            // SAFETY: interrupts were on before `acquire`.
            unsafe { core::arch::asm!("cpsie i") };
        }
        #[cfg(target_arch = "riscv32")]
        if state & 8 != 0 {
            // SAFETY: interrupts were on before `acquire`.
            unsafe { core::arch::asm!("csrsi mstatus, 8") };
        }
    }
}
