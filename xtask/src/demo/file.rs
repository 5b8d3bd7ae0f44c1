//! A file through the whole stack: host, USB, device, UART, and all the way back.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};
use usbd_acm_virtual::Nanoseconds;
use usbd_acm_virtual::host::{AcmPort, Transfer};

use super::board::Bench;
use super::movement::{carry, first_difference};
use crate::serve::device::Running;

/// Time in which bytes that nobody sent would come.
const AFTERMATH: Nanoseconds = 20_000_000;

/// A file that went round and was compared.
#[derive(Clone, PartialEq, Debug)]
pub struct RoundTrip {
    pub bytes: usize,
    /// Characters that went over the line of the UART.
    pub characters: u64,
    pub sent_sha256: String,
    pub received_sha256: String,
    /// Place of the first byte that is not as it was sent.
    pub difference: Option<usize>,
    pub duration: Nanoseconds,
    /// Characters a second on the line.
    pub line_rate: f64,
}

impl RoundTrip {
    /// Bytes a second, of simulated time.
    pub fn rate(&self) -> f64 {
        self.bytes as f64 * 1e9 / self.duration.max(1) as f64
    }

    /// How much of its time the UART was sending.
    pub fn percent_of_line(&self) -> f64 {
        100.0 * self.rate() / self.line_rate
    }

    pub fn check(&self) -> Result<()> {
        if let Some(place) = self.difference {
            bail!(
                "the file came back changed, from byte {place} on ({} sent, {} received); see the \
                 capture",
                self.sent_sha256,
                self.received_sha256
            );
        }
        if self.characters != self.bytes as u64 {
            bail!("{} bytes, but {} characters on the line", self.bytes, self.characters);
        }
        Ok(())
    }
}

/// Sends `data` to the bridge while reading what comes back over its looped UART, which is at
/// `rate` baud, 8N1.
pub fn round_trip(
    bench: &mut Bench,
    port: &mut AcmPort,
    data: &[u8],
    rate: u32,
    progress: &dyn Fn(u64),
) -> Result<RoundTrip> {
    let characters_before = characters(bench);
    let function = *port.function();
    let mut write = Transfer::write(function.data_out, data);
    let mut read = Transfer::stream(function.data_in, data.len());
    let duration = match data {
        [] => 0,
        _ => carry(&mut bench.host, &mut [&mut write, &mut read], progress)?,
    };
    let mut received = read.into_moved();
    received.extend(port.read_for(&mut bench.host, AFTERMATH)?);
    Ok(RoundTrip {
        bytes: data.len(),
        characters: characters(bench) - characters_before,
        sent_sha256: sha256(data),
        received_sha256: sha256(&received),
        difference: first_difference(data, &received),
        duration,
        // Start bit, 8 data bits, stop bit.
        line_rate: f64::from(rate) / 10.0,
    })
}

fn characters(bench: &Bench) -> u64 {
    match bench.application.borrow().running() {
        Running::Bridge(uart) => uart.characters(),
        _ => 0,
    }
}

fn sha256(data: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(data) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_differs_or_a_character_too_few_is_an_error() {
        let good = RoundTrip {
            bytes: 3,
            characters: 3,
            sent_sha256: sha256(b"abc"),
            received_sha256: sha256(b"abc"),
            difference: None,
            duration: 1,
            line_rate: 1.0,
        };
        assert!(good.sent_sha256.starts_with("ba7816bf8f01cfea"));
        assert!(good.check().is_ok());
        assert!(RoundTrip { characters: 2, ..good.clone() }.check().is_err());
        assert!(RoundTrip { difference: Some(2), ..good }.check().is_err());
    }
}
