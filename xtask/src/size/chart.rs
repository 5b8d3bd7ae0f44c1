//! Bar charts as SVG.

use std::fmt::Write;

use super::figures::{Figures, Metric};
use super::firmware::{Level, Stack, TARGETS};
use super::report::number;

const LEFT: f64 = 190.0;
const BAR: f64 = 18.0;
const GAP: f64 = 4.0;
const GROUP_GAP: f64 = 30.0;
const TOP: f64 = 44.0;
const PLOT: f64 = 430.0;
const WIDTH: f64 = LEFT + PLOT + 80.0;

/// Readable on white and on dark pages.
const COLOURS: [&str; 5] = ["#d9480f", "#f08c3a", "#7b8794", "#9aa5b1", "#627d98"];

/// A set of bars under one heading: a value a stack.
struct Group {
    heading: String,
    bars: Vec<(Stack, f64)>,
}

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
    let bar = |stack| Some((stack, figures.get(target, stack, level, metric)?));
    let bars: Vec<_> = Stack::ALL.into_iter().filter_map(bar).collect();
    (!bars.is_empty()).then_some(Group { heading, bars })
}

fn draw(metric: Metric, groups: &[Group]) -> String {
    let largest = groups.iter().flat_map(|group| &group.bars).map(|(_, value)| *value);
    let scale = PLOT / largest.fold(1.0, f64::max);
    let mut body = String::new();
    let mut y = TOP;
    for group in groups {
        let _ = writeln!(
            body,
            r#"<text x="10" y="{:.0}" class="heading">{}</text>"#,
            y + 4.0,
            group.heading
        );
        y += 12.0;
        for (stack, value) in &group.bars {
            bar(&mut body, *stack, *value, y, scale);
            y += BAR + GAP;
        }
        y += GROUP_GAP - 12.0;
    }
    let height = y - GROUP_GAP + 26.0;
    let title = format!("{} ({}, less is better)", metric.title(), metric.unit());
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{title}">
<style>text {{ font: 12px sans-serif; fill: #486581 }} .title {{ font-size: 15px; font-weight: bold }} .heading {{ font-weight: bold }}</style>
<text x="10" y="20" class="title">{title}</text>
{body}</svg>
"##
    )
}

fn bar(body: &mut String, stack: Stack, value: f64, y: f64, scale: f64) {
    let colour = COLOURS[stack as usize % COLOURS.len()];
    let (width, text) = (value * scale, y + BAR - 5.0);
    let _ = writeln!(
        body,
        r#"<text x="{}" y="{text}" text-anchor="end">{}</text>"#,
        LEFT - 8.0,
        stack.name()
    );
    let _ = writeln!(
        body,
        r#"<rect x="{LEFT}" y="{y}" width="{width:.1}" height="{BAR}" fill="{colour}"/>"#
    );
    let _ = writeln!(
        body,
        r#"<text x="{:.1}" y="{text}">{}</text>"#,
        LEFT + width + 6.0,
        number(Some(value))
    );
}
