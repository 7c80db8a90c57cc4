//! Traffic over time, stacked by category.

use maud::{Markup, html};

use super::charts::tenths;
use super::palette::Palette;
use super::section as part;
use super::table::{Cell, Table};
use crate::net::Timestamp;
use crate::report::units::{bit_rate, bytes, moment, printable};
use crate::report::view::{self, Share};
use crate::summary::{Series, Summary};

/// Columns at most.
const COLUMNS: i64 = 120;
/// Of the drawing, in its own units: the bars, and room for labels on the left and below.
const WIDTH: u64 = 860;
const HEIGHT: u64 = 220;
const LEFT: u64 = 80;
const BELOW: u64 = 24;
const TOP: u64 = 8;

/// One column: when it begins, and the bytes of each place of the palette.
struct Column {
    start: Timestamp,
    bytes: Vec<u64>,
}

impl Column {
    fn total(&self) -> u64 {
        self.bytes.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }
}

/// The chart; nothing without a series.
pub(super) fn section(summary: &Summary, palette: &Palette) -> Markup {
    let Some(series) = summary.series.as_ref().map(coarse_enough) else { return html! {} };
    let columns = columns(&series, palette);
    let Some(highest) = columns.iter().map(Column::total).max().filter(|bytes| *bytes > 0) else {
        return html! {};
    };
    let top_rate = view::per_second(highest, series.width_ns).unwrap_or_default();
    let label = format!("Rate over time, by category; at most {}", bit_rate(top_rate));
    part(
        "over-time",
        "Over time",
        &html! {
            ul.legend {
                @for (place, name) in palette.names().enumerate().filter(|(place, _)| is_used(&columns, *place)) {
                    li { span class={ "key " (palette.class(place)) } aria-hidden="true" {} (printable(name)) }
                }
            }
            div.scroll tabindex="0" role="region" aria-label="Rate over time" {
                svg viewBox={ "0 0 " (LEFT + WIDTH) " " (TOP + HEIGHT + BELOW) } role="img" aria-label=(label) {
                    (axis(top_rate))
                    @for (place, column) in columns.iter().enumerate() {
                        (bar(place, columns.len(), column, highest, palette))
                    }
                    (times(&columns))
                }
            }
            (listing(summary))
        },
    )
}

/// The series on a grid that has no more columns than there is room for.
fn coarse_enough(series: &Series) -> Series {
    let starts = || series.intervals.keys().flatten();
    let (Some(first), Some(last)) = (starts().min(), starts().max()) else { return series.clone() };
    let span = last.nanos_since(*first);
    let times = span / series.width_ns.saturating_mul(COLUMNS.unsigned_abs()).max(1) + 1;
    series.clone().on_grid(series.width_ns.saturating_mul(times))
}

/// The columns from the first interval to the last, those without packets as well.
fn columns(series: &Series, palette: &Palette) -> Vec<Column> {
    let width = i64::try_from(series.width_ns).unwrap_or(i64::MAX).max(1);
    let numbered = |start: &Timestamp| start.as_nanos().div_euclid(width);
    let starts = || series.intervals.keys().flatten();
    let (Some(first), Some(last)) = (starts().map(numbered).min(), starts().map(numbered).max()) else {
        return Vec::new();
    };
    let column = |number: i64| {
        let start = Timestamp::from_nanos(number.saturating_mul(width));
        let mut bytes = vec![0_u64; palette.names().count()];
        for ((_, category), volume) in series.intervals.get(&Some(start)).into_iter().flatten() {
            let place = &mut bytes[palette.place(category)];
            *place = place.saturating_add(volume.bytes);
        }
        Column { start, bytes }
    };
    (first..=last.min(first.saturating_add(COLUMNS))).map(column).collect()
}

fn is_used(columns: &[Column], place: usize) -> bool {
    columns.iter().any(|column| column.bytes[place] > 0)
}

/// The rate that the top stands for, and half of it.
fn axis(top_rate: u64) -> Markup {
    html! {
        g.axis {
            @for (y, rate) in [(0, top_rate), (HEIGHT / 2, top_rate / 2), (HEIGHT, 0)] {
                line x1=(LEFT) x2=(LEFT + WIDTH) y1=(TOP + y) y2=(TOP + y) {}
                text x=(LEFT - 6) y=(TOP + y + 4) text-anchor="end" { (bit_rate(rate)) }
            }
        }
    }
}

/// The parts of a column, one upon the other.
fn bar(place: usize, columns: usize, column: &Column, highest: u64, palette: &Palette) -> Markup {
    let across =
        |place: usize| LEFT * 10 + Share { part: place as u64, whole: columns as u64 }.of(WIDTH * 10);
    let gap = if columns > 60 { 10 } else { 20 };
    let width = (across(place + 1) - across(place)).saturating_sub(gap).max(10);
    let up = |bytes: u64| Share { part: bytes, whole: highest }.of(HEIGHT * 10);
    let mut below = 0_u64;
    let parts = column.bytes.iter().enumerate().filter(|(_, bytes)| **bytes > 0).map(|(part, &bytes)| {
        let from = up(below);
        below = below.saturating_add(bytes);
        (palette.class(part), (TOP + HEIGHT) * 10 - up(below), up(below) - from)
    });
    html! {
        g {
            title { (moment(Some(column.start))) ": " (bytes(column.total())) }
            @for (class, y, height) in parts {
                rect class=(class) x=(tenths(across(place))) y=(tenths(y)) width=(tenths(width)) height=(tenths(height)) {}
            }
        }
    }
}

/// When the first column begins, and the last one.
fn times(columns: &[Column]) -> Markup {
    let last = columns.len() - 1;
    let y = TOP + HEIGHT + 17;
    html! {
        g.axis {
            text x=(LEFT) y=(y) { (moment(Some(columns[0].start))) }
            @if last > 0 {
                text x=(LEFT + WIDTH) y=(y) text-anchor="end" { (moment(Some(columns[last].start))) }
            }
        }
    }
}

/// The same in numbers.
fn listing(summary: &Summary) -> Markup {
    let columns = [("From (UTC)", false), ("Mostly", false), ("Bytes", true), ("Packets", true)];
    let mut table = Table::new("Intervals", &columns);
    for row in view::over_time(summary) {
        let start = row.start.map_or(0, |start| start.as_nanos().max(0).unsigned_abs());
        table.row([
            Cell::marked(start, html! { (moment(row.start)) }),
            Cell::text(row.largest),
            Cell::bytes(row.volume.bytes),
            Cell::count(row.volume.packets),
        ]);
    }
    html! { details { summary { "In numbers" } (table.markup()) } }
}
