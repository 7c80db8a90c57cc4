//! Intervals as JSON objects.

use std::io::{self, Write};

use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::categories;
use crate::merge::Merge as _;
use crate::net::{PortClass, Timestamp, Transport};
use crate::report::json::{
    CategoryRow, Counts, LossCounts, Percentiles, ServiceRow, Transports, Unclassified, Volume,
};
use crate::report::schema;
use crate::summary::{self, IntervalSummary, IntervalTotals};

/// The name and version of the schema.
const SCHEMA: &str = "portolan.interval/1";

pub(super) fn write(interval: &IntervalSummary, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Record::of(interval))?;
    out.write_all(b"\n")
}

#[derive(JsonSchema, Serialize)]
struct Record<'a> {
    #[schemars(extend("const" = "portolan.interval/1"))]
    schema: &'static str,
    start_ns: Option<i64>,
    end_ns: Option<i64>,
    capture: Capture,
    loss: LossCounts,
    transports: Transports,
    unclassified: Unclassified,
    categories: Vec<CategoryRow<'a, Totals>>,
    services: Vec<ServiceRow<'a, Totals>>,
    port_classes: Vec<PortClassRow>,
    distributions: Distributions,
}

impl<'a> Record<'a> {
    fn of(interval: &'a IntervalSummary) -> Self {
        let bound = |bound: fn((Timestamp, Timestamp)) -> Timestamp| {
            interval.span.map(bound).map(Timestamp::as_nanos)
        };
        let classes = interval.port_classes.iter();
        let services = interval.services.iter();
        Self {
            schema: SCHEMA,
            start_ns: bound(|(start, _)| start),
            end_ns: bound(|(_, end)| end),
            capture: Capture::of(&interval.capture),
            loss: LossCounts::of(interval.loss),
            transports: Transports::by(|transport| by_transport(interval, transport)),
            unclassified: Unclassified::of(&interval.unclassified),
            categories: categories(interval)
                .into_iter()
                .map(|(category, family, totals)| CategoryRow::new(category, family, Totals::of(&totals)))
                .collect(),
            services: services.map(|(key, totals)| ServiceRow::new(key, Totals::of(totals))).collect(),
            port_classes: classes
                .map(|(&(service, peer), &volume)| PortClassRow::of(service, peer, volume))
                .collect(),
            distributions: Distributions { packet_size: (&interval.packet_size).into() },
        }
    }
}

#[derive(JsonSchema, Serialize)]
struct Capture {
    packets: u64,
    captured_bytes: u64,
    wire_bytes: u64,
}

impl Capture {
    const fn of(capture: &summary::CaptureTotals) -> Self {
        let summary::CaptureTotals { packets, captured_bytes, wire_bytes, .. } = *capture;
        Self { packets, captured_bytes, wire_bytes }
    }
}

/// What was sent by a transport, in flows that had packets.
fn by_transport(interval: &IntervalSummary, transport: Transport) -> summary::Counts {
    let mut counts = summary::Counts::default();
    for (_, totals) in interval.services.iter().filter(|(key, _)| key.transport == transport) {
        counts.merge(summary::Counts { volume: totals.volume(), flows: totals.flows });
    }
    counts
}

#[derive(JsonSchema, Serialize)]
struct Totals {
    #[serde(flatten)]
    counts: Counts,
    to_service: Volume,
    from_service: Volume,
    undirected: Volume,
    begun: Begun,
}

/// Flows that began in the interval before.
#[derive(JsonSchema, Serialize)]
struct Begun {
    flows: u64,
    answered: u64,
    unanswered: u64,
    refused: u64,
    handshake_rtt_ns: Percentiles,
}

impl Totals {
    fn of(totals: &IntervalTotals) -> Self {
        Self {
            counts: summary::Counts { volume: totals.volume(), flows: totals.flows }.into(),
            to_service: totals.to_service.into(),
            from_service: totals.from_service.into(),
            undirected: totals.undirected.into(),
            begun: Begun {
                flows: totals.begun.flows,
                answered: totals.begun.answered,
                unanswered: totals.begun.unanswered,
                refused: totals.begun.refused,
                handshake_rtt_ns: (&totals.begun.handshake_rtt_ns).into(),
            },
        }
    }
}

#[derive(JsonSchema, Serialize)]
struct PortClassRow {
    service_class: &'static str,
    peer_class: &'static str,
    #[serde(flatten)]
    volume: Volume,
}

impl PortClassRow {
    fn of(service: PortClass, peer: PortClass, volume: summary::Volume) -> Self {
        Self { service_class: service.name(), peer_class: peer.name(), volume: volume.into() }
    }
}

#[derive(JsonSchema, Serialize)]
struct Distributions {
    packet_size: Percentiles,
}

/// The schema of a line.
pub(in crate::report) fn schema() -> Schema {
    schema::of::<Record<'static>>()
}
