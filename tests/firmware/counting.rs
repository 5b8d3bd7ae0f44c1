// What a source sends, over and over; part of each firmware. A constant, so that what is counted is what
// the stack does and not how a compiler counts.

/// Bytes that count up.
#[cfg(feature = "source")]
static COUNTING: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut value = 0;
    while value < bytes.len() {
        bytes[value] = value as u8;
        value += 1;
    }
    bytes
};
