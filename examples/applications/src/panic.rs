//! A panic, or a fault such as a stack overflow, starts the device anew.

use core::arch::naked_asm;

use cortex_m::peripheral::SCB;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    SCB::sys_reset()
}

/// Without a stack: where that has overflowed, a push would be a fault in the handler of faults, which is
/// lockup. Its place is that of the weak one of `cortex-m-rt`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() -> ! {
    naked_asm!(
        // AIRCR: VECTKEY, SYSRESETREQ (ARMv7-M B3.2.6).
        "movw r0, #0xED0C",
        "movt r0, #0xE000",
        "movw r1, #0x0004",
        "movt r1, #0x05FA",
        "dsb",
        "str r1, [r0]",
        "dsb",
        "b .",
    )
}
