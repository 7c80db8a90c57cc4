//! Traffic over time, stacked by category.

use maud::{Markup, html};

use super::axis::{self, Axis, FULL};
use super::charts::Plot;
use super::pace::{BITS, Pace, bit_rate};
use super::palette::Palette;
use super::table::{Cell, Table};
use super::{section as part, times};
use crate::net::Timestamp;
use crate::report::units::{bytes, duration, moment, printable, time_span};
use crate::report::view::{self, Share};
use crate::summary::{Series, Summary};

/// Columns at most.
const COLUMNS: i64 = 120;
/// Intervals that fill a page of paper.
const LONG: usize = 120;

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
    part(
        "over-time",
        "Over time",
        &html! {
            ul.legend {
                @for (place, name) in palette.names().enumerate().filter(|(place, _)| is_used(&columns, *place)) {
                    li { span class={ "key " (palette.class(place)) } aria-hidden="true" {} (printable(name)) }
                }
            }
            (chart(&columns, highest, series.width_ns, palette))
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

/// The columns with their axes, and what time they show.
fn chart(columns: &[Column], highest: u64, width_ns: u64, palette: &Palette) -> Markup {
    let pace = Pace::of(bits(highest), width_ns);
    let axis = Axis::new(pace.rate(bits(highest), width_ns), 4);
    let top = axis.place(pace.rate(bits(highest), width_ns));
    let units = BITS.map(|unit| format!("{unit}/{}", pace.name));
    let height = |bytes: u64| Share { part: bytes, whole: highest }.of(top);
    let [first, last] = [&columns[0], &columns[columns.len() - 1]].map(|column| column.start);
    let end = Timestamp::from_nanos_saturating(i128::from(last.as_nanos()) + i128::from(width_ns));
    let label = format!("Rate over time, by category; at most {}", bit_rate(highest, width_ns));
    let plot = Plot {
        label: &label,
        drawing: html! {
            @for (place, column) in columns.iter().enumerate() { (bar(place, columns.len(), column, &height, palette)) }
        },
        beside: axis.marks(&units.each_ref().map(String::as_str)),
        below: times::marks(first.as_nanos().into(), end.as_nanos().into()),
        above: Vec::new(),
    };
    html! {
        div.tall { (plot.markup()) }
        p.note { (time_span(first, end)) ", " (duration(width_ns)) " a column" }
    }
}

fn bits(bytes: u64) -> u128 {
    u128::from(bytes) * 8
}

/// The parts of a column, one upon the other.
fn bar(
    place: usize,
    columns: usize,
    column: &Column,
    height: &impl Fn(u64) -> u64,
    palette: &Palette,
) -> Markup {
    let across = |place: usize| axis::place(place as u128, columns as u128);
    let wide = across(place + 1) - across(place);
    let mut below = 0_u64;
    let parts = column.bytes.iter().enumerate().filter(|(_, bytes)| **bytes > 0).map(|(part, &bytes)| {
        let from = height(below);
        below = below.saturating_add(bytes);
        (palette.class(part), FULL - height(below), height(below) - from)
    });
    html! {
        g {
            title { (moment(Some(column.start))) ": " (bytes(column.total())) }
            @for (class, y, height) in parts {
                rect class=(class) x=(across(place)) y=(y) width=(wide - wide / 8) height=(height) {}
            }
        }
    }
}

/// The same in numbers.
fn listing(summary: &Summary) -> Markup {
    let columns = [("From (UTC)", false), ("Mostly", false), ("Bytes", true), ("Packets", true)];
    let mut table = Table::new("Intervals", &columns);
    let rows = view::over_time(summary);
    let is_long = rows.len() > LONG;
    for row in rows {
        let start = row.start.map_or(0, |start| start.as_nanos().max(0).unsigned_abs());
        table.row([
            Cell::marked(start, html! { (moment(row.start)) }),
            Cell::text(row.largest),
            Cell::bytes(row.volume.bytes),
            Cell::count(row.volume.packets),
        ]);
    }
    html! { details.long[is_long] { summary { "In numbers" } (table.markup()) } }
}
