//! Calls of the application between events of the bus, against the reference model. The body is a library function, which the tests run, too.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| usbd_acm_tests::hostile::data_path(input));
