//! The flow table: its shards, the bound on memory, and what comes out of it.

use super::flows::Flows;
use super::key::{Seed, V4Key, V6Key, seed};
use super::order::Place;
use super::record::FlowRecord;
use super::shard::Shard;
use crate::packet::{Addresses, PacketMeta};
use crate::threads;

/// Interval volumes kept for each flow of the bound, on average. Every flow needs at least one.
const CELLS_PER_FLOW: usize = 2;

/// How a [`FlowTable`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowOptions {
    /// The longest gap inside a flow in ns; `None` for one flow for each 5-tuple.
    pub idle_timeout_ns: Option<u64>,
    /// The most flows held at once, at least 64. An IPv4 flow takes 64 bytes, one over IPv6 96, and both 11 to 22
    /// in the index; the few that need details take 72 more.
    pub max_flows: usize,
    /// The width of the intervals of a series in ns, if one is wanted; at least 1.
    pub interval_ns: Option<u64>,
    /// By how many threads tables are merged, and their flows decided at the end; at least 1. What comes out is the same for
    /// any number.
    pub threads: usize,
}

/// The most shards of a table. One thread that fills many of them has their batches in its cache.
const MOST_SHARDS: usize = 16;

impl FlowOptions {
    /// The bound on flows where the user sets none: 16 Mi.
    pub const DEFAULT_MAX_FLOWS: usize = 1 << 24;
    /// The fewest flows a table can be bounded to.
    pub const FEWEST_FLOWS: usize = 64;
    /// The most flows a table can be bounded to: 2^30.
    pub const MOST_FLOWS: usize = 1 << 30;
    /// The idle timeout where the user sets none: 120 s.
    pub const DEFAULT_IDLE_TIMEOUT_NS: u64 = 120_000_000_000;
}

impl FlowOptions {
    /// A shard for each thread; one where there is a series, which is fitted into its bound as a whole.
    fn shards(&self) -> usize {
        if self.interval_ns.is_some() { 1 } else { self.threads.clamp(1, MOST_SHARDS) }
    }
}

impl Default for FlowOptions {
    fn default() -> Self {
        Self {
            idle_timeout_ns: Some(Self::DEFAULT_IDLE_TIMEOUT_NS),
            max_flows: Self::DEFAULT_MAX_FLOWS,
            interval_ns: None,
            threads: 1,
        }
    }
}

/// All flows read so far, by 5-tuple.
///
/// A flow is a property of the set of its packets: their order changes nothing, and tables of parts of a capture
/// merge into the table of the whole, as long as no flow had to be evicted.
#[derive(Debug)]
pub struct FlowTable {
    /// By the first bits of the key's hash.
    shards: Vec<Shard>,
    seed: Seed,
    threads: usize,
    max_flows: usize,
    evicted: u64,
    /// Packets until the next look at whether there is room.
    until_look: usize,
    /// What [`FlowTable::len`] is at most, once all packets have arrived.
    most: usize,
}

/// Packets between two looks at whether there is room: how many flows may come without one.
const LOOK_EVERY: usize = 8;

impl FlowTable {
    /// An empty table.
    pub fn new(options: &FlowOptions) -> Self {
        let nanos = |ns: u64| i64::try_from(ns).unwrap_or(i64::MAX);
        let timeout = options.idle_timeout_ns.map(nanos);
        let width = options.interval_ns.map(|width| nanos(width).max(1));
        let max_flows = options.max_flows.clamp(FlowOptions::FEWEST_FLOWS, FlowOptions::MOST_FLOWS);
        let most_cells = max_flows.saturating_mul(CELLS_PER_FLOW);
        Self {
            shards: (0..options.shards()).map(|_| Shard::new(timeout, width, most_cells)).collect(),
            seed: seed(),
            threads: options.threads.max(1),
            max_flows,
            evicted: 0,
            until_look: LOOK_EVERY,
            most: 0,
        }
    }

    /// Flows evicted so far to keep within the bound.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The width of the intervals in ns: the one asked for, or twice, four times … that where the series would
    /// have outgrown its bound.
    pub fn interval_ns(&self) -> Option<u64> {
        self.shards[0].details.width().map(i64::unsigned_abs)
    }

    /// Flows held now, without the latest few packets; more than there are while packets out of order wait to be joined.
    pub fn len(&self) -> usize {
        self.shards.iter().map(Shard::len).sum()
    }

    /// How much of the room for [`FlowOptions::max_flows`] is taken: the flows held, or as many as the series take the room
    /// of.
    pub fn load(&self) -> usize {
        self.len().max(self.shards[0].details.cells_held() / CELLS_PER_FLOW)
    }

