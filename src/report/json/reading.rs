//! A summary that was written as JSON, read again: whole, or with the cut lists that it was written with.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, de};

use super::SCHEMA;
use crate::classify::{Basis, Confidence};
use crate::merge::Merge as _;
use crate::net::{PortClass, PortPair, Timestamp, Transport};
use crate::report::view;
use crate::summary::{
    self, CaptureTotals, ConfidenceFlows, Conversation, Heaviest, InputReport, Series, ServiceKey,
    ServiceTotals, Summary, UnknownEndpoint, UnknownEndpoints, one_row_each,
};

/// The largest count that is believed: some dozens of them still have room in 64 bits.
const MOST: u64 = 1 << 58;

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

#[derive(Deserialize)]
struct Document {
    generator: Generator,
    capture: Capture,
    read: Read,
    loss: Loss,
    unclassified: Unclassified,
    services: Vec<ServiceRow>,
    port_classes: Vec<PortClassRow>,
    port_pairs: Vec<PortPairRow>,
    other_port_pairs: Counts,
    certainty: Certainty,
    unknown_endpoints: Vec<UnknownEndpointRow>,
    other_unknown_endpoints: Counts,
    distributions: PacketSize,
    #[serde(default)]
    talkers: Vec<Talkers>,
    interval_ns: Option<u64>,
    intervals: Option<Vec<Interval>>,
}

impl Document {
    fn into_summary(self) -> Summary {
        let mut port_classes = BTreeMap::<_, summary::Counts>::new();
        for row in self.port_classes {
            port_classes.entry((row.service_class, row.peer_class)).or_default().merge(row.counts.into());
        }
        let pair = |row: PortPairRow| (PortPair::new(row.transport, row.low, row.high), row.counts.into());
        let mut unknown_endpoints = UnknownEndpoints::default();
        for row in self.unknown_endpoints {
            let UnknownEndpointRow { transport, address, port, counts, candidates } = row;
            let endpoint = UnknownEndpoint { transport, port, address };
            unknown_endpoints.count(endpoint, counts.into());
            for service in candidates {
                unknown_endpoints.suggest(endpoint, &service);
            }
        }
        Summary {
            tables: self.generator.table.split(' ').map(str::to_owned).collect(),
            inputs: self.read.inputs.into_iter().map(Into::into).collect(),
            capture: self.capture.into(),
            loss: self.loss.into(),
            unclassified: self.unclassified.into(),
            packet_size: self.distributions.packet_size.0,
            services: one_row_each(self.services.into_iter().map(ServiceRow::into_parts)),
            port_classes,
            port_pairs: self.port_pairs.into_iter().map(pair).collect(),
            other_port_pairs: self.other_port_pairs.into(),
            certainty: self.certainty.into(),
            unknown_endpoints,
            other_unknown_endpoints: self.other_unknown_endpoints.into(),
            talkers: talkers(self.talkers),
            series: self.interval_ns.zip(self.intervals).map(series),
        }
    }
}

#[derive(Deserialize)]
struct Generator {
    table: String,
}

#[derive(Deserialize)]
struct Capture {
    packets: Count,
    captured_bytes: Count,
    wire_bytes: Count,
    first_ts_ns: Option<i64>,
    last_ts_ns: Option<i64>,
}

impl From<Capture> for CaptureTotals {
    fn from(capture: Capture) -> Self {
        let span = capture.first_ts_ns.zip(capture.last_ts_ns);
        Self {
            packets: capture.packets.0,
            captured_bytes: capture.captured_bytes.0,
            wire_bytes: capture.wire_bytes.0,
            span: span.map(|(first, last)| (Timestamp::from_nanos(first), Timestamp::from_nanos(last))),
        }
    }
}

#[derive(Deserialize)]
struct Read {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    path: String,
    format: String,
    packets: Count,
    complete: bool,
    message: String,
}

impl From<Input> for InputReport {
    fn from(input: Input) -> Self {
        let Input { path, format, packets, complete, message } = input;
        Self { path, format, packets: packets.0, complete, refused: false, message }
    }
}

#[derive(Deserialize)]
struct Loss {
    kernel_dropped: Count,
    interface_dropped: Count,
    evicted_flows: Count,
}

impl From<Loss> for summary::Loss {
    fn from(loss: Loss) -> Self {
        Self {
            kernel_dropped: loss.kernel_dropped.0,
            interface_dropped: loss.interface_dropped.0,
            evicted_flows: loss.evicted_flows.0,
        }
    }
}

#[derive(Deserialize)]
struct Unclassified {
    fragment: Volume,
    malformed: Volume,
    other_ip: OtherIp,
    non_ip: Volume,
}

