//! The devices that events happen to. The first byte of an input picks one.

use usbd_acm::{DtrPolicy, Hooks, Probe};
use usbd_acm_virtual::{VirtualController, VirtualHighSpeed};

use super::event::{Call, Event, decode};
use super::twin::Twin;
use crate::model::{self, Polling, Settings};
use crate::probe::{IGNORE, PREFER, REQUIRE, policy};
use crate::{HIGH_SPEED, ONE_PORT, TWO_PORTS};

/// Slots of each FIFO.
const SLOTS: usize = 2;

/// Hooks with nothing but a policy.
pub struct Policy<const DTR: u8, const WAKE_ON_WRITE: bool, const PROBE: bool = false>;

impl<const DTR: u8, const WAKE_ON_WRITE: bool, const PROBE: bool> Hooks
    for Policy<DTR, WAKE_ON_WRITE, PROBE>
{
    const DTR: DtrPolicy = policy(DTR);
    const WAKE_ON_WRITE: bool = WAKE_ON_WRITE;
    const PROBE: Probe = if PROBE { Probe::ZeroLengthPacket { hold: 0 } } else { Probe::Off };
}

/// A full-speed device with one port.
pub fn closure_twin<const DTR: u8, const WAKE_ON_WRITE: bool>(
    polling: Polling,
    depth: usize,
) -> Twin<VirtualController, Policy<DTR, WAKE_ON_WRITE>, 1, 64> {
    let settings = Settings {
        full: &model::FULL_SPEED,
        high: None,
        policy: policy(DTR),
        wake_on_write: WAKE_ON_WRITE,
        probe: false,
        polling,
        slots: SLOTS,
    };
    Twin::new(VirtualController::new(depth), &ONE_PORT, Policy, settings)
}

/// The same, which asks whether the host reads.
pub fn probing<const DTR: u8>(
    polling: Polling,
    depth: usize,
) -> Twin<VirtualController, Policy<DTR, true, true>, 1, 64> {
    let settings = Settings {
        full: &model::FULL_SPEED,
        high: None,
        policy: policy(DTR),
        wake_on_write: true,
        probe: true,
        polling,
        slots: SLOTS,
    };
    Twin::new(VirtualController::new(depth), &ONE_PORT, Policy, settings)
}

fn two_ports<const DTR: u8>(
    polling: Polling,
    depth: usize,
) -> Twin<VirtualController, Policy<DTR, true>, 2, 64> {
    let settings = Settings {
        full: &model::TWO_PORTS,
        high: None,
        policy: policy(DTR),
        wake_on_write: true,
        probe: false,
        polling,
        slots: SLOTS,
    };
    Twin::new(VirtualController::new(depth), &TWO_PORTS, Policy, settings)
}

fn high_speed<const DTR: u8>(
    polling: Polling,
    depth: usize,
) -> Twin<VirtualHighSpeed, Policy<DTR, true>, 1, 512> {
    let settings = Settings {
        full: &model::HIGH_SPEED_AT_FULL,
        high: Some(&model::HIGH_SPEED),
        policy: policy(DTR),
        wake_on_write: true,
        probe: false,
        polling,
        slots: SLOTS,
    };
    Twin::new(VirtualHighSpeed::new(depth), &HIGH_SPEED, Policy, settings)
}

/// A legal or illegal host: events of the bus, and an application that reads and writes enough to
/// keep the wire busy.
///
/// # Panics
/// When an outcome is not the one that the model names.
pub fn control_pipe(input: &[u8]) {
    let is_call = |event: &Event| {
        matches!(event, Event::Call(_, Call::Read(_) | Call::Write(_) | Call::Wake))
    };
    run(input, |event| !matches!(event, Event::Call(..)) || is_call(event));
}

/// Calls of the application between events of the bus.
///
/// # Panics
/// When an outcome is not the one that the model names.
pub fn data_path(input: &[u8]) {
    run(input, |_| true);
}

fn run(input: &[u8], wanted: impl Fn(&Event) -> bool) {
    let Some((&kind, events)) = input.split_first() else { return };
    let events = decode(events).filter(wanted);
    let polling = if kind & 0x80 == 0 { Polling::Prompt } else { Polling::Late };
    let depth = 1 + usize::from(kind >> 5 & 3);
    let events = [Event::Vbus(true), Event::Reset { high: true }].into_iter().chain(events);
    match kind & 0x0F {
        0 => closure_twin::<PREFER, true>(polling, depth).apply_all(events),
        1 => closure_twin::<IGNORE, true>(polling, depth).apply_all(events),
        2 => closure_twin::<REQUIRE, true>(polling, depth).apply_all(events),
        3 => closure_twin::<PREFER, false>(polling, depth).apply_all(events),
        4 => two_ports::<PREFER>(polling, depth).apply_all(events),
        5 => two_ports::<REQUIRE>(polling, depth).apply_all(events),
        6 => high_speed::<PREFER>(polling, depth).apply_all(events),
        8 => probing::<PREFER>(polling, depth).apply_all(events),
        9 => probing::<REQUIRE>(polling, depth).apply_all(events),
        _ => high_speed::<REQUIRE>(polling, depth).apply_all(events),
    }
}
