//! A summary that was written as JSON, read again: whole, or with the cut lists that it was written with.

mod capture;
mod certainty;
mod intervals;
mod rows;
mod talkers;
mod values;

use serde::Deserialize;

use super::SCHEMA;
use crate::merge::Merge as _;
use crate::report::view;
use crate::summary::{self, CaptureTotals, ServiceKey, Summary, one_row_each};
use capture::{Capture, Loss, Read, Unclassified};
use certainty::Certainty;
use intervals::Interval;
use rows::{PortClassRow, PortPairRow, ServiceRow, UnknownEndpointRow};
use talkers::Talkers;
use values::{Counts, Distribution};

/// Why a document cannot be taken for a summary.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is no JSON, or lacks what a summary has.
    #[error("this is no summary as portolan writes it")]
    Malformed(#[from] serde_json::Error),
    /// It is another document, or of a version that is not known.
    #[error("its schema is {0:?}, and only {SCHEMA:?} can be read")]
    Schema(String),
    /// Its numbers contradict each other.
    #[error("its {0} do not add up to the whole")]
    Sums(&'static str),
}

/// A summary from the JSON that [`Format::Json`](crate::report::Format::Json) writes.
///
/// Everything comes back but what was cut: port pairs and unknown endpoints that were not listed are one sum.
///
/// # Errors
/// If it is none, or its numbers contradict each other.
pub fn read_summary(document: &[u8]) -> Result<Summary, DocumentError> {
    let Schema { schema } = serde_json::from_slice(document)?;
    if schema != SCHEMA {
        return Err(DocumentError::Schema(schema));
    }
    let summary = serde_json::from_slice::<Document>(document)?.into_summary();
    check(&summary)?;
    Ok(summary)
}

/// Totals that close are what everybody relies on who merges or compares them.
fn check(summary: &Summary) -> Result<(), DocumentError> {
    let whole = summary.classified();
    let others = summary.other_port_pairs;
    let pairs = summary.port_pairs.iter().map(|(_, counts)| *counts).chain([others]);
    let sums = [
        ("port classes", view::total(summary.port_classes.values().copied())),
        ("port pairs", view::total(pairs)),
        ("bands of confidence", view::total(summary.certainty.bands)),
        ("bases", view::total(summary.certainty.bases)),
    ];
    if let Some((name, _)) = sums.into_iter().find(|(_, sum)| *sum != whole) {
        return Err(DocumentError::Sums(name));
    }
    let mut everything = summary.unclassified.total();
    everything.merge(whole.volume);
    let CaptureTotals { packets, wire_bytes: bytes, .. } = summary.capture;
    if everything != (summary::Volume { packets, bytes }) {
        return Err(DocumentError::Sums("services and packets without ports"));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

/// What later versions added is left out of older documents, and what still later ones add is passed over.
#[derive(Deserialize)]
struct Document {
    generator: Generator,
    #[serde(default)]
    anonymized: String,
    capture: Capture,
    read: Read,
    loss: Loss,
    unclassified: Unclassified,
    services: Vec<ServiceRow>,
    port_classes: Vec<PortClassRow>,
    port_pairs: Vec<PortPairRow>,
    other_port_pairs: Option<Counts>,
    #[serde(default)]
    certainty: Certainty,
    #[serde(default)]
    unknown_endpoints: Vec<UnknownEndpointRow>,
    other_unknown_endpoints: Option<Counts>,
    distributions: PacketSize,
    #[serde(default)]
    talkers: Vec<Talkers>,
    interval_ns: Option<u64>,
    intervals: Option<Vec<Interval>>,
}

impl Document {
    fn into_summary(self) -> Summary {
        let services = one_row_each(self.services.into_iter().map(ServiceRow::into_parts));
        let port_pairs = rows::port_pairs(self.port_pairs);
        let unknown_endpoints = rows::unknown_endpoints(self.unknown_endpoints);
        let count = |wanted: fn(&ServiceKey) -> bool| {
            view::total(services.iter().filter(|(key, _)| wanted(key)).map(|(_, totals)| totals.counts))
        };
        let other_port_pairs = self.other_port_pairs.map(Into::into);
        let other_unknown_endpoints = self.other_unknown_endpoints.map(Into::into);
        Summary {
            tables: self.generator.table.split(' ').map(str::to_owned).collect(),
            anonymized: self.anonymized.split_whitespace().map(str::to_owned).collect(),
            inputs: self.read.inputs.into_iter().map(Into::into).collect(),
            capture: self.capture.into(),
            loss: self.loss.into(),
            unclassified: self.unclassified.into(),
            packet_size: self.distributions.packet_size.0,
            port_classes: rows::port_classes(self.port_classes),
            other_port_pairs: other_port_pairs
                .unwrap_or_else(|| rest(count(|_| true), port_pairs.iter().map(|(_, counts)| *counts))),
            port_pairs,
            certainty: self.certainty.of(&services),
            other_unknown_endpoints: other_unknown_endpoints.unwrap_or_else(|| {
                let unknown = count(|key| key.service == "unknown");
                rest(unknown, unknown_endpoints.iter().map(|(_, counts)| *counts))
            }),
            unknown_endpoints,
            talkers: talkers::talkers(self.talkers),
            series: self.interval_ns.zip(self.intervals).map(intervals::series),
            services,
        }
    }
}

/// What is left of a whole without its parts.
fn rest(whole: summary::Counts, parts: impl Iterator<Item = summary::Counts>) -> summary::Counts {
    let parts = view::total(parts);
    let volume = summary::Volume {
        packets: whole.volume.packets.saturating_sub(parts.volume.packets),
        bytes: whole.volume.bytes.saturating_sub(parts.volume.bytes),
    };
    summary::Counts { volume, flows: whole.flows.saturating_sub(parts.flows) }
}

#[derive(Deserialize)]
struct Generator {
    table: String,
}

#[derive(Deserialize)]
struct PacketSize {
    packet_size: Distribution,
}
