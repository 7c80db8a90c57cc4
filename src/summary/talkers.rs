//! Hosts and conversations with the most bytes, in bounded memory.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::net::IpAddr;

use datasketches::frequencies::{ErrorType, FrequentItemsSketch};
use foldhash::fast::RandomState;

use super::Counts;
use crate::classify::{Decision, PortTable};
use crate::flow::FlowRecord;
use crate::merge::{Merge, merge_maps};

/// The talkers of all flows, or of those of one service or category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Talkers {
    /// By address: all flows that it has a part in.
    pub hosts: Heaviest<IpAddr>,
    /// By the two addresses of a flow.
    pub conversations: Heaviest<Conversation>,
}

/// Two addresses that exchange packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conversation {
    /// The smaller one; IPv4 before IPv6.
    pub low: IpAddr,
    /// The larger one.
    pub high: IpAddr,
}

/// What is known of the keys with the most bytes, and how well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heaviest<K: Ord> {
    /// Those that are told apart.
    pub listed: BTreeMap<K, TalkerCounts>,
    /// All others together, and what those that are listed may have more.
    pub others: TalkerCounts,
    /// Bytes that one that is listed may have more than it is listed with; 0 if the list is exact.
    pub listed_error: u64,
    /// Bytes that one that is not listed has at most.
    pub others_most: u64,
}

/// Packets and flows are known only as long as keys are counted one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TalkerCounts {
    /// Wire bytes both ways.
    pub bytes: u64,
    /// Packets both ways.
    pub packets: Option<u64>,
    /// Flows.
    pub flows: Option<u64>,
}

impl Default for TalkerCounts {
    fn default() -> Self {
        Self { bytes: 0, packets: Some(0), flows: Some(0) }
    }
}

impl From<Counts> for TalkerCounts {
    fn from(counts: Counts) -> Self {
        let Counts { volume, flows } = counts;
        Self { bytes: volume.bytes, packets: Some(volume.packets), flows: Some(flows) }
    }
}

impl Merge for TalkerCounts {
    fn merge(&mut self, other: Self) {
        let sum = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.packets = sum(self.packets, other.packets);
        self.flows = sum(self.flows, other.flows);
    }
}

impl<K: Ord> Default for Heaviest<K> {
    fn default() -> Self {
        Self { listed: BTreeMap::new(), others: TalkerCounts::default(), listed_error: 0, others_most: 0 }
    }
}

impl<K: Ord> Merge for Heaviest<K> {
    fn merge(&mut self, other: Self) {
        // What one part lists may be among the others of the other part. Who lists nothing has no rows that miss any.
        let [ours, theirs] =
            [&*self, &other].map(|part| (!part.listed.is_empty()).then_some(part.listed_error));
        let both = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
        let errors =
            [both(ours, theirs), both(ours, Some(other.others_most)), both(Some(self.others_most), theirs)];
        self.listed_error = errors.into_iter().flatten().max().unwrap_or_default();
        self.others_most = self.others_most.saturating_add(other.others_most);
        self.others.merge(other.others);
        merge_maps(&mut self.listed, other.listed);
    }
}

impl Merge for Talkers {
    fn merge(&mut self, other: Self) {
        self.hosts.merge(other.hosts);
        self.conversations.merge(other.conversations);
    }
}

impl Conversation {
    /// The conversation of two addresses, in any order.
    pub fn new(one: IpAddr, other: IpAddr) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }
}

/// Counts talkers while flows come in.
#[derive(Debug)]
pub struct TalkerTally {
    /// The service or category whose flows count; all without one.
    within: Option<String>,
    hosts: Counter<IpAddr>,
    conversations: Counter<Conversation>,
}

impl TalkerTally {
    /// Nothing counted yet. `within` is the name of a service, or of a category.
    pub fn new(within: Option<String>) -> Self {
        Self { within, hosts: Counter::default(), conversations: Counter::default() }
    }

    /// Counts a flow, if it is one of those that count.
    pub fn flow(&mut self, record: &FlowRecord, decision: &Decision, table: &PortTable) {
        if self.within.as_deref().is_some_and(|name| !is_named(decision, table, name)) {
            return;
        }
        let counts = Counts::of(record);
        let [one, other] = record.endpoints.map(|endpoint| endpoint.address);
        self.hosts.add(one, counts);
        if other != one {
            self.hosts.add(other, counts);
        }
        self.conversations.add(Conversation::new(one, other), counts);
    }

    /// Takes over what another part of the input has counted; whose talkers they are has to be the same.
    pub fn merge(&mut self, other: Self) {
        self.hosts.merge(other.hosts);
        self.conversations.merge(other.conversations);
    }

    /// The service or category whose flows count.
    pub fn within(&self) -> Option<&str> {
        self.within.as_deref()
    }

    /// Whose talkers these are, and what is known of them.
    pub fn finish(self) -> (Option<String>, Talkers) {
        (self.within, Talkers { hosts: self.hosts.finish(), conversations: self.conversations.finish() })
    }
}

