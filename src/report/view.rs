//! The arithmetic of reports: order, cuts, shares and rates.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use etherparse::IpNumber;

use crate::classify::{Basis, Confidence};
use crate::merge::Merge;
use crate::net::{PortClass, PortPair, Timestamp};
use crate::summary::{
    ConfidenceFlows, Counts, Distribution, Interval, ServiceKey, ServiceTotals, Summary, UnknownEndpoint,
    Volume,
};

/// A category with all its services' totals.
pub(super) struct Category<'a> {
    pub(super) name: &'a str,
    pub(super) family: &'a str,
    pub(super) totals: ServiceTotals,
}

/// All categories, by falling bytes.
pub(super) fn categories(summary: &Summary) -> Vec<Category<'_>> {
    let groups = summary.services_by(|key| (key.category.as_str(), key.family.as_str()));
    let mut rows: Vec<Category> =
        groups.into_iter().map(|((name, family), totals)| Category { name, family, totals }).collect();
    rows.sort_by_key(|row| Reverse(row.totals.counts.volume.bytes));
    rows
}

/// All services, by falling bytes, then packets.
pub(super) fn services(summary: &Summary) -> Vec<(&ServiceKey, &ServiceTotals)> {
    let mut rows: Vec<_> = summary.services.iter().collect();
    rows.sort_by(|(key, totals), (other_key, other)| {
        heavier(totals.counts, other.counts).then_with(|| {
            (&key.service, key.transport, key.port).cmp(&(
                &other_key.service,
                other_key.transport,
                other_key.port,
            ))
        })
    });
    rows
}

/// All pairs of service class and peer class, by falling bytes, then packets.
pub(super) fn port_classes(summary: &Summary) -> Vec<((PortClass, PortClass), Counts)> {
    by_weight(&summary.port_classes)
}

/// The port pairs with the most bytes, then packets, and what all others had.
pub(super) fn port_pairs(summary: &Summary, top: usize) -> Ranked<(PortPair, Counts)> {
    let ranked = Ranked::heaviest(summary.port_pairs.iter().copied(), top);
    ranked.and(summary.other_port_pairs)
}

/// The unknown endpoints with the most bytes, then packets, and what all others had.
pub(super) fn unknown_endpoints(summary: &Summary, top: usize) -> Ranked<(UnknownEndpoint, Counts)> {
    let endpoints = summary.unknown_endpoints.iter().map(|(endpoint, counts)| (*endpoint, *counts));
    Ranked::heaviest(endpoints, top).and(summary.other_unknown_endpoints)
}

/// The bases of all decisions, by falling bytes.
pub(super) fn bases(summary: &Summary) -> Vec<(Basis, Counts)> {
    let found = Basis::ALL.into_iter().zip(summary.certainty.bases).filter(|(_, counts)| counts.flows > 0);
    Ranked::heaviest(found, 0).rows
}

/// The bases of a row's flows that occur, in their order, with the flows.
pub(super) fn flows_by_basis(totals: &ServiceTotals) -> impl Iterator<Item = (Basis, u64)> {
    Basis::ALL.into_iter().zip(totals.bases).filter(|(_, flows)| *flows > 0)
}

fn by_weight<K: Copy + Ord>(map: &BTreeMap<K, Counts>) -> Vec<(K, Counts)> {
    let mut rows: Vec<(K, Counts)> = map.iter().map(|(key, counts)| (*key, *counts)).collect();
    // The sort is stable and the map in order, so ties stay in the order of the keys.
    rows.sort_by(|one, other| heavier(one.1, other.1));
    rows
}

fn heavier(one: Counts, other: Counts) -> std::cmp::Ordering {
    let weight = |counts: Counts| Reverse((counts.volume.bytes, counts.volume.packets));
    weight(one).cmp(&weight(other))
}

/// Rows that are sorted together, at least, to find the heaviest.
const SORTED_AT_ONCE: usize = 4096;

/// The first rows of a list, and what the others add up to.
pub(super) struct Ranked<R> {
    pub(super) rows: Vec<R>,
    pub(super) rest: Rest,
}

/// The rows that a list leaves out.
#[derive(Clone, Copy)]
pub(super) struct Rest {
    /// How many; `None` if nobody knows, for they were never told apart.
    pub(super) rows: Option<usize>,
    pub(super) counts: Counts,
}

impl<R> Ranked<R> {
    /// Cuts `rows` after `top` of them; 0 for never.
    pub(super) fn new(mut rows: Vec<R>, top: usize, counts: impl Fn(&R) -> Counts) -> Self {
        let kept = if top == 0 { rows.len() } else { top.min(rows.len()) };
        let others = rows.split_off(kept);
        Self { rows, rest: Rest { rows: Some(others.len()), counts: total(others.iter().map(counts)) } }
    }
}

