//! The flow table: both address families, the bound on memory, and what comes out of it.

use super::details::Details;
use super::family::{BATCH, Family, STAGES};
use super::flows::Flows;
use super::key::{Key, V4Key, V6Key};
use super::record::FlowRecord;
use crate::collections::Id;
use crate::packet::{Addresses, PacketMeta};

/// Interval volumes kept for each flow of the bound, on average. Every flow needs at least one.
const CELLS_PER_FLOW: usize = 2;

/// How a [`FlowTable`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowOptions {
    /// The longest gap inside a flow in ns; `None` for one flow for each 5-tuple.
    pub idle_timeout_ns: Option<u64>,
    /// The most flows held at once, at least 64. An IPv4 flow takes 64 bytes, one over IPv6 96, and both 11 to 22
    /// in the index; flows of answered TCP connections take 64 more.
    pub max_flows: usize,
    /// The width of the intervals of a series in ns, if one is wanted; at least 1.
    pub interval_ns: Option<u64>,
}

impl FlowOptions {
    /// The bound on flows where the user sets none: 16 Mi.
    pub const DEFAULT_MAX_FLOWS: usize = 1 << 24;
    /// The fewest flows a table can be bounded to.
    pub const FEWEST_FLOWS: usize = 2 * STAGES * BATCH;
    /// The most flows a table can be bounded to: 2^30.
    pub const MOST_FLOWS: usize = 1 << 30;
    /// The idle timeout where the user sets none: 120 s.
    pub const DEFAULT_IDLE_TIMEOUT_NS: u64 = 120_000_000_000;
}

impl Default for FlowOptions {
    fn default() -> Self {
        Self {
            idle_timeout_ns: Some(Self::DEFAULT_IDLE_TIMEOUT_NS),
            max_flows: Self::DEFAULT_MAX_FLOWS,
            interval_ns: None,
        }
    }
}

/// All flows read so far, by 5-tuple.
///
/// A flow is a property of the set of its packets: their order changes nothing, and tables of parts of a capture
/// merge into the table of the whole, as long as no flow had to be evicted.
#[derive(Debug)]
pub struct FlowTable {
    v4: Family<V4Key>,
    v6: Family<V6Key>,
    details: Details,
    max_flows: usize,
    evicted: u64,
}

impl FlowTable {
    /// An empty table.
    pub fn new(options: &FlowOptions) -> Self {
        let nanos = |ns: u64| i64::try_from(ns).unwrap_or(i64::MAX);
        let timeout = options.idle_timeout_ns.map(nanos);
        let max_flows = options.max_flows.clamp(FlowOptions::FEWEST_FLOWS, FlowOptions::MOST_FLOWS);
        Self {
            v4: Family::new(timeout),
            v6: Family::new(timeout),
            details: Details::new(
                options.interval_ns.map(|width| nanos(width).max(1)),
                max_flows.saturating_mul(CELLS_PER_FLOW),
            ),
            max_flows,
            evicted: 0,
        }
    }

    /// Flows evicted so far to keep within the bound.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The width of the intervals in ns: the one asked for, or twice, four times … that where the series would
    /// have outgrown its bound.
    pub fn interval_ns(&self) -> Option<u64> {
        self.details.width().map(i64::unsigned_abs)
    }

    /// Flows held now, without the latest few packets; more than there are while packets out of order wait to be joined.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether no flow is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a packet. What has to leave to keep within the bound is handed to `evict`, and counted.
    #[inline]
    pub fn add(&mut self, packet: &PacketMeta, evict: &mut impl FnMut(FlowRecord)) {
        let (sport, dport) = (packet.source_port, packet.destination_port);
        let is_full = match packet.addresses {
            Addresses::V4 { source, destination } => {
                let (key, sender) = V4Key::new(source, sport, destination, dport);
                self.v4.wait(packet, key, sender)
            }
            Addresses::V6 { source, destination } => {
                let (key, sender) = V6Key::new(source, sport, destination, dport);
                self.v6.wait(packet, key, sender)
            }
        };
        if is_full {
            self.step(evict);
        }
    }

