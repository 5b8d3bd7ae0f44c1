//! What an echo costs, both ways together: to be read with `--nocapture`, and not to become worse.

use usbd_acm_bench::Pace;

use crate::{data, is_well, opened};

/// Instructions a byte, and exceptions a packet, that are still well; a little above what it costs now.
const LIMITS: [(Pace, f64, f64); 2] = [(Pace::Saturating, 11.5, 2.8), (Pace::RealTime, 11.5, 2.1)];

#[test]
fn an_echo_costs() {
    for (pace, instructions_a_byte, exceptions_a_packet) in LIMITS {
        let (mut host, mut port) = opened("echo");
        host.port_mut().set_pace(pace);
        let data = data(64_000);
        host.port_mut().core().account().clear();
        let begin = host.port_mut().core().now();
        assert_eq!(port.transfer(&mut host, &data, data.len()).unwrap(), data);
        let core = host.port_mut().core();
        let seconds = (core.now() - begin) as f64 / 64e6;
        let account = core.account();
        let bytes = 2.0 * data.len() as f64;
        let instructions = account.instructions as f64 / bytes;
        let accesses = account.accesses() as f64 / bytes;
        let exceptions = account.exceptions as f64 / (bytes / 64.0);
        println!(
            "{pace:?}: {instructions:.1} instructions/byte, {accesses:.2} accesses/byte, \
             {exceptions:.2} exceptions/packet, {:.0} kB/s each way",
            bytes / 2000.0 / seconds,
        );
        is_well(&mut host);
        assert!(instructions < instructions_a_byte && exceptions < exceptions_a_packet);
    }
}
