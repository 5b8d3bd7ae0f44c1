//! A chart of every figure.

use super::figures::{Figures, Metric};
use super::firmware::{Level, Stack, TARGETS};
use super::report::number;
use crate::chart::{self, Bar, Group};

/// File name and SVG of every chart that has values.
pub fn all(figures: &Figures) -> Vec<(String, String)> {
    let sizes = [Metric::Flash, Metric::Ram];
    let counts =
        [Metric::DeviceToHost, Metric::HostToDevice, Metric::Enumeration, Metric::IdlePoll];
    let by_target = sizes.map(|metric| (metric, size_groups(figures, metric)));
    let by_level = counts.map(|metric| (metric, count_groups(figures, metric)));
    (by_target.into_iter().chain(by_level))
        .filter(|(_, groups)| !groups.is_empty())
        .map(|(metric, groups)| (format!("{}.svg", metric.key()), draw(metric, &groups)))
        .collect()
}

fn size_groups(figures: &Figures, metric: Metric) -> Vec<Group> {
    let group = |target: &'static str| group(figures, target.into(), target, Level::Z, metric);
    TARGETS.into_iter().filter_map(group).collect()
}

fn count_groups(figures: &Figures, metric: Metric) -> Vec<Group> {
    let group = |level: Level| {
        group(figures, format!("opt-level {}", level.name()), TARGETS[0], level, metric)
    };
    [Level::Three, Level::Z].into_iter().filter_map(group).collect()
}

fn group(
    figures: &Figures,
    heading: String,
    target: &str,
    level: Level,
    metric: Metric,
) -> Option<Group> {
    let bar = |stack: Stack| {
        let value = figures.get(target, stack, level, metric)?;
        let text = number(Some(value));
        Some(Bar { label: stack.name().into(), colour: stack as usize, value, text })
    };
    let bars: Vec<_> = Stack::ALL.into_iter().filter_map(bar).collect();
    (!bars.is_empty()).then_some(Group { heading, bars })
}

fn draw(metric: Metric, groups: &[Group]) -> String {
    let title = format!("{} ({}, less is better)", metric.title(), metric.unit());
    chart::draw(&title, groups)
}
