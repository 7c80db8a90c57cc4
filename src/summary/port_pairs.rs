//! Counts by port pair: a scan has millions of them.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::Counts;
use crate::collections::{Id, Index, NONE, Slab};
use crate::merge::Merge;
use crate::net::PortPair;

/// Counts by port pair, by rising pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortPairs(Vec<(PortPair, Counts)>);

impl PortPairs {
    /// Counts of the same pair are added up.
    fn of(mut pairs: Vec<(PortPair, Counts)>) -> Self {
        pairs.sort_unstable_by_key(|(pair, _)| in_one_word(*pair));
        pairs.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            if is_same {
                earlier.1.merge(later.1);
            }
            is_same
        });
        Self(pairs)
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All pairs, by rising pair.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(PortPair, Counts)> {
        self.0.iter()
    }

    /// The counts of a pair.
    pub fn get(&self, pair: PortPair) -> Option<Counts> {
        let place = self.0.binary_search_by_key(&pair, |(known, _)| *known);
        place.ok().map(|place| self.0[place].1)
    }
}

/// Counts of the same pair are added up.
impl FromIterator<(PortPair, Counts)> for PortPairs {
    fn from_iter<I: IntoIterator<Item = (PortPair, Counts)>>(pairs: I) -> Self {
        Self::of(pairs.into_iter().collect())
    }
}

/// A number that orders pairs as they are ordered, and compares faster.
fn in_one_word(pair: PortPair) -> u64 {
    (pair.transport as u64) << 32 | u64::from(pair.low) << 16 | u64::from(pair.high)
}

impl Merge for PortPairs {
    fn merge(&mut self, other: Self) {
        if !other.is_empty() {
            *self = std::mem::take(&mut self.0).into_iter().chain(other.0).collect();
        }
    }
}

/// Pairs that are counted together.
const BATCH: usize = 32;

/// Counts port pairs as they come, up to a bound on how many are told apart.
#[derive(Debug)]
pub(super) struct PairCounter {
    index: Index,
    counted: Slab<(PortPair, Counts)>,
    waiting: Vec<(PortPair, Counts)>,
    seed: RandomState,
    most: usize,
    /// What pairs past the bound have.
    others: Counts,
}

impl PairCounter {
    pub(super) fn new(most: usize) -> Self {
        Self {
            index: Index::default(),
            counted: Slab::default(),
            waiting: Vec::with_capacity(BATCH),
            seed: RandomState::default(),
            most,
            others: Counts::default(),
        }
    }

    pub(super) fn add(&mut self, pair: PortPair, counts: Counts) {
        self.waiting.push((pair, counts));
        if self.waiting.len() == BATCH {
            self.count_waiting();
        }
    }

    fn count_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let mut marks = [0; BATCH];
        for (mark, (pair, _)) in marks.iter_mut().zip(&waiting) {
            *mark = self.mark(*pair);
            self.index.prefetch(*mark);
        }
        let found = marks.map(|mark| self.index.guess(mark));
        for id in found {
            self.counted.prefetch(id);
        }
        for ((&(pair, counts), mark), found) in waiting.iter().zip(marks).zip(found) {
            let guessed = (found != NONE && self.counted[found].0 == pair).then_some(found);
            match guessed.or_else(|| self.find_or_add(pair, mark)) {
                Some(id) => self.counted[id].1.merge(counts),
                None => self.others.merge(counts),
            }
        }
        self.waiting = waiting;
        self.waiting.clear();
    }

    #[allow(clippy::cast_possible_truncation)] // a mark is half a hash
    fn mark(&self, pair: PortPair) -> u32 {
        self.seed.hash_one(pair) as u32
    }

    fn find_or_add(&mut self, pair: PortPair, mark: u32) -> Option<Id> {
        let known = self.index.find(mark, |id| self.counted[id].0 == pair);
        if known.is_some() || self.counted.len() >= self.most {
            return known;
        }
        let id = self.counted.insert((pair, Counts::default()));
        self.index.insert(mark, id);
        Some(id)
    }

    pub(super) fn merge(&mut self, mut other: Self) {
        other.count_waiting();
        for id in other.counted.ids() {
            let (pair, counts) = other.counted[id];
            self.add(pair, counts);
        }
        self.others.merge(other.others);
    }

    /// The pairs, and what those past the bound have.
    pub(super) fn finish(mut self) -> (PortPairs, Counts) {
        self.count_waiting();
        drop(self.index);
        let mut pairs = Vec::with_capacity(self.counted.len());
        pairs.extend(self.counted.into_iter());
        (PortPairs::of(pairs), self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Transport;
    use crate::summary::Volume;

    fn counted(pairs: impl IntoIterator<Item = u16>, most: usize) -> PairCounter {
        let mut counter = PairCounter::new(most);
        for port in pairs {
            let counts = Counts { volume: Volume { packets: 1, bytes: u64::from(port) }, flows: 1 };
            counter.add(PortPair::new(Transport::Tcp, port, 443), counts);
        }
        counter
    }

    #[test]
    fn pairs_are_counted_apart_and_in_order() {
        let (pairs, others) = counted((0..5000).rev().chain(0..5000), 10_000).finish();
        assert_eq!((pairs.len(), others), (5000, Counts::default()));
        assert!(pairs.iter().is_sorted_by_key(|(pair, _)| *pair));
        let counts = pairs.get(PortPair::new(Transport::Tcp, 443, 77)).unwrap_or_default();
        assert_eq!((counts.flows, counts.volume.bytes), (2, 154));
        assert_eq!(pairs.get(PortPair::new(Transport::Udp, 443, 77)), None);
    }

    #[test]
    fn past_the_bound_nothing_is_lost() {
        let (pairs, others) = counted(0..100, 70).finish();
        assert_eq!((pairs.len(), others.flows), (70, 30));
    }

    #[test]
    fn merging_parts_equals_the_whole() {
        let mut merged = counted(50..130, 1000);
        merged.merge(counted(0..90, 1000));
        let whole = counted((0..90).chain(50..130), 1000).finish();
        let mut cold = counted(50..130, 1000).finish().0;
        cold.merge(counted(0..90, 1000).finish().0);
        assert_eq!(cold, whole.0);
        assert_eq!(merged.finish(), whole);
    }
}
