//! Volumes over time.

use std::io;

use super::lists::bar;
use super::page::{Page, Tone};
use super::table::{Cell, Column, Table};
use crate::report::units::{bit_rate, bytes, duration, moment, percent, thousands};
use crate::report::view::{self, Share};
use crate::summary::Summary;

/// Writes the intervals that have packets, if a series was asked for. Bars are shares of the busiest interval.
pub(super) fn write(summary: &Summary, page: &mut Page<'_>) -> io::Result<()> {
    let moments = view::over_time(summary);
    let (Some(series), Some(busiest)) =
        (&summary.series, moments.iter().map(|moment| moment.volume.bytes).max())
    else {
        return Ok(());
    };
    let mut table = Table::new(vec![
        Column::left("From (UTC)"),
        Column::right("Bytes"),
        Column::left("").rank(5),
        Column::right("Rate").rank(2),
        Column::right("Packets").rank(1),
        Column::names("Mostly", 9),
        Column::right("Share").rank(3),
    ]);
    for row in moments {
        let rate = view::per_second(row.volume.bytes, series.width_ns).map(bit_rate).unwrap_or_default();
        table.row(vec![
            Cell::new(Tone::Strong, moment(row.start)),
            bytes(row.volume.bytes).into(),
            Cell::new(Tone::Bar, bar(Share { part: row.volume.bytes, whole: busiest })),
            rate.into(),
            thousands(row.volume.packets).into(),
            row.largest.into(),
            percent(Share { part: row.largest_bytes, whole: row.volume.bytes }).into(),
        ]);
    }
    page.title(&format!("Over time, by {}", duration(series.width_ns)))?;
    table.write(page)
}