#[derive(Deserialize)]
struct OtherIp {
    by_protocol: BTreeMap<u8, Volume>,
}

impl From<Unclassified> for summary::Unclassified {
    fn from(unclassified: Unclassified) -> Self {
        let protocols = unclassified.other_ip.by_protocol.into_iter();
        Self {
            fragment: unclassified.fragment.into(),
            malformed: unclassified.malformed.into(),
            other_ip: protocols.map(|(protocol, volume)| (protocol, volume.into())).collect(),
            non_ip: unclassified.non_ip.into(),
        }
    }
}

#[derive(Deserialize)]
struct ServiceRow {
    service: String,
    alias: Option<String>,
    category: String,
    family: String,
    #[serde(deserialize_with = "transport")]
    transport: Transport,
    port: Option<u16>,
    #[serde(flatten)]
    counts: Counts,
    confidence: Bands<Count>,
    basis: BTreeMap<BasisName, Count>,
    unanswered: Count,
    refused: Count,
    distributions: Distributions,
}

impl ServiceRow {
    fn into_parts(self) -> (ServiceKey, ServiceTotals) {
        let key = ServiceKey {
            service: self.service,
            alias: self.alias,
            category: self.category,
            family: self.family,
            transport: self.transport,
            port: self.port,
        };
        let mut totals = ServiceTotals {
            counts: self.counts.into(),
            confidence: ConfidenceFlows {
                high: self.confidence.high.0,
                medium: self.confidence.medium.0,
                low: self.confidence.low.0,
            },
            unanswered: self.unanswered.0,
            refused: self.refused.0,
            flow_bytes: self.distributions.flow_bytes.0,
            flow_packets: self.distributions.flow_packets.0,
            flow_duration_ns: self.distributions.flow_duration_ns.0,
            handshake_rtt_ns: self.distributions.handshake_rtt_ns.0,
            ..ServiceTotals::default()
        };
        for (basis, flows) in self.basis {
            totals.bases[basis.0.index()] = flows.0;
        }
        (key, totals)
    }
}

#[derive(Deserialize)]
struct PortClassRow {
    #[serde(deserialize_with = "port_class")]
    service_class: PortClass,
    #[serde(deserialize_with = "port_class")]
    peer_class: PortClass,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Deserialize)]
struct PortPairRow {
    #[serde(deserialize_with = "transport")]
    transport: Transport,
    low: u16,
    high: u16,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Deserialize)]
struct UnknownEndpointRow {
    #[serde(deserialize_with = "transport")]
    transport: Transport,
    address: Option<IpAddr>,
    port: u16,
    #[serde(flatten)]
    counts: Counts,
    #[serde(default)]
    candidates: Vec<String>,
}

#[derive(Deserialize)]
struct Certainty {
    confidence: Bands<Counts>,
    basis: BTreeMap<BasisName, Counts>,
    learned: Learned,
}

#[derive(Deserialize)]
struct Bands<T> {
    high: T,
    medium: T,
    low: T,
}

#[derive(Deserialize)]
struct Learned {
    endpoints: Count,
    one_in: u64,
}

impl From<Certainty> for summary::Certainty {
    fn from(certainty: Certainty) -> Self {
        let mut found = Self {
            endpoints_learned: certainty.learned.endpoints.0,
            learned_halvings: certainty.learned.one_in.max(1).ilog2(),
            ..Self::default()
        };
        let Bands { high, medium, low } = certainty.confidence;
        for (band, counts) in [(Confidence::High, high), (Confidence::Medium, medium), (Confidence::Low, low)]
        {
            found.bands[band.index()] = counts.into();
        }
        for (basis, counts) in certainty.basis {
            found.bases[basis.0.index()] = counts.into();
        }
        found
    }
}

#[derive(Deserialize)]
struct PacketSize {
    packet_size: Distribution,
}

#[derive(Deserialize)]
struct Distributions {
    flow_bytes: Distribution,
    flow_packets: Distribution,
    flow_duration_ns: Distribution,
    handshake_rtt_ns: Distribution,
}

#[derive(Deserialize)]
struct Interval {
    start_ns: Option<i64>,
    services: Vec<IntervalService>,
}

#[derive(Deserialize)]
struct IntervalService {
    service: String,
    category: String,
    #[serde(flatten)]
    volume: Volume,
}

fn series((width_ns, rows): (u64, Vec<Interval>)) -> Series {
    let mut series = Series { width_ns, ..Series::default() };
    for row in rows {
        let interval = series.intervals.entry(row.start_ns.map(Timestamp::from_nanos)).or_default();
        for IntervalService { service, category, volume } in row.services {
            interval.entry((service, category)).or_default().merge(volume.into());
        }
    }
    series
}

