//! One record for each interval of a live capture: as a line for people, NDJSON or CSV.

mod csv;
mod ndjson;
mod text;

pub(super) use ndjson::schema;

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::merge::Merge;
use crate::summary::{IntervalSummary, IntervalTotals, Volume};

/// What intervals are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalFormat {
    /// One line for each, for people.
    Text,
    /// One JSON object a line, schema `portolan.interval/1`.
    Ndjson,
    /// Several rows for each, with one header before the first.
    Csv,
}

/// Writes what stands before the first interval.
///
/// # Errors
/// What the output says.
pub fn write_interval_header(format: IntervalFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        IntervalFormat::Text => text::write_header(out),
        IntervalFormat::Ndjson => Ok(()),
        IntervalFormat::Csv => csv::write_header(out),
    }
}

/// Writes an interval.
///
/// # Errors
/// What the output says.
pub fn write_interval(
    format: IntervalFormat,
    interval: &IntervalSummary,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        IntervalFormat::Text => text::write(interval, out),
        IntervalFormat::Ndjson => ndjson::write(interval, out),
        IntervalFormat::Csv => csv::write(interval, out),
    }
}

/// A category, its family, and what all its services did; by falling bytes.
fn categories(interval: &IntervalSummary) -> Vec<(&str, &str, IntervalTotals)> {
    let mut groups: BTreeMap<(&str, &str), IntervalTotals> = BTreeMap::new();
    for (key, totals) in &interval.services {
        groups.entry((&key.category, &key.family)).or_default().merge(totals.clone());
    }
    let mut rows: Vec<_> =
        groups.into_iter().map(|((category, family), totals)| (category, family, totals)).collect();
    rows.sort_by_key(|(_, _, totals)| std::cmp::Reverse(totals.volume().bytes));
    rows
}

/// Packets and bytes of all services.
fn classified(interval: &IntervalSummary) -> Volume {
    let mut sum = Volume::default();
    interval.services.values().for_each(|totals| sum.merge(totals.volume()));
    sum
}
