//! The summary as JSON, schema `portolan.summary/1`: integers only, keys in one order, so the same summary gives the
//! same bytes.

mod certainty;
mod lookup;
mod reading;
mod rows;
mod rules;
mod talkers;
mod values;

use std::collections::BTreeSet;
use std::io::{self, Write};

use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::{Lookup, ReportOptions, RulesReport, view};
use crate::net::Transport;
use crate::report::schema;
use crate::summary::{self, InputReport, Loss, Series, Summary};
use certainty::{Certainty, OtherEndpoints, UnknownEndpointRow};
pub use reading::{DocumentError, read_summary};
pub(super) use rows::{CategoryRow, ServiceRow, Unclassified};
use rows::{Interval, PortClassRow, PortPairRow, Rest, Totals};
use talkers::Talkers;
use values::Distributions;
pub(super) use values::{Counts, Percentiles, Volume};

/// The name and version of the schema.
const SCHEMA: &str = "portolan.summary/1";

/// Writes the summary as one JSON object, indented, and a newline.
pub(super) fn write(summary: &Summary, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    write_document(&Document::of(summary, options), out)
}

/// Writes what the port table knows.
pub(super) fn write_lookup(lookup: &Lookup<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_document(&lookup::Document::of(lookup), out)
}

/// Writes what rules change.
pub(super) fn write_rules(report: &RulesReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_document(&rules::Document::of(report), out)
}

/// Writes a document, indented, and a newline.
pub(super) fn write_document(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")
}

#[derive(JsonSchema, Serialize)]
struct Document<'a> {
    #[schemars(extend("const" = "portolan.summary/1"))]
    schema: &'static str,
    generator: Generator,
    /// Only if addresses are pseudonyms: a fingerprint of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    anonymized: Option<String>,
    capture: Capture,
    read: Read<'a>,
    loss: LossCounts,
    transports: Transports,
    unclassified: Unclassified,
    categories: Vec<CategoryRow<'a, Totals>>,
    services: Vec<ServiceRow<'a, Totals>>,
    port_classes: Vec<PortClassRow>,
    port_pairs: Vec<PortPairRow>,
    /// What the port pairs that are not listed add up to.
    other_port_pairs: Rest,
    certainty: Certainty,
    /// As many as port pairs.
    unknown_endpoints: Vec<UnknownEndpointRow>,
    other_unknown_endpoints: OtherEndpoints,
    distributions: AllDistributions,
    /// Only if they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    talkers: Vec<Talkers<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intervals: Option<Vec<Interval<'a>>>,
}

impl<'a> Document<'a> {
    fn of(summary: &'a Summary, options: &ReportOptions) -> Self {
        let categories = view::categories(summary);
        let services = view::services(summary).into_iter();
        let port_pairs = view::port_pairs(summary, options.top);
        let unknown_endpoints = view::unknown_endpoints(summary, options.top);
        Self {
            schema: SCHEMA,
            generator: Generator::of(&summary.tables),
            anonymized: (!summary.anonymized.is_empty()).then(|| joined(&summary.anonymized)),
            capture: Capture::of(summary),
            read: Read::of(summary),
            loss: LossCounts::of(summary.loss),
            transports: Transports::by(|transport| summary.transport(transport)),
            unclassified: Unclassified::of(&summary.unclassified),
            categories: categories
                .iter()
                .map(|row| CategoryRow::new(row.name, row.family, Totals::of(&row.totals)))
                .collect(),
            services: services.map(|(key, totals)| ServiceRow::new(key, Totals::of(totals))).collect(),
            port_classes: view::port_classes(summary).into_iter().map(PortClassRow::of).collect(),
            port_pairs: port_pairs.rows.into_iter().map(PortPairRow::of).collect(),
            other_port_pairs: Rest::of(port_pairs.rest),
            certainty: Certainty::of(summary),
            unknown_endpoints: unknown_endpoints
                .rows
                .into_iter()
                .map(|row| UnknownEndpointRow::of(summary, row))
                .collect(),
            other_unknown_endpoints: OtherEndpoints::of(unknown_endpoints.rest),
            distributions: AllDistributions {
                packet_size: (&summary.packet_size).into(),
                flows: Distributions::of(&view::all_services(summary)),
            },
            talkers: Talkers::all(summary, options.talkers),
            interval_ns: summary.series.as_ref().map(|series| series.width_ns),
            intervals: summary.series.as_ref().map(intervals),
        }
    }
}

