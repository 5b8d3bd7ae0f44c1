//! CDC 1.2 and PSTN 1.2: descriptors that say what is so, class requests (3.3), notifications (3.4),
//! and the request orders of three systems.

mod break_signal;
mod control_lines;
mod descriptors;
mod line_coding;
mod notifications;
mod requests;
mod systems;
mod told;
mod two_ports;

use usbd_acm::class::Event;
use usbd_acm_tests::TokenHost;

/// The events since the last look.
fn events<C, H, const PORTS: usize, const SIZE: usize>(
    host: &mut TokenHost<C, H, PORTS, SIZE>,
    port: usize,
) -> Vec<Event> {
    // More than there are kinds of events are too many.
    std::iter::from_fn(|| host.ports[port].control.next_event()).take(20).collect()
}
