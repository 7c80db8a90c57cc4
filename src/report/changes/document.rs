//! Changes for programs, schema `portolan.diff/1`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Change, Changes};
use crate::report::json::{Counts, write_document};
use crate::summary::{ServiceKey, Summary};

/// Writes all changes, and what stayed the same, as one JSON object.
pub(super) fn write(changes: &Changes<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_document(&Document::of(changes), out)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    /// What is compared.
    measure: &'static str,
    /// What it is divided by.
    per: &'static str,
    before: Side,
    after: Side,
    whole: Row<()>,
    categories: Vec<Row<Category<'a>>>,
    services: Vec<Row<ServiceName<'a>>>,
    port_classes: Vec<Row<PortClass>>,
}

#[derive(Serialize)]
struct Side {
    first_ts_ns: Option<i64>,
    last_ts_ns: Option<i64>,
    table: String,
}

#[derive(Serialize)]
struct Row<K> {
    #[serde(flatten)]
    key: K,
    before: Counts,
    after: Counts,
    change: &'static str,
    /// Millionths of what there was before; null for what is new.
    change_ppm: Option<i64>,
}

#[derive(Serialize)]
struct Category<'a> {
    category: &'a str,
    family: &'a str,
}

#[derive(Serialize)]
struct ServiceName<'a> {
    service: &'a str,
    alias: Option<&'a str>,
    category: &'a str,
    family: &'a str,
    transport: &'static str,
    port: Option<u16>,
}

#[derive(Serialize)]
struct PortClass {
    service_class: &'static str,
    peer_class: &'static str,
}

impl<'a> Document<'a> {
    fn of(changes: &'a Changes<'_>) -> Self {
        let category = |&(category, family): &(&'a str, &'a str)| Category { category, family };
        let class = |(service, peer): &(crate::net::PortClass, crate::net::PortClass)| PortClass {
            service_class: service.name(),
            peer_class: peer.name(),
        };
        Self {
            schema: "portolan.diff/1",
            measure: changes.options.measure.name(),
            per: changes.options.per.name(),
            before: Side::of(changes.before),
            after: Side::of(changes.after),
            whole: Row::of(&changes.whole, |()| ()),
            categories: changes.categories.iter().map(|change| Row::of(change, category)).collect(),
            services: changes
                .services
                .iter()
                .map(|change| Row::of(change, |key| ServiceName::of(key)))
                .collect(),
            port_classes: changes.port_classes.iter().map(|change| Row::of(change, class)).collect(),
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

impl<K> Row<K> {
    fn of<T>(change: &Change<T>, key: impl Fn(&T) -> K) -> Self {
        Self {
            key: key(&change.key),
            before: change.before.into(),
            after: change.after.into(),
            change: change.fate.name(),
            change_ppm: change.relative.map(|ppm| i64::try_from(ppm).unwrap_or(i64::MAX)),
        }
    }
}

impl<'a> ServiceName<'a> {
    fn of(key: &'a ServiceKey) -> Self {
        Self {
            service: &key.service,
            alias: key.alias.as_deref(),
            category: &key.category,
            family: &key.family,
            transport: key.transport.name(),
            port: key.port,
        }
    }
}
