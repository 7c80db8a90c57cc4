//! The counts as `OpenMetrics`. Everything gets its name here; docs/metrics.md tells what it is.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portolan::summary::Volume;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::super::queue::{self, Waiting};
use super::counts::{Counts, ServiceCounts};

/// Shows what was counted, whole intervals only.
#[derive(Debug)]
pub(super) struct Exposition {
    pub(super) counts: Arc<Mutex<Counts>>,
    pub(super) waiting: Waiting,
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        traffic(&counts, &mut encoder)?;
        flows(&counts, &mut encoder)?;
        distributions(&counts, &mut encoder)?;
        capture(&counts, &mut encoder)?;
        loss(&counts, &mut encoder)?;
        progress(&counts, &self.waiting, &mut encoder)
    }
}

const BYTES: Option<Unit> = Some(Unit::Bytes);
const SECONDS: Option<Unit> = Some(Unit::Seconds);

type Labels<'a, const N: usize> = [(&'static str, &'a str); N];

fn traffic(counts: &Counts, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let rows = |count: fn(Volume) -> u64| {
        // A direction appears with its first packet: most services have but two.
        directions(counts)
            .filter(|(_, volume)| volume.packets > 0)
            .map(move |(labels, volume)| (labels, count(volume)))
    };
    let help = "Bytes on the wire of packets with ports.";
    counters(encoder, ("traffic", BYTES), help, rows(|volume| volume.bytes))?;
    counters(encoder, ("traffic_packets", None), "Packets with ports.", rows(|volume| volume.packets))
}

fn directions(counts: &Counts) -> impl Iterator<Item = (Labels<'_, 3>, Volume)> {
    services(counts).flat_map(|(labels, of)| {
        let [category, service] = labels;
        [("to_service", of.to_service), ("from_service", of.from_service), ("undirected", of.undirected)]
            .map(|(direction, volume)| ([category, service, ("direction", direction)], volume))
    })
}

fn services(counts: &Counts) -> impl Iterator<Item = (Labels<'_, 2>, &ServiceCounts)> {
    let rows = counts.services.iter();
    rows.map(|((category, service), of)| ([("category", &**category), ("service", &**service)], of))
}

fn flows(counts: &Counts, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let rows =
        |count: fn(&ServiceCounts) -> u64| services(counts).map(move |(labels, of)| (labels, count(of)));
    counters(encoder, ("flows", None), "Flows that began.", rows(|of| of.begun))?;
    let failed = services(counts).flat_map(|([category, service], of)| {
        [("unanswered", of.unanswered), ("refused", of.refused)]
            .map(|(reason, flows)| ([category, service, ("reason", reason)], flows))
    });
    let help = "TCP flows that began and whose SYN had no answer, or none but RST.";
    counters(encoder, ("failed_flows", None), help, failed)?;
    let help = "Flows with packets in the last interval.";
    let mut gauge = encoder.encode_descriptor("active_flows", help, None, MetricType::Gauge)?;
    for (labels, flows) in rows(|of| of.active) {
        gauge.encode_family(&labels)?.encode_gauge(&flows)?;
    }
    Ok(())
}

fn distributions(counts: &Counts, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let help = "From SYN to the ACK that completes the TCP handshake.";
    let kind = MetricType::Histogram;
    let mut metric = encoder.encode_descriptor("handshake_rtt", help, SECONDS.as_ref(), kind)?;
    for (category, histogram) in counts.handshake_rtt.iter().filter(|(_, histogram)| !histogram.is_empty()) {
        histogram.encode(&mut metric.encode_family(&[("category", &**category)])?)?;
    }
    let help = "Sizes of all frames on the wire.";
    counts.packet_size.encode(&mut encoder.encode_descriptor("packet_size", help, BYTES.as_ref(), kind)?)
}

fn capture(counts: &Counts, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let captured = counts.captured;
    counter(encoder, ("captured", BYTES), "Bytes on the wire of all frames.", captured.bytes)?;
    counter(encoder, ("captured_packets", None), "All frames.", captured.packets)?;
    let rows = |count: fn(Volume) -> u64| {
        buckets(counts).into_iter().map(move |(bucket, volume)| ([("bucket", bucket)], count(volume)))
    };
    let help = "Bytes on the wire of packets without ports.";
    counters(encoder, ("unclassified", BYTES), help, rows(|volume| volume.bytes))?;
    counters(encoder, ("unclassified_packets", None), "Packets without ports.", rows(|volume| volume.packets))
}

fn buckets(counts: &Counts) -> [(&'static str, Volume); 4] {
    let unclassified = &counts.unclassified;
    [
        ("fragment", unclassified.fragment),
        ("malformed", unclassified.malformed),
        ("other_ip", unclassified.other_ip_total()),
        ("non_ip", unclassified.non_ip),
    ]
}

fn loss(counts: &Counts, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let loss = counts.loss;
    let dropped = [("kernel", loss.kernel_dropped), ("interface", loss.interface_dropped)];
    let help = "Packets that were dropped before they could be counted.";
    counters(encoder, ("dropped_packets", None), help, dropped.map(|(by, packets)| ([("by", by)], packets)))?;
    let help = "Flows that left the table early; their packets are in every total.";
    counter(encoder, ("evicted_flows", None), help, loss.evicted_flows)
}

fn progress(counts: &Counts, waiting: &Waiting, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    counter(encoder, ("intervals", None), "Intervals that were counted.", counts.intervals)?;
    if let Some(end) = counts.end {
        let help = "When the last interval ended, on the clock of the capture.";
        let end = Duration::from_nanos(end.as_nanos().max(0).unsigned_abs()).as_secs_f64();
        encoder
            .encode_descriptor("interval_end_timestamp", help, SECONDS.as_ref(), MetricType::Gauge)?
            .encode_gauge(&end)?;
    }
    let help = "Intervals that wait to be written.";
    gauge(encoder, "queue_intervals", help, waiting.count() as u64)?;
    let help = "Intervals that there is room for; what comes then is merged into one.";
    gauge(encoder, "queue_limit_intervals", help, queue::ROOM as u64)
}

fn counters<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, unit): (&str, Option<Unit>),
    help: &str,
    rows: impl IntoIterator<Item = (L, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Counter)?;
    for (labels, count) in rows {
        metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&count, None)?;
    }
    Ok(())
}

fn counter(
    encoder: &mut DescriptorEncoder<'_>,
    (name, unit): (&str, Option<Unit>),
    help: &str,
    count: u64,
) -> fmt::Result {
    encoder
        .encode_descriptor(name, help, unit.as_ref(), MetricType::Counter)?
        .encode_counter::<NoLabelSet, _, f64>(&count, None)
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
}
