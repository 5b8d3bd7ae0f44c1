//! Every plan of faults: nothing is lost or doubled, and a host that gave up can always start over.

use ::suites::plans::Bench;
use usbd_acm_bench::Board;
use usbd_acm_virtual::host::Host;

use super::image;
use crate::Chip;

/// Of the packets of a kind, one in so many is hit: firmware takes its time.
const EVERY: u32 = 17;

#[test]
fn one_fault_here_and_there() {
    let image = image();
    let make = || {
        let mut host = Host::new(Board::<Chip>::new(image.clone()).unwrap());
        host.plug().unwrap();
        host
    };
    let check = |host: &Host<Board<Chip>>| {
        assert_eq!(host.port().violations(), []);
        assert_eq!(host.port().fault(), None);
    };
    let hits = Bench { make: &make, check: &check, every: EVERY }.everything();
    assert!(hits.faults > 300 && hits.started_over > 100, "{hits:?}");
}
