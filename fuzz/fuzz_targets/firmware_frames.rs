//! Bytes and requests through the serial adapter of the examples. The body is a library function, which the tests run, too.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| usbd_acm_tests::hostile::firmware_frames(input));
