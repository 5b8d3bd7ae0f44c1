// What the application does with its port; part of each firmware of ours.

/// Sends back what comes. Returns whether anything moved.
#[cfg(not(any(feature = "source", feature = "sink")))]
#[inline(always)]
fn application(port: &mut Port) -> bool {
    let Ok(bytes) = port.reader.fill_buf() else { return false };
    let Ok(count) = port.writer.write(bytes) else { return false };
    port.reader.consume(count);
    true
}

/// Sends as fast as it can, once the port is open: bytes that count up.
#[cfg(feature = "source")]
#[inline(always)]
fn application(port: &mut Port) -> bool {
    static mut NEXT: u8 = 0;
    if !port.control.control_lines().contains(usbd_acm::class::ControlLineState::DTR) {
        return false;
    }
    // SAFETY: the main loop alone calls this.
    let next = unsafe { &mut *(&raw mut NEXT) };
    let mut packet = [0; 64];
    for (offset, byte) in packet.iter_mut().enumerate() {
        *byte = next.wrapping_add(offset as u8);
    }
    let Ok(count) = port.writer.write(&packet) else { return false };
    *next = next.wrapping_add(count as u8);
    true
}

/// Takes everything.
#[cfg(feature = "sink")]
#[inline(always)]
fn application(port: &mut Port) -> bool {
    let mut buffer = [0; 64];
    let taken = port.reader.read(&mut buffer).is_ok();
    core::hint::black_box(&buffer);
    taken
}
