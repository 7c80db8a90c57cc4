//! The rows of the document's lists.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::values::{Counts, Distributions, Volume};
use crate::merge::Merge as _;
use crate::net::{PortClass, PortPair, Timestamp};
use crate::report::view;
use crate::summary::{self, ServiceKey, ServiceTotals};

/// A category, with what is told of it.
#[derive(JsonSchema, Serialize)]
pub(in crate::report) struct CategoryRow<'a, T> {
    category: &'a str,
    family: &'a str,
    #[serde(flatten)]
    totals: T,
}

impl<'a, T> CategoryRow<'a, T> {
    pub(in crate::report) const fn new(category: &'a str, family: &'a str, totals: T) -> Self {
        Self { category, family, totals }
    }
}

/// A service, with what is told of it.
#[derive(JsonSchema, Serialize)]
pub(in crate::report) struct ServiceRow<'a, T> {
    service: &'a str,
    alias: Option<&'a str>,
    category: &'a str,
    family: &'a str,
    transport: &'static str,
    port: Option<u16>,
    #[serde(flatten)]
    totals: T,
}

impl<'a, T> ServiceRow<'a, T> {
    pub(in crate::report) fn new(key: &'a ServiceKey, totals: T) -> Self {
        Self {
            service: &key.service,
            alias: key.alias.as_deref(),
            category: &key.category,
            family: &key.family,
            transport: key.transport.name(),
            port: key.port,
            totals,
        }
    }
}

/// What is known of the flows of a service or a category.
#[derive(JsonSchema, Serialize)]
pub(super) struct Totals {
    #[serde(flatten)]
    counts: Counts,
    confidence: Confidence,
    basis: BTreeMap<&'static str, u64>,
    unanswered: u64,
    refused: u64,
    distributions: Distributions,
}

#[derive(JsonSchema, Serialize)]
struct Confidence {
    high: u64,
    medium: u64,
    low: u64,
}

impl Totals {
    pub(super) fn of(totals: &ServiceTotals) -> Self {
        let summary::ConfidenceFlows { high, medium, low } = totals.confidence;
        Self {
            counts: totals.counts.into(),
            confidence: Confidence { high, medium, low },
            basis: view::flows_by_basis(totals).map(|(basis, flows)| (basis.name(), flows)).collect(),
            unanswered: totals.unanswered,
            refused: totals.refused,
            distributions: Distributions::of(totals),
        }
    }
}

#[derive(JsonSchema, Serialize)]
pub(super) struct PortClassRow {
    service_class: &'static str,
    peer_class: &'static str,
    #[serde(flatten)]
    counts: Counts,
}

impl PortClassRow {
    pub(super) fn of(((service, peer), counts): ((PortClass, PortClass), summary::Counts)) -> Self {
        Self { service_class: service.name(), peer_class: peer.name(), counts: counts.into() }
    }
}

#[derive(JsonSchema, Serialize)]
pub(super) struct PortPairRow {
    transport: &'static str,
    low: u16,
    high: u16,
    #[serde(flatten)]
    counts: Counts,
}

impl PortPairRow {
    pub(super) fn of((pair, counts): (PortPair, summary::Counts)) -> Self {
        let PortPair { transport, low, high } = pair;
        Self { transport: transport.name(), low, high, counts: counts.into() }
    }
}

#[derive(JsonSchema, Serialize)]
pub(super) struct Rest {
    /// How many pairs; null if they were never told apart.
    port_pairs: Option<usize>,
    #[serde(flatten)]
    counts: Counts,
}

impl Rest {
    pub(super) fn of(rest: view::Rest) -> Self {
        Self { port_pairs: rest.rows, counts: rest.counts.into() }
    }
}

#[derive(JsonSchema, Serialize)]
pub(in crate::report) struct Unclassified {
    #[serde(flatten)]
    total: Volume,
    fragment: Volume,
    malformed: Volume,
    other_ip: OtherIp,
    non_ip: Volume,
}

#[derive(JsonSchema, Serialize)]
struct OtherIp {
    #[serde(flatten)]
    total: Volume,
    /// By the protocol's number.
    by_protocol: BTreeMap<u8, Protocol>,
}

#[derive(JsonSchema, Serialize)]
struct Protocol {
    name: Option<&'static str>,
    #[serde(flatten)]
    volume: Volume,
}

impl Unclassified {
    pub(in crate::report) fn of(unclassified: &summary::Unclassified) -> Self {
        let protocols = unclassified.other_ip.iter().map(|(&number, &volume)| {
            (number, Protocol { name: view::protocol_name(number), volume: volume.into() })
        });
        Self {
            total: unclassified.total().into(),
            fragment: unclassified.fragment.into(),
            malformed: unclassified.malformed.into(),
            other_ip: OtherIp {
                total: unclassified.other_ip_total().into(),
                by_protocol: protocols.collect(),
            },
            non_ip: unclassified.non_ip.into(),
        }
    }
}

#[derive(JsonSchema, Serialize)]
pub(super) struct Interval<'a> {
    /// Null for packets without a time stamp.
    start_ns: Option<i64>,
    #[serde(flatten)]
    total: Volume,
    services: Vec<IntervalService<'a>>,
    categories: Vec<IntervalCategory<'a>>,
}

#[derive(JsonSchema, Serialize)]
struct IntervalService<'a> {
    service: &'a str,
    category: &'a str,
    #[serde(flatten)]
    volume: Volume,
}

#[derive(JsonSchema, Serialize)]
struct IntervalCategory<'a> {
    category: &'a str,
    #[serde(flatten)]
    volume: Volume,
}

impl<'a> Interval<'a> {
    pub(super) fn of(start: Option<Timestamp>, interval: &'a summary::Interval) -> Self {
        let mut total = summary::Volume::default();
        let mut categories: BTreeMap<&str, summary::Volume> = BTreeMap::new();
        for ((_, category), volume) in interval {
            total.merge(*volume);
            categories.entry(category).or_default().merge(*volume);
        }
        let service = |((service, category), volume): (&'a (String, String), &summary::Volume)| {
            IntervalService { service, category, volume: (*volume).into() }
        };
        Self {
            start_ns: start.map(Timestamp::as_nanos),
            total: total.into(),
            services: interval.iter().map(service).collect(),
            categories: categories
                .into_iter()
                .map(|(category, volume)| IntervalCategory { category, volume: volume.into() })
                .collect(),
        }
    }
}
