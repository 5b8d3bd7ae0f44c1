//! Every plan of faults: nothing is lost or doubled, and a host that gave up can always start over.

use ::suites::plans::{Bench, chip_may_fail};
use usbd_acm_bench::Board;
use usbd_acm_bench::firmware::Firmware;
use usbd_acm_bench::soc::Chip as _;
use usbd_acm_virtual::host::Host;

use crate::Chip;

/// Of the packets of a kind, one in so many is hit: firmware takes its time.
const EVERY: u32 = 17;

#[test]
fn one_fault_here_and_there() {
    // The example keeps what it answers to the session that it answers.
    let image = Firmware::example(Chip::EXAMPLES, "echo").image().unwrap();
    let make = || {
        let mut host = Host::new(Board::<Chip>::new(image.clone()).unwrap());
        host.plug().unwrap();
        host
    };
    let check = |host: &Host<Board<Chip>>| {
        assert_eq!(host.port().violations(), []);
        assert_eq!(host.port().fault(), None);
    };
    let hits =
        Bench { make: &make, check: &check, every: EVERY, may_fail: chip_may_fail }.everything();
    assert!(hits.faults > 300 && hits.started_over > 100, "{hits:?}");
}
