//! What it costs, to be read with `--nocapture`, and not to become much worse.

use usbd_acm_bench::Pace;

use crate::{data, is_well, opened};

#[test]
fn an_echo_costs() {
    for pace in [Pace::Saturating, Pace::FullSpeed] {
        let (mut host, mut port) = opened("echo");
        host.port_mut().set_pace(pace);
        let data = data(64_000);
        host.port_mut().core().account().clear();
        let start = host.now();
        let begin = host.port_mut().core().now();
        assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
        let core = host.port_mut().core();
        let cycles = core.now() - begin;
        let account = core.account();
        let bytes = 2.0 * data.len() as f64;
        let instructions = account.instructions as f64 / bytes;
        let accesses = account.accesses() as f64 / bytes;
        let exceptions = account.exceptions as f64 / (bytes / 64.0);
        println!(
            "{pace:?}: {instructions:.1} instructions/byte, {accesses:.2} accesses/byte, \
             {exceptions:.2} exceptions/packet, {:.0} kB/s",
            bytes / 2.0 / (cycles as f64 / 64e6) / 1000.0,
        );
        let _ = start;
        is_well(&mut host);
        assert!(instructions < 60.0);
    }
}
