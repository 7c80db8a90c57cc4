//! Gauges in Prometheus' text format, for the textfile collector of its node exporter.
//!
//! All of them are gauges, for the next file counts from zero again. So they are as good `OpenMetrics`.

use std::fmt;
use std::io::{self, Write};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::view::{self, Ranked};
use super::{ReportOptions, words};
use crate::net::Timestamp;
use crate::summary::{Counts, ServiceKey, ServiceTotals, Summary};

/// Writes all gauges; those of services for as many as a list has rows, and for all others together.
pub(super) fn write(summary: &Summary, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut registry = Registry::with_prefix("portolan_capture");
    registry.register_collector(Box::new(Gauges(gauges(summary, options.top))));
    let mut text = String::new();
    text::encode(&mut text, &registry).expect("a string takes any text");
    out.write_all(text.as_bytes())
}

/// A gauge, with its values by labels.
#[derive(Debug)]
struct Gauge {
    name: &'static str,
    unit: Option<Unit>,
    help: &'static str,
    values: Vec<(Labels, f64)>,
}

type Labels = Vec<(&'static str, String)>;

#[derive(Debug)]
struct Gauges(Vec<Gauge>);

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Gauge { name, unit, help, values } in self.0.iter().filter(|gauge| !gauge.values.is_empty()) {
            let mut metric = encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
            for (labels, value) in values {
                if labels.is_empty() {
                    metric.encode_gauge(value)?;
                } else {
                    metric.encode_family(labels)?.encode_gauge(value)?;
                }
            }
        }
        Ok(())
    }
}

fn gauges(summary: &Summary, top: usize) -> Vec<Gauge> {
    let mut gauges = capture(summary);
    gauges.extend(services(summary, top));
    gauges.extend(unclassified(summary));
    gauges.extend(losses(summary));
    gauges
}

fn gauge(
    (name, unit): (&'static str, Option<Unit>),
    help: &'static str,
    values: impl IntoIterator<Item = (Labels, f64)>,
) -> Gauge {
    Gauge { name, unit, help, values: values.into_iter().collect() }
}

/// Exact up to 2^53, as all numbers of Prometheus.
#[allow(clippy::cast_precision_loss)]
const fn number(count: u64) -> f64 {
    count as f64
}

fn seconds(nanos: u64) -> f64 {
    number(nanos) / 1e9
}

fn capture(summary: &Summary) -> Vec<Gauge> {
    let capture = &summary.capture;
    let one = |value| [(Labels::new(), value)];
    let time = |time: Timestamp| (Labels::new(), seconds(time.as_nanos().max(0).unsigned_abs()));
    let (first, last) = capture.span.unzip();
    let begin = ("first_packet_timestamp", Some(Unit::Seconds));
    let end = ("last_packet_timestamp", Some(Unit::Seconds));
    vec![
        gauge(("packets", None), "All packets.", one(number(capture.packets))),
        gauge(("bytes", None), "Bytes on the wire of all packets.", one(number(capture.wire_bytes))),
        gauge(begin, "When the earliest packet was captured.", first.map(time)),
        gauge(end, "When the latest packet was captured.", last.map(time)),
        gauge(
            ("complete", None),
            "Whether all input was read to its end: 1, or 0.",
            one(f64::from(u8::from(summary.is_complete()))),
        ),
    ]
}

fn services(summary: &Summary, top: usize) -> Vec<Gauge> {
    let ranked = Ranked::new(view::services(summary), top, |(_, totals)| totals.counts);
    let rest = (!ranked.rest.is_none()).then_some(ranked.rest.counts);
    let counted = |count: fn(Counts) -> u64| {
        let rows = ranked.rows.iter().map(|(key, totals)| (labels(key), number(count(totals.counts))));
        rows.chain(rest.map(|counts| (others(), number(count(counts))))).collect::<Vec<_>>()
    };
    let failed = |(key, totals): &(&ServiceKey, &ServiceTotals)| {
        let silent = totals.unanswered.saturating_sub(totals.refused);
        [("unanswered", silent), ("refused", totals.refused)]
            .map(|(reason, flows)| (with(key, "reason", reason), number(flows)))
    };
    let rtts = |(key, totals): &(&ServiceKey, &ServiceTotals)| {
        let found = totals.handshake_rtt_ns.percentiles([50.0, 90.0, 99.0]);
        let rows = ["50", "90", "99"].into_iter().zip(found.into_iter().flatten());
        rows.map(|(percentile, nanos)| (with(key, "percentile", percentile), seconds(nanos)))
            .collect::<Vec<_>>()
    };
    vec![
        gauge(
            ("service", Some(Unit::Bytes)),
            "Bytes on the wire, by service.",
            counted(|counts| counts.volume.bytes),
        ),
        gauge(("service_packets", None), "Packets, by service.", counted(|counts| counts.volume.packets)),
        gauge(("service_flows", None), "Flows, by service.", counted(|counts| counts.flows)),
        gauge(
            ("service_failed_flows", None),
            "TCP flows whose SYN had no answer, or none but RST.",
            ranked.rows.iter().flat_map(failed),
        ),
        gauge(
            ("service_handshake_rtt", Some(Unit::Seconds)),
            "From SYN to the ACK that completes the TCP handshake, by percentile.",
            ranked.rows.iter().flat_map(rtts),
        ),
    ]
}

fn labels(key: &ServiceKey) -> Labels {
    vec![
        ("service", key.service.clone()),
        ("category", key.category.clone()),
        ("transport", key.transport.to_string()),
        ("port", key.port.map(|port| port.to_string()).unwrap_or_default()),
    ]
}

fn with(key: &ServiceKey, name: &'static str, value: &str) -> Labels {
    let mut labels = labels(key);
    labels.push((name, value.to_owned()));
    labels
}

/// The labels of all services that have no row.
fn others() -> Labels {
    let no = String::new;
    vec![
        ("service", "other".to_owned()),
        ("category", "other".to_owned()),
        ("transport", no()),
        ("port", no()),
    ]
}

fn unclassified(summary: &Summary) -> Vec<Gauge> {
    let buckets = words::buckets(&summary.unclassified);
    let label = |name: &str| vec![("bucket", name.to_owned())];
    let bytes = buckets.iter().map(|bucket| (label(&bucket.name), number(bucket.volume.bytes)));
    let packets = buckets.iter().map(|bucket| (label(&bucket.name), number(bucket.volume.packets)));
    vec![
        gauge(("unclassified", Some(Unit::Bytes)), "Bytes on the wire of packets without ports.", bytes),
        gauge(("unclassified_packets", None), "Packets without ports.", packets),
    ]
}

fn losses(summary: &Summary) -> Vec<Gauge> {
    let loss = summary.loss;
    let dropped = [("kernel", loss.kernel_dropped), ("interface", loss.interface_dropped)];
    vec![
        gauge(
            ("dropped_packets", None),
            "Packets that were dropped before they could be counted.",
            dropped.map(|(by, packets)| (vec![("by", by.to_owned())], number(packets))),
        ),
        gauge(
            ("evicted_flows", None),
            "Flows that left the table early; their packets are in every total.",
            [(Labels::new(), number(loss.evicted_flows))],
        ),
    ]
}
