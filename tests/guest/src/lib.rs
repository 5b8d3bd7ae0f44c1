//! What the guest's tests and the device under test both know.
#![forbid(unsafe_code)]

/// The byte at this place of a test stream. A lost or repeated byte shifts everything behind it.
pub const fn pattern(offset: u64) -> u8 {
    let mixed = (offset ^ offset >> 7 ^ offset >> 15).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed.to_be_bytes()[0]
}

/// Fills a buffer with the stream from this place on.
pub fn fill(offset: u64, buffer: &mut [u8]) {
    for (place, byte) in (offset..).zip(buffer) {
        *byte = pattern(place);
    }
}

/// Place of the first byte that is not the stream's.
pub fn first_wrong(offset: u64, buffer: &[u8]) -> Option<u64> {
    (offset..).zip(buffer).find(|&(place, &byte)| pattern(place) != byte).map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_stream_is_noticed() {
        let mut stream = [0; 4096];
        fill(1000, &mut stream);
        assert_eq!(first_wrong(1000, &stream), None);
        for shift in [1, 8, 63, 64, 65, 128, 512, 1024] {
            assert!(first_wrong(1000 + shift, &stream).is_some_and(|place| place < 1100 + shift));
        }
    }
}
