//! Changes for programs, schema `portolan.diff/1`.

use std::io::{self, Write};

use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::{BucketKey, Change, Changes};
use crate::net::PortClass;
use crate::report::json::{CategoryRow, Counts, ServiceRow, write_document};
use crate::report::{schema, view};
use crate::summary::Summary;

/// Writes all changes, and what stayed the same, as one JSON object.
pub(super) fn write(changes: &Changes<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_document(&Document::of(changes), out)
}

#[derive(JsonSchema, Serialize)]
struct Document<'a> {
    #[schemars(extend("const" = "portolan.diff/1"))]
    schema: &'static str,
    /// What is compared.
    measure: &'static str,
    /// What it is divided by.
    per: &'static str,
    before: Side,
    after: Side,
    whole: Row,
    categories: Vec<CategoryRow<'a, Row>>,
    services: Vec<ServiceRow<'a, Row>>,
    port_classes: Vec<PortClassRow>,
    /// Packets without ports.
    unclassified: Vec<BucketRow>,
}

#[derive(JsonSchema, Serialize)]
struct Side {
    first_ts_ns: Option<i64>,
    last_ts_ns: Option<i64>,
    table: String,
}

#[derive(JsonSchema, Serialize)]
struct Row {
    before: Counts,
    after: Counts,
    change: &'static str,
    /// Millionths of what there was before, rounded up; null for what is new.
    change_ppm: Option<i64>,
}

#[derive(JsonSchema, Serialize)]
struct PortClassRow {
    service_class: &'static str,
    peer_class: &'static str,
    #[serde(flatten)]
    row: Row,
}

#[derive(JsonSchema, Serialize)]
struct BucketRow {
    /// `fragment`, `malformed`, `other-ip` or `non-ip`.
    bucket: &'static str,
    /// The number of the protocol; null where there is none.
    protocol: Option<u8>,
    /// The name of the protocol; null if it has none.
    name: Option<&'static str>,
    #[serde(flatten)]
    row: Row,
}

impl<'a> Document<'a> {
    fn of(changes: &'a Changes<'_>) -> Self {
        Self {
            schema: "portolan.diff/1",
            measure: changes.options.measure.name(),
            per: changes.options.per.name(),
            before: Side::of(changes.before),
            after: Side::of(changes.after),
            whole: Row::of(&changes.whole),
            categories: changes
                .categories
                .iter()
                .map(|change| CategoryRow::new(change.key.0, change.key.1, Row::of(change)))
                .collect(),
            services: changes
                .services
                .iter()
                .map(|change| ServiceRow::new(change.key, Row::of(change)))
                .collect(),
            port_classes: changes.port_classes.iter().map(PortClassRow::of).collect(),
            unclassified: changes.unclassified.iter().map(BucketRow::of).collect(),
        }
    }
}

impl Side {
    fn of(summary: &Summary) -> Self {
        let span = summary.capture.span;
        let tables: Vec<&str> = summary.tables.iter().map(String::as_str).collect();
        Self {
            first_ts_ns: span.map(|(first, _)| first.as_nanos()),
            last_ts_ns: span.map(|(_, last)| last.as_nanos()),
            table: tables.join(" "),
        }
    }
}

impl PortClassRow {
    fn of(change: &Change<(PortClass, PortClass)>) -> Self {
        let (service, peer) = change.key;
        Self { service_class: service.name(), peer_class: peer.name(), row: Row::of(change) }
    }
}

impl BucketRow {
    fn of(change: &Change<BucketKey>) -> Self {
        let (bucket, protocol) = change.key;
        Self { bucket, protocol, name: protocol.and_then(view::protocol_name), row: Row::of(change) }
    }
}

impl Row {
    fn of<K>(change: &Change<K>) -> Self {
        Self {
            before: change.before.into(),
            after: change.after.into(),
            change: change.fate.name(),
            change_ppm: change.relative.map(|ppm| i64::try_from(ppm).unwrap_or(i64::MAX)),
        }
    }
}

/// The schema of the differences.
pub(in crate::report) fn schema() -> Schema {
    schema::of::<Document<'static>>()
}