fn intervals(series: &Series) -> Vec<Interval<'_>> {
    series.intervals.iter().map(|(start, interval)| Interval::of(*start, interval)).collect()
}

#[derive(JsonSchema, Serialize)]
struct Generator {
    name: &'static str,
    version: &'static str,
    table: String,
}

impl Generator {
    fn of(tables: &BTreeSet<String>) -> Self {
        Self { name: "portolan", version: env!("CARGO_PKG_VERSION"), table: joined(tables) }
    }
}

fn joined(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[derive(JsonSchema, Serialize)]
struct Capture {
    packets: u64,
    captured_bytes: u64,
    wire_bytes: u64,
    first_ts_ns: Option<i64>,
    last_ts_ns: Option<i64>,
}

impl Capture {
    fn of(summary: &Summary) -> Self {
        let capture = &summary.capture;
        Self {
            packets: capture.packets,
            captured_bytes: capture.captured_bytes,
            wire_bytes: capture.wire_bytes,
            first_ts_ns: capture.span.map(|(first, _)| first.as_nanos()),
            last_ts_ns: capture.span.map(|(_, last)| last.as_nanos()),
        }
    }
}

#[derive(JsonSchema, Serialize)]
struct Read<'a> {
    complete: bool,
    inputs: Vec<Input<'a>>,
}

impl<'a> Read<'a> {
    fn of(summary: &'a Summary) -> Self {
        Self { complete: summary.is_complete(), inputs: summary.inputs.iter().map(Input::of).collect() }
    }
}

#[derive(JsonSchema, Serialize)]
struct Input<'a> {
    path: &'a str,
    format: &'a str,
    packets: u64,
    complete: bool,
    message: &'a str,
}

impl<'a> Input<'a> {
    fn of(input: &'a InputReport) -> Self {
        Self {
            path: &input.path,
            format: &input.format,
            packets: input.packets,
            complete: input.complete,
            message: &input.message,
        }
    }
}

#[derive(JsonSchema, Serialize)]
pub(in crate::report) struct LossCounts {
    kernel_dropped: u64,
    interface_dropped: u64,
    evicted_flows: u64,
}

impl LossCounts {
    pub(in crate::report) const fn of(loss: Loss) -> Self {
        let Loss { kernel_dropped, interface_dropped, evicted_flows } = loss;
        Self { kernel_dropped, interface_dropped, evicted_flows }
    }
}

#[derive(JsonSchema, Serialize)]
pub(super) struct Transports {
    tcp: Counts,
    udp: Counts,
    sctp: Counts,
}

impl Transports {
    pub(super) fn by(counts: impl Fn(Transport) -> summary::Counts) -> Self {
        let counts = |transport| counts(transport).into();
        Self { tcp: counts(Transport::Tcp), udp: counts(Transport::Udp), sctp: counts(Transport::Sctp) }
    }
}

#[derive(JsonSchema, Serialize)]
struct AllDistributions {
    packet_size: values::Distribution,
    #[serde(flatten)]
    flows: Distributions,
}

/// The schema of the summary.
pub(in crate::report) fn schema() -> Schema {
    schema::of::<Document<'static>>()
}

/// The schema of what the port table knows.
pub(super) fn lookup_schema() -> Schema {
    schema::of::<lookup::Document<'static>>()
}

/// The schema of what rules change.
pub(super) fn rules_schema() -> Schema {
    schema::of::<rules::Document<'static>>()
}
