use core::panic::PanicInfo;

#[cfg(not(feature = "panic-free"))]
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[cfg(feature = "panic-free")]
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    unsafe extern "C" {
        fn a_panic_is_reachable() -> !;
    }
    // SAFETY: it is defined nowhere, so a firmware that could call it does not link.
    unsafe { a_panic_is_reachable() }
}