    /// Whether no flow is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a packet. What has to leave to keep within the bound is handed to `evict`, and counted.
    #[inline(always)]
    #[allow(clippy::inline_always)] // where the family of the addresses is known, nothing asks for it again
    pub fn add(&mut self, packet: &PacketMeta, evict: &mut impl FnMut(FlowRecord)) {
        let (ports, transport) = ([packet.source_port, packet.destination_port], packet.transport);
        match packet.addresses {
            Addresses::V4 { source, destination } => {
                let found = V4Key::of([source, destination], ports, transport, &self.seed);
                let Shard { v4, details, .. } = self.shard_of(found.mark);
                v4.wait(packet, found, details);
            }
            Addresses::V6 { source, destination } => {
                let found = V6Key::of([source, destination], ports, transport, &self.seed);
                let Shard { v6, details, .. } = self.shard_of(found.mark);
                v6.wait(packet, found, details);
            }
        }
        self.until_look -= 1;
        if self.until_look == 0 {
            self.until_look = LOOK_EVERY;
            self.look(evict);
        }
    }

    /// The shard of keys with such a hash: by the first bits, for the index in the shard goes by the last ones.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // below the number of shards
    fn shard_of(&mut self, mark: u32) -> &mut Shard {
        let number = (u64::from(mark) * self.shards.len() as u64) >> u32::BITS;
        &mut self.shards[number as usize]
    }

    /// Makes room if there may be none for the packets until the next look.
    #[inline]
    fn look(&mut self, evict: &mut impl FnMut(FlowRecord)) {
        self.most += LOOK_EVERY;
        if self.most > self.max_flows - LOOK_EVERY || self.shards[0].details.is_full() {
            self.make_room(evict);
        }
    }

    /// Adds all packets that are on their way.
    pub fn arrive(&mut self) {
        self.shards.iter_mut().for_each(Shard::arrive);
    }

    /// Shows the flows that had packets at `since` or later, in ns, or since their series were last taken: as they are by now,
    /// with those series. The latest few packets have to arrive before.
    pub fn visit_active(&self, since: i64, mut each: impl FnMut(&FlowRecord)) {
        self.shards.iter().for_each(|shard| shard.visit_active(since, &mut each));
    }

    /// Takes the series out of all flows.
    pub fn clear_series(&mut self) {
        self.shards.iter_mut().for_each(Shard::clear_series);
    }

    /// Takes over the flows of another table with the same options: of another part of the same input, or another input.
    ///
    /// # Panics
    /// If the other table has been made for another number of threads.
    pub fn merge(&mut self, mut other: Self, evict: &mut impl FnMut(FlowRecord)) {
        assert_eq!(self.shards.len(), other.shards.len(), "tables that merge have the same options");
        self.arrive();
        other.arrive();
        self.evicted += other.evicted;
        // The smaller one moves: as a whole, for which shard is smaller depends on the seed.
        if self.len() < other.len() {
            std::mem::swap(&mut self.shards, &mut other.shards);
        }
        let pairs = self.shards.iter_mut().zip(other.shards).collect();
        threads::map(pairs, self.threads, |(shard, other): (&mut Shard, Shard)| shard.merge(other));
        self.make_room(evict);
    }

    /// Makes room for the packets until the next look: segments are settled, and if that is not enough, the flows whose last
    /// packet is the longest ago are handed out, an eighth of the table at once.
    ///
    /// How far packets are on their way depends on the hash. So that what leaves does not, all of them arrive before.
    #[cold]
    fn make_room(&mut self, evict: &mut impl FnMut(FlowRecord)) {
        let enough = self.max_flows - LOOK_EVERY;
        self.most = self.len() + self.shards.iter().map(Shard::waiting).sum::<usize>();
        if self.most > enough || self.shards[0].details.is_full() {
            self.arrive();
            let was_full = self.len() > enough;
            if was_full || self.shards[0].details.is_full() {
                self.shards.iter_mut().for_each(Shard::settle);
            }
            // Where settling made little room, it would be due again soon.
            let kept = self.max_flows - self.max_flows / 8;
            if was_full && self.len() > kept.max(enough - self.max_flows / 16) {
                self.evict(self.len() - kept, evict);
            }
            self.most = self.len();
        }
    }

    /// Hands out the `count` flows that ended first, and those that ended at the same time as the last of them.
    fn evict(&mut self, count: usize, evict: &mut impl FnMut(FlowRecord)) {
        let horizon = self.last_times_below(count);
        let mut places: Vec<Place> = Vec::with_capacity(count);
        for (number, shard) in (0..).zip(&self.shards) {
            places.extend(shard.ended_by(horizon, number));
        }
        let shard = |place: &Place| &self.shards[usize::from(place.shard)];
        Place::sort(
            &mut places,
            |place| shard(place).v4.segment(place.id).key(),
            |place| shard(place).v6.segment(place.id).key(),
        );
        for place in &places {
            evict(shard(place).record(place));
        }
        self.evicted += places.len() as u64;
        self.shards.iter_mut().for_each(|shard| shard.remove_ended_by(horizon));
    }

    /// The latest time among the `count` flows that ended first.
    fn last_times_below(&self, count: usize) -> Option<i64> {
        let mut times: Vec<Option<i64>> = Vec::with_capacity(self.len());
        self.shards.iter().for_each(|shard| times.extend(shard.last_times()));
        *times.select_nth_unstable(count - 1).1
    }

    /// Ends the input: all segments that belong together are joined, and what is in the table are its flows.
    pub fn finish(mut self) -> Flows {
        self.arrive();
        let ended = threads::map(self.shards, self.threads, Shard::finish);
        Flows::new(ended, self.evicted)
    }
}
