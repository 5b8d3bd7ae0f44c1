//! The fuzz targets without a fuzzer: random events, and every input that is in the corpus.

use usbd_acm_tests::hostile::{control_pipe, data_path, encode, rude};
use usbd_acm_tests::soak;
use usbd_acm_virtual::host::SplitMix64;

#[test]
fn random_events_have_the_outcomes_of_the_model() {
    let mut random = SplitMix64::new(1);
    for _ in 0..1500 * soak(1000) {
        let kind = random.next_u64().to_le_bytes()[0];
        let input = [vec![kind], encode(&rude(&mut random, 300))].concat();
        control_pipe(&input);
        data_path(&input);
    }
}
