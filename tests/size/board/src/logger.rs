//! Where `defmt` and `log` write to: nowhere. It is no part of the USB stack.

/// Throws everything away.
#[cfg_attr(feature = "defmt", defmt::global_logger)]
struct Nowhere;

// SAFETY: nothing is written, so nothing can be torn.
#[cfg(feature = "defmt")]
unsafe impl defmt::Logger for Nowhere {
    fn acquire() {}

    unsafe fn flush() {}

    unsafe fn release() {}

    #[inline(never)]
    #[unsafe(link_section = ".app.write")]
    unsafe fn write(bytes: &[u8]) {
        core::hint::black_box(bytes);
    }
}

/// `defmt` counts time by it.
#[cfg(feature = "defmt")]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.timestamp")]
extern "Rust" fn _defmt_timestamp(_: defmt::Formatter<'_>) {}

/// `defmt` calls it where its `assert!` fails.
#[cfg(feature = "defmt")]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".app.panic")]
extern "Rust" fn _defmt_panic() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[cfg(feature = "log")]
impl log::Log for Nowhere {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    #[inline(never)]
    #[unsafe(link_section = ".app.log")]
    fn log(&self, record: &log::Record<'_>) {
        // A logger would print it, and so link what prints it.
        let _ = core::fmt::write(&mut Sink, *record.args());
    }

    fn flush(&self) {}
}

#[cfg(feature = "log")]
struct Sink;

#[cfg(feature = "log")]
impl core::fmt::Write for Sink {
    #[inline(never)]
    #[unsafe(link_section = ".app.sink")]
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        core::hint::black_box(text);
        Ok(())
    }
}

/// Has `log` print everything, to nowhere.
#[cfg(feature = "log")]
#[inline(never)]
#[unsafe(link_section = ".app.install")]
pub fn log_to_nowhere() {
    // SAFETY: called once, before anything logs.
    unsafe {
        let _ = log::set_logger_racy(&Nowhere);
    }
    // SAFETY: the same.
    unsafe { log::set_max_level_racy(log::LevelFilter::Trace) };
}
