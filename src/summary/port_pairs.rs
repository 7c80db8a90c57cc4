//! Counts by port pair, in order.

use super::Counts;
use crate::merge::Merge;
use crate::net::{PortPair, Transport};

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

    /// Pairs by rising numbers, each of them once.
    pub(super) fn of_words(pairs: Vec<(u64, Counts)>) -> Self {
        Self(pairs.into_iter().map(|(word, counts)| (of_word(word), counts)).collect())
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

/// A number of 34 bits that orders pairs as they are ordered, and compares faster.
pub(super) fn in_one_word(pair: PortPair) -> u64 {
    (pair.transport as u64) << 32 | u64::from(pair.low) << 16 | u64::from(pair.high)
}

/// The pair of such a number.
#[allow(clippy::cast_possible_truncation)] // the parts of which it was made
fn of_word(word: u64) -> PortPair {
    let transport = Transport::ALL[(word >> 32) as usize];
    PortPair { transport, low: (word >> 16) as u16, high: word as u16 }
}

impl Merge for PortPairs {
    fn merge(&mut self, other: Self) {
        if !other.is_empty() {
            *self = std::mem::take(&mut self.0).into_iter().chain(other.0).collect();
        }
    }
}
