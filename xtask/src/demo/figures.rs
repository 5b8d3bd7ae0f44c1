//! target/bench/demo.json.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use usbd_acm::Speed;

use super::board::Footprint;
use super::file::RoundTrip;
use super::throughput::Flow;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Record {
    pub target: String,
    pub stack: String,
    pub metric: String,
    pub value: f64,
    pub unit: String,
}

/// The figures of one run.
pub fn records(
    trip: &RoundTrip,
    flows: &[Flow],
    footprint: &Footprint,
    speed: Speed,
) -> Vec<Record> {
    let speed_name = match speed {
        Speed::Full => "full_speed",
        Speed::High => "high_speed",
    };
    let record = |metric: String, value: f64, unit: &str| Record {
        target: "simulated".into(),
        stack: "ours".into(),
        metric: format!("{metric}_{speed_name}"),
        value,
        unit: unit.into(),
    };
    let mut records = Vec::new();
    for flow in flows {
        let metric = flow.metric;
        records.push(record(format!("throughput_{metric}"), flow.rate().round(), "B/s"));
        let percent = (flow.percent(speed) * 100.0).round() / 100.0;
        records.push(record(format!("throughput_{metric}_of_limit"), percent, "%"));
        records.extend(flow.naks.map(|naks| record(format!("naks_{metric}"), naks as f64, "NAKs")));
    }
    let line = (trip.percent_of_line() * 100.0).round() / 100.0;
    records.push(record("round_trip_of_uart".into(), line, "%"));
    let ram = footprint.total() as f64;
    records.push(record("ram_on_this_machine".into(), ram, "bytes"));
    records.push(record("slots_each_way".into(), footprint.slots as f64, "packets"));
    records
}

/// Writes the records beside those of other metrics, of the other speed, that are in the file.
pub fn write(path: &Path, records: &[Record]) -> Result<()> {
    let mut all: Vec<Record> =
        fs::read(path).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    all.retain(|old| records.iter().all(|new| new.metric != old.metric));
    all.extend_from_slice(records);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let json = serde_json::to_string_pretty(&all)?;
    fs::write(path, json).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(metric: &str, value: f64) -> Record {
        let text = |text: &str| text.to_owned();
        Record {
            target: text("simulated"),
            stack: text("ours"),
            metric: text(metric),
            value,
            unit: text("B/s"),
        }
    }

    #[test]
    fn a_run_replaces_its_own_figures_and_keeps_the_others() {
        let name = format!("usbd-acm-figures-{}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        write(&path, &[record("full", 1.0), record("high", 2.0)]).unwrap();
        write(&path, &[record("full", 3.0)]).unwrap();
        let all: Vec<Record> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(all, [record("high", 2.0), record("full", 3.0)]);
    }
}
