//! Bulk transfers carried on until they are over.

use anyhow::{Result, bail};
use usbd_acm_virtual::Nanoseconds;
use usbd_acm_virtual::host::Transfer;

use super::board::DemoHost;

/// Simulated time between two looks at the progress.
const SLICE: Nanoseconds = 20_000_000;
/// Looks without any progress: 5 s.
const PATIENCE: u32 = 250;

/// Carries `transfers` on until all are over, and returns the simulated time it took. `progress` is
/// told the bytes moved so far.
///
/// # Errors
/// What ended a transfer, or that nothing moves any more.
pub fn carry(
    host: &mut DemoHost,
    transfers: &mut [&mut Transfer],
    progress: &dyn Fn(u64),
) -> Result<Nanoseconds> {
    let start = host.now();
    let mut moved_before = 0;
    let mut quiet = 0;
    loop {
        host.exchange(transfers, SLICE);
        let moved = transfers.iter().map(|transfer| transfer.moved().len() as u64).sum();
        progress(moved);
        if let Some(error) = transfers.iter().find_map(|transfer| transfer.outcome()?.err()) {
            bail!("after {moved} bytes: {error}");
        }
        if transfers.iter().all(|transfer| transfer.outcome().is_some()) {
            return Ok(host.now() - start);
        }
        quiet = if moved == moved_before { quiet + 1 } else { 0 };
        if quiet == PATIENCE {
            bail!("after {moved} bytes nothing has moved for 5 s");
        }
        moved_before = moved;
    }
}

/// Place of the first byte that differs, or where the shorter one ends.
pub fn first_difference(sent: &[u8], received: &[u8]) -> Option<usize> {
    let common = sent.iter().zip(received).position(|(a, b)| a != b);
    common.or_else(|| (sent.len() != received.len()).then_some(sent.len().min(received.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_found_at_their_place() {
        assert_eq!(first_difference(b"serial", b"serial"), None);
        assert_eq!(first_difference(b"serial", b"aerial"), Some(0));
        assert_eq!(first_difference(b"serial", b"serially"), Some(6));
        assert_eq!(first_difference(b"serial", b""), Some(0));
    }
}
