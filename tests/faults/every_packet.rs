//! A reset, and an unplugged cable, at every single packet.

use usbd_acm_tests::fixture::{Options, Polling};
use usbd_acm_tests::plans::converse;
use usbd_acm_tests::{figures, soak};
use usbd_acm_virtual::FullSpeed;
use usbd_acm_virtual::host::{Fault, PacketKind, Rule, SplitMix64};

use crate::{bench, host};

fn everywhere(name: &str, fault: Fault) {
    let prompt = Options::default();
    let mut sum = 0;
    for polling in [Polling::Always, Polling::OnInterrupt(0), Polling::OnInterrupt(30_000)] {
        let options = Options { polling, ..prompt };
        let count = |kind| bench::<FullSpeed, 64, _>(options, |bench| bench.break_off(kind, fault));
        let (tokens, packets) = (count(PacketKind::AnyToken), count(PacketKind::Any));
        println!("{fault:?} at each of {tokens} tokens and {packets} packets, {polling:?}");
        assert!(tokens > 100 && packets > 2 * tokens);
        sum += u64::from(tokens + packets);
    }
    figures::record(&format!("faults-{name}"), &[("faults", sum), ("started_over", sum)]);
}

#[test]
fn a_reset_at_every_packet() {
    everywhere("reset", Fault::Reset);
}

#[test]
fn an_unplugged_cable_at_every_packet() {
    everywhere("unplug", Fault::Unplug);
}

#[test]
fn two_faults_anywhere() {
    let faults = [
        Fault::Drop,
        Fault::Corrupt,
        Fault::Duplicate,
        Fault::Delay(300_000),
        Fault::NakStorm(5),
        Fault::Reset,
        Fault::Unplug,
    ];
    let mut random = SplitMix64::new(2);
    for _ in 0..500 * soak(200) {
        let depth = 1 + random.below(3);
        let mut host = host::<FullSpeed, 2, 64>(Options { depth, ..Options::default() });
        let plan: Vec<Rule> = (0..2)
            .map(|_| {
                let fault = faults[random.below(faults.len())];
                let packet = u32::try_from(random.below(500)).unwrap();
                Rule::new(PacketKind::Any, fault).after(packet)
            })
            .collect();
        for rule in &plan {
            host.faults().add(*rule);
        }
        // At most one failure for each fault.
        let succeeded = (0..3).any(|_| {
            let outcome = converse(&mut host);
            if outcome.is_err() {
                host.plug().unwrap();
            }
            outcome.is_ok()
        });
        assert!(succeeded, "{plan:?}");
        assert_eq!(host.port().wire().violations(), [], "{plan:?}");
    }
}