impl<K: Copy + Ord> Ranked<(K, Counts)> {
    /// The `top` rows with the most bytes, then packets, then by key; 0 for all. Of millions of rows no more than twice as
    /// many as are wanted are held at a time.
    fn heaviest(rows: impl Iterator<Item = (K, Counts)>, top: usize) -> Self {
        let by_weight = |one: &(K, Counts), other: &(K, Counts)| {
            heavier(one.1, other.1).then_with(|| one.0.cmp(&other.0))
        };
        let wanted = if top == 0 { usize::MAX } else { top };
        let (mut kept, mut rest) = (Vec::new(), Rest { rows: Some(0), counts: Counts::default() });
        let mut leave_out = |kept: &mut Vec<(K, Counts)>| {
            kept.sort_unstable_by(by_weight);
            let others = kept.split_off(wanted.min(kept.len()));
            rest.rows = rest.rows.map(|rows| rows + others.len());
            rest.counts.merge(total(others.iter().map(|(_, counts)| *counts)));
        };
        // Whatever comes behind this row is not among the heaviest.
        let mut last: Option<(K, Counts)> = None;
        let (mut passed, mut passed_counts) = (0, Counts::default());
        for row in rows {
            if last.is_some_and(|last| by_weight(&last, &row).is_lt()) {
                passed += 1;
                passed_counts.merge(row.1);
                continue;
            }
            kept.push(row);
            if kept.len() >= wanted.saturating_mul(2).max(SORTED_AT_ONCE) {
                leave_out(&mut kept);
                last = kept.last().copied();
            }
        }
        leave_out(&mut kept);
        rest.rows = rest.rows.map(|rows| rows + passed);
        rest.counts.merge(passed_counts);
        Self { rows: kept, rest }
    }
}

impl<R> Ranked<R> {
    /// With what rows had that were never told apart.
    fn and(mut self, others: Counts) -> Self {
        if others != Counts::default() {
            self.rest.counts.merge(others);
            self.rest.rows = None;
        }
        self
    }
}

impl Rest {
    /// Whether nothing is left out.
    pub(super) fn is_none(&self) -> bool {
        self.rows == Some(0)
    }
}

/// All of them added up.
pub(super) fn total(counts: impl IntoIterator<Item = Counts>) -> Counts {
    let mut sum = Counts::default();
    counts.into_iter().for_each(|counts| sum.merge(counts));
    sum
}

/// All flows' totals: those of every service together.
pub(super) fn all_services(summary: &Summary) -> ServiceTotals {
    summary.services_by(|_| ()).remove(&()).unwrap_or_default()
}

/// The name of the service of flows that nothing tells the service of.
const UNKNOWN: &str = "unknown";

/// The totals of all flows whose service is unknown.
pub(super) fn unknown_services(summary: &Summary) -> ServiceTotals {
    summary.services_by(|key| key.service == UNKNOWN).remove(&true).unwrap_or_default()
}

/// Packets and bytes of everything, with ports or without: what shares are shares of.
pub(super) fn everything(summary: &Summary) -> Volume {
    let mut sum = summary.unclassified.total();
    sum.merge(summary.classified().volume);
    sum
}

/// One interval of the series.
pub(super) struct Moment<'a> {
    /// Its start; `None` for the packets without a time stamp.
    pub(super) start: Option<Timestamp>,
    /// All services of it together.
    pub(super) volume: Volume,
    /// The service with the most bytes.
    pub(super) largest: &'a str,
    /// Its bytes.
    pub(super) largest_bytes: u64,
}

/// The intervals of the series that have packets, by time; none without a series.
pub(super) fn over_time(summary: &Summary) -> Vec<Moment<'_>> {
    let intervals = summary.series.iter().flat_map(|series| &series.intervals);
    intervals.map(|(&start, interval)| moment(start, interval)).collect()
}

fn moment(start: Option<Timestamp>, interval: &Interval) -> Moment<'_> {
    let mut moment = Moment { start, volume: Volume::default(), largest: "", largest_bytes: 0 };
    let mut services: BTreeMap<&str, u64> = BTreeMap::new();
    for ((service, _), &volume) in interval {
        moment.volume.merge(volume);
        *services.entry(service).or_default() += volume.bytes;
    }
    for (service, bytes) in services {
        if bytes > moment.largest_bytes || moment.largest.is_empty() {
            (moment.largest, moment.largest_bytes) = (service, bytes);
        }
    }
    moment
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) part: u64,
    pub(super) whole: u64,
}