#[derive(Deserialize)]
struct Talkers {
    of: Option<String>,
    hosts: TalkerList<Host>,
    conversations: TalkerList<Pair>,
}

#[derive(Deserialize)]
struct TalkerList<K> {
    listed: Vec<TalkerRow<K>>,
    others: TalkerCounts,
    listed_error_bytes: Count,
    others_most_bytes: Count,
}

#[derive(Deserialize)]
struct TalkerRow<K> {
    #[serde(flatten)]
    key: K,
    #[serde(flatten)]
    counts: TalkerCounts,
}

#[derive(Deserialize)]
struct Host {
    address: IpAddr,
}

#[derive(Deserialize)]
struct Pair {
    low: IpAddr,
    high: IpAddr,
}

#[derive(Deserialize)]
struct TalkerCounts {
    packets: Option<Count>,
    bytes: Count,
    flows: Option<Count>,
}

impl From<TalkerCounts> for summary::TalkerCounts {
    fn from(counts: TalkerCounts) -> Self {
        let known = |count: Option<Count>| count.map(|count| count.0);
        Self { bytes: counts.bytes.0, packets: known(counts.packets), flows: known(counts.flows) }
    }
}

impl<K> TalkerList<K> {
    fn into_heaviest<S: Ord>(self, key: impl Fn(K) -> S) -> Heaviest<S> {
        let mut listed = BTreeMap::<S, summary::TalkerCounts>::new();
        for row in self.listed {
            listed.entry(key(row.key)).or_default().merge(row.counts.into());
        }
        Heaviest {
            listed,
            others: self.others.into(),
            listed_error: self.listed_error_bytes.0,
            others_most: self.others_most_bytes.0,
        }
    }
}

fn talkers(lists: Vec<Talkers>) -> BTreeMap<Option<String>, summary::Talkers> {
    let mut talkers = BTreeMap::<_, summary::Talkers>::new();
    for Talkers { of, hosts, conversations } in lists {
        talkers.entry(of).or_default().merge(summary::Talkers {
            hosts: hosts.into_heaviest(|host| host.address),
            conversations: conversations.into_heaviest(|pair| Conversation::new(pair.low, pair.high)),
        });
    }
    talkers
}

#[derive(Deserialize)]
struct Volume {
    packets: Count,
    bytes: Count,
}

impl From<Volume> for summary::Volume {
    fn from(volume: Volume) -> Self {
        Self { packets: volume.packets.0, bytes: volume.bytes.0 }
    }
}

#[derive(Deserialize)]
struct Counts {
    packets: Count,
    bytes: Count,
    flows: Count,
}

impl From<Counts> for summary::Counts {
    fn from(Counts { packets, bytes, flows }: Counts) -> Self {
        Self { volume: summary::Volume { packets: packets.0, bytes: bytes.0 }, flows: flows.0 }
    }
}

/// A count that can be added to others.
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = u64::deserialize(deserializer)?;
        if count > MOST {
            return Err(de::Error::custom(format_args!("a count of {count} is more than there can be")));
        }
        Ok(Self(count))
    }
}

/// A distribution of which the parts fit each other.
struct Distribution(summary::Distribution);

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Parts {
            sum: u128,
            min: Option<u64>,
            max: Option<u64>,
            buckets: Vec<(u64, Count)>,
        }
        let Parts { sum, min, max, buckets } = Parts::deserialize(deserializer)?;
        let buckets = buckets.into_iter().map(|(value, count)| (value, count.0));
        summary::Distribution::of_buckets(buckets, sum, min.zip(max))
            .map(Self)
            .ok_or_else(|| de::Error::custom("a distribution contradicts itself"))
    }
}

/// A basis, which is also the name of what was decided by it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct BasisName(Basis);

impl<'de> Deserialize<'de> for BasisName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, Basis::ALL, Basis::name).map(Self)
    }
}

fn transport<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Transport, D::Error> {
    named(deserializer, Transport::ALL, Transport::name)
}

fn port_class<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PortClass, D::Error> {
    named(deserializer, PortClass::ALL, PortClass::name)
}

/// The one of `all` that has the name that comes.
fn named<'de, D: Deserializer<'de>, T: Copy, const N: usize>(
    deserializer: D,
    all: [T; N],
    name_of: fn(T) -> &'static str,
) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = all.into_iter().find(|&one| name_of(one) == name);
    found.ok_or_else(|| de::Error::custom(format_args!("{name:?} is not known here")))
}
