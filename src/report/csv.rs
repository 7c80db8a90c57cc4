//! The summary as one flat table of volumes.
//!
//! The column `table` says what a row belongs to: `transport`, `category`, `service`, `port_class`, `port_pair`,
//! `confidence`, `basis`, `unknown_endpoint`, `unclassified` or `interval`. The rows of each of these but `unknown_endpoint` and
//! `unclassified` add up to everything with ports; those of `transport` and `unclassified` to everything. A row of `port_pair`
//! or `unknown_endpoint` without ports is what those that are not listed add up to.

use std::io::{self, Write};
use std::net::IpAddr;

use super::{ReportOptions, view};
use crate::classify::Confidence;
use crate::net::{Timestamp, Transport};
use crate::summary::{Counts, Summary, UnknownEndpoint, Volume};

const HEADER: [&str; 15] = [
    "table",
    "category",
    "service",
    "alias",
    "transport",
    "port",
    "service_class",
    "peer_class",
    "low",
    "high",
    "start_ns",
    "packets",
    "bytes",
    "flows",
    "address",
];

/// One row; what does not apply is empty.
#[derive(Default)]
struct Row<'a> {
    table: &'a str,
    category: &'a str,
    service: &'a str,
    alias: &'a str,
    transport: &'a str,
    port: Option<u16>,
    service_class: &'a str,
    peer_class: &'a str,
    ports: Option<(u16, u16)>,
    start: Option<Timestamp>,
    volume: Volume,
    flows: Option<u64>,
    address: Option<IpAddr>,
}

impl Row<'_> {
    fn counted(self, counts: Counts) -> Self {
        Self { volume: counts.volume, flows: Some(counts.flows), ..self }
    }

    fn fields(&self) -> [String; 15] {
        let port = |port: Option<u16>| port.map(|port| port.to_string()).unwrap_or_default();
        [
            self.table.to_owned(),
            text(self.category),
            text(self.service),
            text(self.alias),
            self.transport.to_owned(),
            port(self.port),
            self.service_class.to_owned(),
            self.peer_class.to_owned(),
            port(self.ports.map(|(low, _)| low)),
            port(self.ports.map(|(_, high)| high)),
            self.start.map(|start| start.as_nanos().to_string()).unwrap_or_default(),
            self.volume.packets.to_string(),
            self.volume.bytes.to_string(),
            self.flows.map(|flows| flows.to_string()).unwrap_or_default(),
            self.address.map(|address| address.to_string()).unwrap_or_default(),
        ]
    }
}

/// Writes the header and the rows.
pub(super) fn write(summary: &Summary, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADER).map_err(of_output)?;
    let mut put = |row: Row<'_>| writer.write_record(row.fields()).map_err(of_output);
    for transport in Transport::ALL {
        put(Row { table: "transport", transport: transport.name(), ..Row::default() }
            .counted(summary.transport(transport)))?;
    }
    for row in view::categories(summary) {
        put(Row { table: "category", category: row.name, ..Row::default() }.counted(row.totals.counts))?;
    }
    for (key, totals) in view::services(summary) {
        let row = Row {
            table: "service",
            category: &key.category,
            service: &key.service,
            alias: key.alias.as_deref().unwrap_or_default(),
            transport: key.transport.name(),
            port: key.port,
            ..Row::default()
        };
        put(row.counted(totals.counts))?;
    }
    for ((service, peer), counts) in view::port_classes(summary) {
        let row = Row {
            table: "port_class",
            service_class: service.name(),
            peer_class: peer.name(),
            ..Row::default()
        };
        put(row.counted(counts))?;
    }
    write_port_pairs(summary, options, &mut put)?;
    write_certainty(summary, options, &mut put)?;
    write_unclassified(summary, &mut put)?;
    write_intervals(summary, &mut put)?;
    writer.flush()
}

/// A name as a cell: an apostrophe stands before what spreadsheets would take for a formula.
pub(super) fn text(name: &str) -> String {
    let guard = if name.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("{guard}{name}")
}

/// What the output said, as it said it: a closed pipe has to be known as one.
pub(super) fn of_output(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

fn write_port_pairs(
    summary: &Summary,
    options: &ReportOptions,
    put: &mut impl FnMut(Row<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let pairs = view::port_pairs(summary, options.top);
    for (pair, counts) in pairs.rows {
        let row = Row {
            table: "port_pair",
            transport: pair.transport.name(),
            ports: Some((pair.low, pair.high)),
            ..Row::default()
        };
        put(row.counted(counts))?;
    }
    if !pairs.rest.is_none() {
        put(Row { table: "port_pair", ..Row::default() }.counted(pairs.rest.counts))?;
    }
    Ok(())
}

/// The names of confidence bands and bases stand in the column of services.
fn write_certainty(
    summary: &Summary,
    options: &ReportOptions,
    put: &mut impl FnMut(Row<'_>) -> io::Result<()>,
) -> io::Result<()> {
    for band in Confidence::ALL {
        let row = Row { table: "confidence", service: band.name(), ..Row::default() };
        put(row.counted(summary.certainty.band(band)))?;
    }
    for (basis, counts) in view::bases(summary) {
        put(Row { table: "basis", service: basis.name(), ..Row::default() }.counted(counts))?;
    }
    let endpoints = view::unknown_endpoints(summary, options.top);
    for (UnknownEndpoint { transport, port, address }, counts) in endpoints.rows {
        let row = Row {
            table: "unknown_endpoint",
            transport: transport.name(),
            port: Some(port),
            address,
            ..Row::default()
        };
        put(row.counted(counts))?;
    }
    if !endpoints.rest.is_none() {
        put(Row { table: "unknown_endpoint", ..Row::default() }.counted(endpoints.rest.counts))?;
    }
    Ok(())
}

/// What each service sent in each interval; the start is empty for packets without a time stamp.
fn write_intervals(summary: &Summary, put: &mut impl FnMut(Row<'_>) -> io::Result<()>) -> io::Result<()> {
    for (&start, interval) in summary.series.iter().flat_map(|series| &series.intervals) {
        for ((service, category), &volume) in interval {
            put(Row { table: "interval", category, service, start, volume, ..Row::default() })?;
        }
    }
    Ok(())
}

/// The buckets stand in the column of services, and the protocols of `other-ip` in that of transports.
fn write_unclassified(summary: &Summary, put: &mut impl FnMut(Row<'_>) -> io::Result<()>) -> io::Result<()> {
    let unclassified = &summary.unclassified;
    let mut bucket = |service, transport: &str, volume| {
        put(Row { table: "unclassified", service, transport, volume, ..Row::default() })
    };
    bucket("fragment", "", unclassified.fragment)?;
    bucket("malformed", "", unclassified.malformed)?;
    for (&number, &volume) in &unclassified.other_ip {
        let name = view::protocol_name(number).map_or_else(|| number.to_string(), str::to_lowercase);
        bucket("other-ip", &name, volume)?;
    }
    bucket("non-ip", "", unclassified.non_ip)
}
