//! An interval as rows of a flat table.
//!
//! The column `table` says what a row belongs to: `total`, `unclassified`, `category` or `service`. The rows of `service` and
//! those of `category` each add up to `total` without `unclassified`.

use std::io::{self, Write};

use super::{categories, classified};
use crate::net::Timestamp;
use crate::report::csv::{of_output, text};
use crate::summary::{IntervalSummary, IntervalTotals, Volume};

const HEADER: [&str; 18] = [
    "start_ns",
    "end_ns",
    "table",
    "category",
    "service",
    "transport",
    "port",
    "packets",
    "bytes",
    "flows",
    "bytes_to_service",
    "bytes_from_service",
    "begun",
    "unanswered",
    "refused",
    "kernel_dropped",
    "interface_dropped",
    "evicted_flows",
];

pub(super) fn write_header(out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADER).map_err(of_output)?;
    writer.flush()
}

pub(super) fn write(interval: &IntervalSummary, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let bounds = interval.span.map(|(start, end)| [start, end].map(Timestamp::as_nanos));
    let bounds = bounds.map_or_else(Default::default, |bounds| bounds.map(|bound| bound.to_string()));
    let mut put = |cells: Vec<String>| {
        let missing = HEADER.len() - bounds.len() - cells.len();
        let row = bounds.iter().cloned().chain(cells).chain(std::iter::repeat_n(String::new(), missing));
        writer.write_record(row).map_err(of_output)
    };
    let mut total = classified(interval);
    crate::merge::Merge::merge(&mut total, interval.unclassified.total());
    let loss = interval.loss;
    let mut row = named("total", ["", "", "", ""]);
    row.extend(volume(total));
    row.extend(std::iter::repeat_n(String::new(), 6));
    row.extend(
        [loss.kernel_dropped, loss.interface_dropped, loss.evicted_flows].map(|count| count.to_string()),
    );
    put(row)?;
    let mut row = named("unclassified", ["", "", "", ""]);
    row.extend(volume(interval.unclassified.total()));
    put(row)?;
    for (category, _, totals) in categories(interval) {
        let mut row = named("category", [category, "", "", ""]);
        row.extend(of_totals(&totals));
        put(row)?;
    }
    for (key, totals) in &interval.services {
        let port = key.port.map(|port| port.to_string()).unwrap_or_default();
        let mut row = named("service", [&key.category, &key.service, key.transport.name(), &port]);
        row.extend(of_totals(totals));
        put(row)?;
    }
    writer.flush()
}

fn named(table: &str, cells: [&str; 4]) -> Vec<String> {
    std::iter::once(table).chain(cells).map(text).collect()
}

fn volume(volume: Volume) -> [String; 2] {
    [volume.packets.to_string(), volume.bytes.to_string()]
}

fn of_totals(totals: &IntervalTotals) -> impl Iterator<Item = String> {
    let begun = &totals.begun;
    let counts = [
        totals.flows,
        totals.to_service.bytes,
        totals.from_service.bytes,
        begun.flows,
        begun.unanswered,
        begun.refused,
    ];
    volume(totals.volume()).into_iter().chain(counts.map(|count| count.to_string()))
}