impl Share {
    /// How many of `parts` equal parts of the whole it is, to the nearest; 0 of nothing.
    pub(super) fn of(self, parts: u64) -> u64 {
        let (part, whole) = (u128::from(self.part), u128::from(self.whole));
        let rounded = (part * u128::from(parts) * 2 + whole).checked_div(whole * 2).unwrap_or(0);
        u64::try_from(rounded).unwrap_or(u64::MAX)
    }
}

/// Average per second over `duration_ns`; `None` over no time.
pub(super) fn per_second(amount: u64, duration_ns: u64) -> Option<u64> {
    let rate = (u128::from(amount) * 1_000_000_000).checked_div(u128::from(duration_ns))?;
    Some(u64::try_from(rate).unwrap_or(u64::MAX))
}

/// The band in which most of the flows lie; in a tie the lower one, and `None` without flows.
pub(super) fn usual_band(flows: ConfidenceFlows) -> Option<Confidence> {
    [(flows.high, Confidence::High), (flows.medium, Confidence::Medium), (flows.low, Confidence::Low)]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .max_by_key(|(count, _)| *count)
        .map(|(_, band)| band)
}

/// Whether the capture holds less than there was on the wire, cut by a snapshot length.
pub(super) fn is_cut(summary: &Summary) -> bool {
    summary.capture.captured_bytes < summary.capture.wire_bytes
}

/// Nanoseconds from the first packet to the last.
pub(super) fn duration_ns(summary: &Summary) -> u64 {
    summary.capture.span.map_or(0, |(first, last)| last.nanos_since(first))
}

/// The distributions in the order of reports, with what they measure.
pub(super) fn distributions<'a>(
    summary: &'a Summary,
    flows: &'a ServiceTotals,
) -> [(Measure, &'a Distribution); 5] {
    [
        (Measure { name: "packet size", unit: Unit::Bytes }, &summary.packet_size),
        (Measure { name: "flow bytes", unit: Unit::Bytes }, &flows.flow_bytes),
        (Measure { name: "flow packets", unit: Unit::Count }, &flows.flow_packets),
        (Measure { name: "flow duration", unit: Unit::Nanoseconds }, &flows.flow_duration_ns),
        (Measure { name: "handshake RTT", unit: Unit::Nanoseconds }, &flows.handshake_rtt_ns),
    ]
}

/// What a distribution is of.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub(super) name: &'static str,
    pub(super) unit: Unit,
}

/// What a measurement is counted in.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Bytes,
    Count,
    Nanoseconds,
}

/// The rounded average; `None` of nothing.
pub(super) fn mean(distribution: &Distribution) -> Option<u64> {
    let count = u128::from(distribution.count());
    let mean = distribution.sum().saturating_add(count / 2).checked_div(count)?;
    u64::try_from(mean).ok()
}

/// The median; `None` of nothing.
pub(super) fn median(distribution: &Distribution) -> Option<u64> {
    distribution.percentiles([50.0]).map(|[median]| median)
}

/// The keyword of an IP protocol in IANA's registry.
pub(super) fn protocol_name(number: u8) -> Option<&'static str> {
    IpNumber(number).keyword_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_the_nearest() {
        let share = |part, whole| Share { part, whole }.of(1000);
        assert_eq!([share(1, 3), share(2, 3), share(1, 2000), share(1, 2001)], [333, 667, 1, 0]);
        assert_eq!([share(0, 0), share(u64::MAX, u64::MAX)], [0, 1000]);
    }

    #[test]
    fn a_cut_list_loses_nothing() {
        let row = |bytes| Counts { volume: Volume { packets: 1, bytes }, flows: 1 };
        let cut = |top| Ranked::new(vec![row(5), row(3), row(2)], top, |row| *row);
        assert_eq!((cut(1).rows.len(), cut(1).rest.rows, cut(1).rest.counts.volume.bytes), (1, Some(2), 5));
        assert!(cut(0).rest.is_none() && cut(3).rest.is_none() && cut(9).rest.is_none());
    }

    #[test]
    fn rates_need_time() {
        assert_eq!(per_second(10, 0), None);
        assert_eq!(per_second(10, 2_000_000_000), Some(5));
        assert_eq!(per_second(u64::MAX, 1), Some(u64::MAX));
    }

    #[test]
    fn ties_of_confidence_go_to_the_lower_band() {
        assert_eq!(usual_band(ConfidenceFlows { high: 2, medium: 2, low: 1 }), Some(Confidence::Medium));
        assert_eq!(usual_band(ConfidenceFlows::default()), None);
    }
}