    #[inline(never)]
    fn step(&mut self, evict: &mut impl FnMut(FlowRecord)) {
        self.make_room(self.v4.waiting() + self.v6.waiting(), evict);
        self.v4.step(&mut self.details);
        self.v6.step(&mut self.details);
    }

    /// Adds all packets that are on their way.
    fn arrive(&mut self, evict: &mut impl FnMut(FlowRecord)) {
        for _ in 0..STAGES {
            self.step(evict);
        }
    }

    /// Takes over the flows of another table: of another part of the same input, or another input.
    pub fn merge(&mut self, mut other: Self, evict: &mut impl FnMut(FlowRecord)) {
        self.arrive(evict);
        other.arrive(evict);
        while self.details.width() < other.details.width() {
            let ids = self.detail_ids();
            self.details.widen(&ids);
        }
        while other.details.width() < self.details.width() {
            let ids = other.detail_ids();
            other.details.widen(&ids);
        }
        self.evicted += other.evicted;
        self.details.adopt_intervals(&other.details);
        self.v4.merge(&other.v4, &mut self.details, &mut other.details);
        self.v6.merge(&other.v6, &mut self.details, &mut other.details);
        self.make_room(0, evict);
    }

    /// Makes room for `more` flows: segments are settled, and if that is not enough, the flows whose last packet is the
    /// longest ago are handed out, an eighth of the table at once.
    fn make_room(&mut self, more: usize, evict: &mut impl FnMut(FlowRecord)) {
        let is_full = |table: &Self| table.len() + more > table.max_flows;
        if is_full(self) || self.details.is_full() {
            self.v4.forget_guesses();
            self.v6.forget_guesses();
            self.settle();
        }
        if is_full(self) {
            let keep = (self.max_flows - self.max_flows / 8).min(self.max_flows - more);
            let horizon = self.last_times_below(self.len() - keep);
            self.evict_family(|table| &mut table.v4, horizon, evict);
            self.evict_family(|table| &mut table.v6, horizon, evict);
        }
    }

    /// The latest time among the `count` flows that ended first.
    fn last_times_below(&self, count: usize) -> Option<i64> {
        let last = |span: Option<(i64, i64)>| span.map(|(_, last)| last);
        let mut times: Vec<Option<i64>> = Vec::with_capacity(self.len());
        times.extend(self.v4.ids().into_iter().map(|id| last(self.v4.segment(id).span())));
        times.extend(self.v6.ids().into_iter().map(|id| last(self.v6.segment(id).span())));
        *times.select_nth_unstable(count - 1).1
    }

    fn evict_family<K: Key>(
        &mut self,
        family: impl Fn(&mut Self) -> &mut Family<K>,
        horizon: Option<i64>,
        evict: &mut impl FnMut(FlowRecord),
    ) {
        let gone = family(self).remove(|segment| segment.span().map(|(_, last)| last) > horizon);
        self.evicted += gone.len() as u64;
        for segment in gone {
            evict(segment.record(&self.details));
            self.details.remove(segment.detail);
        }
    }

    fn detail_ids(&self) -> Vec<Id> {
        let v4 = self.v4.ids().into_iter().map(|id| self.v4.segment(id).detail);
        let v6 = self.v6.ids().into_iter().map(|id| self.v6.segment(id).detail);
        v4.chain(v6).collect()
    }

    /// Joins what belongs together, and fits the series into its bound.
    fn settle(&mut self) {
        self.v4.settle(&mut self.details);
        self.v6.settle(&mut self.details);
        if self.details.width().is_some() {
            let ids = self.detail_ids();
            self.details.fit(&ids);
        }
    }

    /// Ends the input: all segments that belong together are joined, and what is in the table are its flows.
    pub fn finish(mut self, evict: &mut impl FnMut(FlowRecord)) -> Flows {
        self.arrive(evict);
        self.settle();
        let (interval_ns, evicted) = (self.interval_ns(), self.evicted);
        Flows::new(self.v4.into_segments(), self.v6.into_segments(), self.details, interval_ns, evicted)
    }
}
