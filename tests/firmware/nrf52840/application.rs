// What the application does with its port; part of each firmware of ours.

#[cfg(feature = "source")]
include!("../counting.rs");

/// Sends back what comes. Returns whether anything moved.
#[cfg(not(any(feature = "source", feature = "sink")))]
#[inline(always)]
fn application<const SLOTS: usize>(port: &mut Port<SLOTS>) -> bool {
    let Ok(bytes) = port.reader.fill_buf() else { return false };
    let Ok(count) = port.writer.write(bytes) else { return false };
    port.reader.consume(count);
    true
}

/// Sends as fast as it can, once the port is open: bytes that count up.
#[cfg(feature = "source")]
#[inline(always)]
fn application<const SLOTS: usize>(port: &mut Port<SLOTS>) -> bool {
    static mut NEXT: usize = 0;
    if !port.control.control_lines().contains(usbd_acm::class::ControlLineState::DTR) {
        return false;
    }
    // SAFETY: the main loop alone calls this.
    let next = unsafe { &mut *(&raw mut NEXT) };
    let rest = COUNTING.get(*next..).unwrap_or_default();
    let Ok(count) = port.writer.write(rest) else { return false };
    *next = (*next + count) % COUNTING.len();
    true
}

/// Takes everything.
#[cfg(feature = "sink")]
#[inline(always)]
fn application<const SLOTS: usize>(port: &mut Port<SLOTS>) -> bool {
    let Ok(bytes) = port.reader.fill_buf() else { return false };
    let count = core::hint::black_box(bytes).len();
    port.reader.consume(count);
    true
}
