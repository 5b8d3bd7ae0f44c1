//! Bar charts as SVG.

use std::fmt::Write;

const LEFT: f64 = 190.0;
const BAR: f64 = 18.0;
const GAP: f64 = 4.0;
const GROUP_GAP: f64 = 30.0;
const TOP: f64 = 44.0;
const PLOT: f64 = 430.0;
const WIDTH: f64 = LEFT + PLOT + 80.0;

/// Readable on white and on dark pages.
const COLOURS: [&str; 5] = ["#d9480f", "#f08c3a", "#7b8794", "#9aa5b1", "#627d98"];

/// A set of bars under one heading.
pub struct Group {
    pub heading: String,
    pub bars: Vec<Bar>,
}

/// One bar.
pub struct Bar {
    pub label: String,
    /// Which colour it has: the same for the same stack in every chart.
    pub colour: usize,
    pub value: f64,
    /// The value in words.
    pub text: String,
}

/// The chart of these groups.
pub fn draw(title: &str, groups: &[Group]) -> String {
    let largest = groups.iter().flat_map(|group| &group.bars).map(|bar| bar.value);
    let scale = PLOT / largest.fold(1e-9, f64::max);
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
        for bar in &group.bars {
            draw_bar(&mut body, bar, y, scale);
            y += BAR + GAP;
        }
        y += GROUP_GAP - 12.0;
    }
    let height = y - GROUP_GAP + 26.0;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{title}">
<style>text {{ font: 12px sans-serif; fill: #486581 }} .title {{ font-size: 15px; font-weight: bold }} .heading {{ font-weight: bold }}</style>
<text x="10" y="20" class="title">{title}</text>
{body}</svg>
"##
    )
}

fn draw_bar(body: &mut String, bar: &Bar, y: f64, scale: f64) {
    let colour = COLOURS[bar.colour % COLOURS.len()];
    let (width, baseline) = (bar.value * scale, y + BAR - 5.0);
    let _ = writeln!(
        body,
        r#"<text x="{}" y="{baseline}" text-anchor="end">{}</text>"#,
        LEFT - 8.0,
        bar.label
    );
    let _ = writeln!(
        body,
        r#"<rect x="{LEFT}" y="{y}" width="{width:.1}" height="{BAR}" fill="{colour}"/>"#
    );
    let _ =
        writeln!(body, r#"<text x="{:.1}" y="{baseline}">{}</text>"#, LEFT + width + 6.0, bar.text);
}