fn is_named(decision: &Decision, table: &PortTable, name: &str) -> bool {
    table.service_name(decision.service).eq_ignore_ascii_case(name)
        || table.category(decision.category).id.eq_ignore_ascii_case(name)
        || table.aliases(decision.service).any(|alias| alias.eq_ignore_ascii_case(name))
}

/// Counts by key: one by one while there are not too many, else by a sketch that keeps the heaviest.
#[derive(Debug)]
enum Counter<K> {
    Exact(HashMap<K, Counts, RandomState>),
    Sketch { bytes: FrequentItemsSketch<K>, total: Counts },
}

/// Keys that are counted one by one.
const MOST: usize = 1 << 16;
/// Places in the table of a sketch. By its contract a key's bytes are at most 3.5 / SKETCH of all bytes off.
const SKETCH: usize = 1 << 17;

impl<K: Eq + Hash> Default for Counter<K> {
    fn default() -> Self {
        Self::Exact(HashMap::default())
    }
}

impl<K: Copy + Ord + Hash> Counter<K> {
    fn add(&mut self, key: K, counts: Counts) {
        match self {
            Self::Exact(exact) => {
                exact.entry(key).or_default().merge(counts);
                if exact.len() > MOST {
                    *self = Self::sketch(exact);
                }
            }
            Self::Sketch { bytes, total } => {
                weigh(bytes, key, counts);
                total.merge(counts);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        match other {
            Self::Exact(exact) => {
                for (key, counts) in in_order(&exact) {
                    self.add(key, counts);
                }
            }
            Self::Sketch { bytes, total } => {
                if let Self::Exact(exact) = self {
                    *self = Self::sketch(exact);
                }
                if let Self::Sketch { bytes: own, total: sum } = self {
                    if own.total_weight().checked_add(bytes.total_weight()).is_some() {
                        own.merge(&bytes);
                    }
                    sum.merge(total);
                }
            }
        }
    }

    fn sketch(exact: &HashMap<K, Counts, RandomState>) -> Self {
        let mut bytes = FrequentItemsSketch::new(SKETCH).expect("the size is a power of two");
        let mut total = Counts::default();
        for (key, counts) in in_order(exact) {
            weigh(&mut bytes, key, counts);
            total.merge(counts);
        }
        Self::Sketch { bytes, total }
    }

    fn finish(self) -> Heaviest<K> {
        match self {
            Self::Exact(exact) => {
                let listed = exact.into_iter().map(|(key, counts)| (key, counts.into()));
                Heaviest { listed: listed.collect(), ..Heaviest::default() }
            }
            Self::Sketch { bytes, total } => {
                let count = |bytes| TalkerCounts { bytes, packets: None, flows: None };
                let rows = bytes.frequent_items(ErrorType::NoFalseNegatives).into_iter();
                let listed: BTreeMap<_, _> =
                    rows.map(|row| (*row.item(), count(row.lower_bound()))).collect();
                let known: u64 = listed.values().map(|counts| counts.bytes).sum();
                // Of lengths that do not fit into 64 bits nothing is known.
                let is_forged = total.volume.bytes == u64::MAX;
                let error = if is_forged { u64::MAX } else { bytes.maximum_error() };
                let others = count(total.volume.bytes.saturating_sub(known));
                Heaviest { listed, others, listed_error: error, others_most: error }
            }
        }
    }
}

/// Adds the bytes that there is room for: a sketch does not bear more than 64 bits, which forged lengths can make.
fn weigh<K: Eq + Hash>(sketch: &mut FrequentItemsSketch<K>, key: K, counts: Counts) {
    sketch.update_with_count(key, counts.volume.bytes.min(u64::MAX - sketch.total_weight()));
}

/// In an order that does not change from run to run: a sketch depends on it.
fn in_order<K: Copy + Ord>(exact: &HashMap<K, Counts, RandomState>) -> Vec<(K, Counts)> {
    let mut rows: Vec<_> = exact.iter().map(|(key, counts)| (*key, *counts)).collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Volume;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn counts(bytes: u64) -> Counts {
        Counts { volume: Volume { packets: 1, bytes }, flows: 1 }
    }

    fn counted(pairs: impl IntoIterator<Item = (u32, u64)>) -> Heaviest<IpAddr> {
        let mut counter = Counter::default();
        for (host, bytes) in pairs {
            counter.add(Ipv4Addr::from_bits(host).into(), counts(bytes));
        }
        counter.finish()
    }

    fn bytes_of(heaviest: &Heaviest<IpAddr>, host: u32) -> Option<u64> {
        heaviest.listed.get(&Ipv4Addr::from_bits(host).into()).map(|counts| counts.bytes)
    }

    fn total(heaviest: &Heaviest<IpAddr>) -> u64 {
        heaviest.listed.values().map(|counts| counts.bytes).sum::<u64>() + heaviest.others.bytes
    }

    #[test]
    fn as_many_as_fit_are_exact() {
        let exact = counted((0..65_536).chain(0..10).map(|host| (host, 60)));
        assert_eq!((exact.listed.len(), exact.listed_error, exact.others_most), (65_536, 0, 0));
        assert_eq!((bytes_of(&exact, 9), bytes_of(&exact, 10)), (Some(120), Some(60)));
        assert_eq!(exact.others, TalkerCounts::default());
    }

    #[test]
    fn of_too_many_the_heavy_ones_stay_within_the_error_and_no_byte_is_lost() {
        // A hundred heavy hosts among a million light ones, which come in between.
        let light = 1_000_000_u32;
        let pairs = (0..light).map(|host| if host % 1000 == 0 { (host / 10_000, 5000) } else { (host, 60) });
        let heaviest = counted(pairs);
        let true_bytes = |host: u32| 10 * 5000 + if host == 0 { 0 } else { 60 };
        let whole: u64 = 1000 * 5000 + u64::from(light - 1000) * 60;
        assert_eq!(total(&heaviest), whole);
        assert!(heaviest.listed_error > 0 && heaviest.listed_error <= whole * 35 / (10 * SKETCH as u64) + 1);
        for host in 0..100 {
            let listed = bytes_of(&heaviest, host).expect("a heavy host is listed");
            assert!(listed <= true_bytes(host) && true_bytes(host) <= listed + heaviest.listed_error);
        }
        assert!(heaviest.listed.len() < SKETCH);
        assert_eq!(heaviest.listed.values().next().expect("there is one").packets, None);
    }

    #[test]
    fn more_bytes_than_can_be_are_borne() {
        let forged = || counted((0..70_000).map(|host| (host, u64::MAX / 1000)));
        assert_eq!((total(&forged()), forged().others_most), (u64::MAX, u64::MAX));
        let mut merged = forged();
        merged.merge(forged());
        assert_eq!(merged.listed_error, u64::MAX);
    }

    #[test]
    fn what_may_be_among_the_others_of_a_part_may_be_missing() {
        let cut = |listed: u32, bytes, others_most| Heaviest {
            listed: [(Ipv4Addr::from_bits(listed).into(), counts(bytes).into())].into(),
            others: counts(others_most).into(),
            listed_error: 0,
            others_most,
        };
        let mut merged = cut(1, 100, 7);
        merged.merge(cut(2, 50, 5));
        assert_eq!((merged.listed_error, merged.others_most, total(&merged)), (7, 12, 162));
    }

    /// The `kept` heaviest of some hosts, and what is known of the others.
    fn cut(hosts: &BTreeMap<u32, u64>, kept: usize) -> Heaviest<IpAddr> {
        let mut rows: Vec<(u32, u64)> = hosts.iter().map(|(host, bytes)| (*host, *bytes)).collect();
        rows.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let others = rows.split_off(kept.min(rows.len()));
        let most = others.first().map_or(0, |(_, bytes)| *bytes);
        let mut list = counted(rows);
        for (_, bytes) in others {
            list.others.merge(counts(bytes).into());
        }
        Heaviest { others_most: most, ..list }
    }

    fn merged(parts: impl IntoIterator<Item = Heaviest<IpAddr>>) -> Heaviest<IpAddr> {
        parts.into_iter().fold(Heaviest::default(), |mut sum, part| {
            sum.merge(part);
            sum
        })
    }

    proptest! {
        #[test]
        fn lists_that_are_cut_or_not_are_merged_within_their_bounds(
            parts in prop::collection::vec((prop::collection::btree_map(0..6_u32, 1..100_u64, 0..6), 0..7_usize), 0..4)
        ) {
            let lists = parts.iter().map(|(hosts, kept)| cut(hosts, *kept));
            let sum = merged(lists.clone());
            for (host, bytes) in (0..6).map(|host| (host, parts.iter().filter_map(|(hosts, _)| hosts.get(&host)).sum::<u64>())) {
                let (least, error) = bytes_of(&sum, host).map_or((0, sum.others_most), |bytes| (bytes, sum.listed_error));
                prop_assert!(least <= bytes && bytes <= least + error);
            }
            prop_assert_eq!(total(&sum), parts.iter().flat_map(|(hosts, _)| hosts.values()).sum::<u64>());
            // Nothing is the identity, on both sides, and the order and the grouping change nothing.
            prop_assert_eq!(&merged([sum.clone(), Heaviest::default()]), &sum);
            prop_assert_eq!(&merged(lists.clone().rev()), &sum);
            let (first, rest) = (lists.clone().take(1), lists.clone().skip(1));
            prop_assert_eq!(&merged(first.chain([merged(rest)])), &sum);
            prop_assert!(parts.len() != 1 || sum == cut(&parts[0].0, parts[0].1));
        }
    }
}
