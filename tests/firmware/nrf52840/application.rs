// What the application does with its port; part of each firmware of ours.

/// Sends back what comes, in the session it came in. Returns whether anything moved.
#[cfg(feature = "suite")]
#[inline(always)]
fn application(port: &mut Port) -> bool {
    let (session, bytes) = match port.reader.front() {
        Ok(front) => front,
        Err(error) => return error == usbd_acm::ReadError::Disconnected,
    };
    let count = match port.writer.write_in(session, bytes) {
        Ok(count) => count,
        Err(usbd_acm::WriteError::Full) => return false,
        Err(_) => bytes.len(),
    };
    port.reader.consume(count);
    true
}

/// Sends back what comes. Returns whether anything moved.
#[cfg(not(any(feature = "source", feature = "sink", feature = "suite")))]
#[inline(always)]
fn application(port: &mut Port) -> bool {
    let Ok(bytes) = port.reader.fill_buf() else { return false };
    let Ok(count) = port.writer.write(bytes) else { return false };
    port.reader.consume(count);
    true
}

/// Sends as fast as it can, once the port is open: bytes that count up.
#[cfg(all(feature = "source", not(feature = "suite")))]
#[inline(always)]
fn application(port: &mut Port) -> bool {
    static mut NEXT: u8 = 0;
    if !port.control.control_lines().contains(usbd_acm::class::ControlLineState::DTR) {
        return false;
    }
    // SAFETY: the main loop alone calls this.
    let next = unsafe { &mut *(&raw mut NEXT) };
    let Ok(mut grant) = port.writer.grant() else { return false };
    let (mut value, count) = (*next, grant.len());
    for byte in grant.iter_mut() {
        *byte = value;
        value = value.wrapping_add(1);
    }
    *next = value;
    grant.commit(count);
    true
}

/// Takes everything.
#[cfg(all(feature = "sink", not(feature = "suite")))]
#[inline(always)]
fn application(port: &mut Port) -> bool {
    let Ok(bytes) = port.reader.fill_buf() else { return false };
    let count = core::hint::black_box(bytes).len();
    port.reader.consume(count);
    true
}
