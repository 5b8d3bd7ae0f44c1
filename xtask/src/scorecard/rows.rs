//! The figures, and where each comes from.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::Row;
use crate::figures::{self, Figures};
use crate::test::house::sources;
use crate::test::workspace::Workspace;

/// Every row, in the order of the table.
pub(super) fn all(workspace: &Workspace) -> Result<Vec<Row>> {
    let root = &workspace.root;
    let mut rows = closure(root)?;
    rows.push(transfers(root)?);
    rows.push(sweep(root)?);
    rows.push(fuzz(root)?);
    rows.extend(faults(root)?);
    rows.extend(firmware(root)?);
    rows.push(enumerations(root)?);
    rows.push(load(root)?);
    rows.push(mutants(root)?);
    rows.extend(coverage(root)?);
    rows.push(threads(root)?);
    rows.push(panics(root)?);
    rows.push(stack(root)?);
    rows.push(unsafe_blocks(workspace)?);
    Ok(rows)
}

/// The most that one figure is in any run.
fn most(runs: &BTreeMap<String, Figures>, figure: &str) -> Option<u64> {
    runs.values().filter_map(|run| run.get(figure).copied()).max()
}

/// The sum of one figure over runs; `None` where there was none.
fn sum(runs: &BTreeMap<String, Figures>, figure: &str) -> Option<u64> {
    let values: Vec<u64> = runs.values().filter_map(|run| run.get(figure).copied()).collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

fn closure(root: &Path) -> Result<Vec<Row>> {
    const COMMAND: &str = "cargo test -p usbd-acm-tests --test closure";
    let runs = figures::read(root, "closure-")?;
    let events = sum(&runs, "events").map_or(String::new(), |events| {
        format!("{} events judged, each in every state", super::grouped(events))
    });
    let row = |what, value, detail| Row { what, value, detail, command: COMMAND.to_owned() };
    Ok(vec![
        row("states that a host can bring the device to", sum(&runs, "states"), String::new()),
        row("transitions between them", sum(&runs, "transitions"), events),
    ])
}

fn transfers(root: &Path) -> Result<Row> {
    let runs = figures::read(root, "exhaustive-")?;
    Ok(Row {
        what: "control transfers against the model",
        value: sum(&runs, "cases"),
        detail: "none wrong".to_owned(),
        command: "cargo test -p usbd-acm-tests --test exhaustive".to_owned(),
    })
}

fn sweep(root: &Path) -> Result<Row> {
    let runs = figures::read(root, "sweep-")?;
    let apart = most(&runs, "apart").filter(|apart| *apart > 1);
    let detail = apart.map_or("each of them".to_owned(), |apart| format!("one of {apart} wValues"));
    Ok(Row {
        what: "of the 2^32 bmRequestType, bRequest, wValue",
        value: sum(&runs, "requests"),
        detail: format!("{detail}, none wrong"),
        command: with("cargo xtask soak --only sweep", "--sweep-apart", apart),
    })
}

fn fuzz(root: &Path) -> Result<Row> {
    let mut runs = figures::read(root, "fuzz-")?;
    runs.retain(|_, run| run.contains_key("executions"));
    let edges = |name| sum(&runs, name).map_or("?".to_owned(), super::grouped);
    let detail = format!("{} of {} edges", edges("edges"), edges("edges_in_all"));
    Ok(Row {
        what: "executions of the fuzz targets",
        value: sum(&runs, "executions"),
        detail,
        command: with("cargo xtask soak --only fuzz", "--fuzz-seconds", most(&runs, "seconds")),
    })
}

fn faults(root: &Path) -> Result<Vec<Row>> {
    let runs = figures::read(root, "faults-")?;
    let row = |what, figure, detail: &str| Row {
        what,
        value: sum(&runs, figure),
        detail: detail.to_owned(),
        command: "cargo test -p usbd-acm-tests --test faults".to_owned(),
    };
    Ok(vec![
        row("faults on the wire, one at a time", "faults", "no byte lost or doubled"),
        row("times a host had to start over", "started_over", "and could"),
    ])
}

/// On firmware in emulated chips: all of it, or the slice that every run of the tests has.
fn firmware(root: &Path) -> Result<[Row; 2]> {
    let runs = figures::read(root, "firmware-")?;
    let is_whole = runs.values().all(|run| run.get("whole") == Some(&1));
    let command = if is_whole {
        "cargo xtask soak --only endurance"
    } else {
        "cargo xtask test --only bench-tests"
    };
    let row = |what, figure, detail| Row {
        what,
        value: sum(&runs, figure),
        detail,
        command: command.to_owned(),
    };
    let cycles = runs.values().filter(|run| run.contains_key("cycles")).count();
    let in_a_row = super::grouped(most(&runs, "cycles").unwrap_or(0));
    let in_a_row = format!("up to {in_a_row} in a row on each of {cycles}, all of them succeeded");
    let nothing_lost = "no byte lost or doubled".to_owned();
    Ok([
        row("faults on firmware in emulated chips", "faults", nothing_lost),
        row("enumerations of such firmware", "cycles", in_a_row),
    ])
}

fn enumerations(root: &Path) -> Result<Row> {
    let runs = figures::read(root, "enumerations")?;
    let [cycles, devices] = ["cycles", "devices"].map(|figure| sum(&runs, figure));
    let in_a_row = super::grouped(cycles.unwrap_or(0) / devices.unwrap_or(1).max(1));
    let devices = devices.unwrap_or(1);
    Ok(Row {
        what: "enumerations",
        value: cycles,
        detail: format!(
            "{in_a_row} in a row on each of {devices} devices, where the Command Verifier asks 150"
        ),
        command: "cargo test -p usbd-acm-tests --test chapter9".to_owned(),
    })
}

fn load(root: &Path) -> Result<Row> {
    let runs = figures::read(root, "load-")?;
    let bytes = ["bytes_to_host", "bytes_to_device"].map(|figure| sum(&runs, figure).unwrap_or(0));
    let [seconds, kept] = ["seconds", "bytes_kept"].map(|figure| sum(&runs, figure).unwrap_or(0));
    Ok(Row {
        what: "bytes under load, each checked",
        value: sum(&runs, "seconds").map(|_| bytes.iter().sum()),
        detail: format!("in {}, {kept} bytes of memory kept", simulated(seconds)),
        command: load_command(most(&runs, "seconds")),
    })
}

/// Hours are asked for; what is less is the minute that every run of the tests has.
fn load_command(seconds: Option<u64>) -> String {
    match seconds {
        Some(0..3600) => "cargo test -p usbd-acm-tests --test load".to_owned(),
        _ => with("cargo xtask soak --only load", "--load-hours", seconds.map(|s| s / 3600)),
    }
}

/// A command with an option, where the value is known.
fn with(command: &str, option: &str, value: Option<u64>) -> String {
    value.map_or(command.to_owned(), |value| format!("{command} {option} {value}"))
}

fn simulated(seconds: u64) -> String {
    match seconds {
        0..3600 => format!("{seconds} simulated seconds"),
        _ => format!("{}.{} simulated hours", seconds / 3600, seconds % 3600 / 360),
    }
}

fn mutants(root: &Path) -> Result<Row> {
    let runs = figures::read(root, "mutants-")?;
    let missed = sum(&runs, "missed").unwrap_or(0);
    let value = sum(&runs, "caught");
    let viable = value.unwrap_or(0) + missed;
    let percent = 100.0 * value.unwrap_or(0) as f64 / viable.max(1) as f64;
    let rooms: Vec<&str> = runs.keys().map(String::as_str).collect();
    let rooms = rooms.join(", ");
    Ok(Row {
        what: "mutants that the tests catch",
        value,
        detail: format!("{percent:.1} % of {}, in {rooms}", super::grouped(viable)),
        command: "cargo xtask soak --only mutants".to_owned(),
    })
}

fn coverage(root: &Path) -> Result<Vec<Row>> {
    let runs = figures::read(root, "coverage")?;
    let row = |what, reached, all| Row {
        what,
        value: sum(&runs, reached),
        detail: format!("of {}", super::grouped(sum(&runs, all).unwrap_or(0))),
        command: "cargo xtask soak --only coverage".to_owned(),
    };
    let [corpus, model] = ["corpus", "model"]
        .map(|name| [format!("{name}_reachable_lines_reached"), format!("{name}_reachable_lines")]);
    Ok(vec![
        row("lines that a host can reach, and the fuzzer's inputs do", &corpus[0], &corpus[1]),
        row("lines that a host can reach, and the model's tests do", &model[0], &model[1]),
    ])
}

fn threads(root: &Path) -> Result<Row> {
    let runs = figures::read(root, "thread-sanitizer")?;
    Ok(Row {
        what: "tests with real threads under ThreadSanitizer",
        value: sum(&runs, "tests"),
        detail: "no data race".to_owned(),
        command: "cargo xtask soak --only thread-sanitizer".to_owned(),
    })
}

/// Two architectures: the value is of the first.
fn stack(root: &Path) -> Result<Row> {
    let runs = figures::read(root, "stack")?;
    let figures =
        ["poll_thumbv6m", "interrupt_nrf52840", "interrupt_stm32f405", "functions_compared"];
    let [smaller, nrf52840, stm32f405, compared] =
        figures.map(|figure| sum(&runs, figure).unwrap_or(0));
    Ok(Row {
        what: "bytes of stack at most in Device::poll on thumbv7em",
        value: sum(&runs, "poll_thumbv7em"),
        detail: format!(
            "{smaller} on thumbv6m, {nrf52840} in the interrupt of the nRF52840 and {stm32f405} in that of \
             the STM32F405, and {compared} functions within their bounds when run"
        ),
        command: "cargo xtask size --stack".to_owned(),
    })
}

fn panics(root: &Path) -> Result<Row> {
    let runs = figures::read(root, "panic-free")?;
    let links = sum(&runs, "links").unwrap_or(0);
    Ok(Row {
        what: "panics that can be reached",
        value: sum(&runs, "panics"),
        detail: format!("{links} targets and levels link without any"),
        command: "cargo xtask size --panic-free".to_owned(),
    })
}

/// In what a target sees: the libraries, without their tests.
fn unsafe_blocks(workspace: &Workspace) -> Result<Row> {
    let mut count = 0;
    let mut files = 0;
    for library in workspace.libraries() {
        for source in sources::sources(workspace, library)? {
            let is_linked = !source.name.contains("/tests/") && !source.name.contains("/examples/");
            let blocks = if is_linked { sources::unsafe_count(&source)? } else { 0 };
            count += blocks as u64;
            files += u64::from(blocks > 0);
        }
    }
    Ok(Row {
        what: "unsafe in the libraries",
        value: Some(count),
        detail: format!("in {files} files, each with an argument"),
        command: "cargo xtask test --only house-unsafe".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_counts_what_it_stands_beside() {
        assert_eq!(load_command(None), "cargo xtask soak --only load");
        assert_eq!(load_command(Some(60)), "cargo test -p usbd-acm-tests --test load");
        assert_eq!(load_command(Some(7200)), "cargo xtask soak --only load --load-hours 2");
    }
}
