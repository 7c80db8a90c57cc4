//! Counting port pairs as they come: a scan has millions of them.

use super::Counts;
use super::port_pairs::{PortPairs, in_one_word};
use crate::collections::in_huge_pages;
use crate::merge::Merge;
use crate::net::PortPair;

/// So many pairs wait at least until they are sorted: as many as a cache holds.
const FEWEST_WAITING: usize = 1 << 14;

/// From as many pairs on, what they take is worth huge pages.
const MANY: usize = 1 << 17;

/// The low bits of a word, where the place of what waits is; above it is the pair.
const PLACE_BITS: u32 = 30;

/// The bits of a pair that are sorted by at once, and how often that has to be done.
const DIGIT_BITS: u32 = 12;
const DIGITS: u32 = 3;

/// Counts port pairs, up to a bound on how many are told apart: the first ones.
///
/// What comes waits, is sorted, and joins what is counted, all in the order of memory: a hash table would need more of it, and
/// miss the caches for each pair of a scan.
#[derive(Debug)]
pub(super) struct PairCounter {
    /// By rising pair, each in one word.
    counted: Vec<(u64, Counts)>,
    /// What waits, in the order it came.
    waiting: Vec<Counts>,
    /// A word for each of these: the pair, and the place.
    words: Vec<u64>,
    /// Where they are sorted.
    spare: Vec<u64>,
    most_waiting: usize,
    most: usize,
    /// What pairs past the bound have.
    others: Counts,
}

fn pair(word: u64) -> u64 {
    word >> PLACE_BITS
}

#[allow(clippy::cast_possible_truncation)] // few enough bits
fn place(word: u64) -> usize {
    (word & ((1 << PLACE_BITS) - 1)) as usize
}

impl PairCounter {
    pub(super) fn new(most: usize) -> Self {
        Self {
            counted: Vec::new(),
            waiting: Vec::new(),
            words: Vec::new(),
            spare: Vec::new(),
            most_waiting: FEWEST_WAITING,
            most,
            others: Counts::default(),
        }
    }

    #[inline]
    pub(super) fn add(&mut self, pair: PortPair, counts: Counts) {
        self.add_word(in_one_word(pair), counts);
    }

    #[inline]
    fn add_word(&mut self, pair: u64, counts: Counts) {
        self.words.push(pair << PLACE_BITS | self.waiting.len() as u64);
        self.waiting.push(counts);
        if self.waiting.len() >= self.most_waiting {
            self.count_waiting();
        }
    }

    fn count_waiting(&mut self) {
        sort(&mut self.words, &mut self.spare);
        self.add_up();
        self.leave_new();
        self.leave_first();
        self.join();
        self.waiting.clear();
        // So each pair is moved but a few times.
        self.most_waiting = (self.counted.len() / 2).clamp(FEWEST_WAITING, 1 << PLACE_BITS);
    }

    /// Adds up what waits of the same pair, in the place of the first.
    fn add_up(&mut self) {
        self.words.dedup_by(|later, first| {
            let is_same = pair(*later) == pair(*first);
            if is_same {
                let counts = self.waiting[place(*later)];
                self.waiting[place(*first)].merge(counts);
            }
            is_same
        });
    }

    /// Adds what waits to the pairs that are counted already; the others stay.
    fn leave_new(&mut self) {
        let mut counted = self.counted.iter_mut().peekable();
        self.words.retain(|&word| {
            while counted.next_if(|(known, _)| *known < pair(word)).is_some() {}
            let known = counted.next_if(|(known, _)| *known == pair(word));
            let is_new = known.is_none();
            if let Some((_, counts)) = known {
                counts.merge(self.waiting[place(word)]);
            }
            is_new
        });
    }

    /// Counts new pairs that are past the bound with the others: the first ones to come stay.
    fn leave_first(&mut self) {
        let room = self.most.saturating_sub(self.counted.len());
        if self.words.len() <= room {
            return;
        }
        let mut places: Vec<usize> = self.words.iter().map(|word| place(*word)).collect();
        let (_, &mut past, _) = places.select_nth_unstable(room);
        self.words.retain(|&word| {
            let is_past = place(word) >= past;
            if is_past {
                self.others.merge(self.waiting[place(word)]);
            }
            !is_past
        });
    }

    /// Puts the new pairs between those that are counted: from the last one on, in place.
    fn join(&mut self) {
        let (mut from, mut to) = (self.counted.len(), self.counted.len() + self.words.len());
        self.make_room();
        self.counted.resize(to, (0, Counts::default()));
        while let Some(&word) = self.words.last() {
            to -= 1;
            if from > 0 && self.counted[from - 1].0 > pair(word) {
                from -= 1;
                self.counted[to] = self.counted[from];
            } else {
                self.counted[to] = (pair(word), self.waiting[place(word)]);
                self.words.pop();
            }
        }
    }

    /// Many pairs are in huge pages.
    fn make_room(&mut self) {
        self.counted.reserve(self.words.len());
        if self.counted.len() >= MANY {
            self.counted = in_huge_pages(std::mem::take(&mut self.counted));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (pair, counts) in other.counted {
            self.add_word(pair, counts);
        }
        for (word, counts) in other.words.into_iter().zip(other.waiting) {
            self.add_word(pair(word), counts);
        }
        self.others.merge(other.others);
    }

    /// The pairs, and what those past the bound have.
    pub(super) fn finish(mut self) -> (PortPairs, Counts) {
        self.count_waiting();
        (PortPairs::of_words(self.counted), self.others)
    }
}

/// Sorts words whose places rise, with the help of others: by one digit of the pairs after the other, where they are many.
fn sort(words: &mut Vec<u64>, spare: &mut Vec<u64>) {
    const VALUES: usize = 1 << DIGIT_BITS;
    if words.len() < VALUES {
        return words.sort_unstable();
    }
    spare.resize(words.len(), 0);
    for number in 0..DIGITS {
        #[allow(clippy::cast_possible_truncation)] // few enough bits
        let digit = |word: u64| (pair(word) >> (DIGIT_BITS * number)) as usize % VALUES;
        let mut nexts = vec![0_u32; VALUES];
        for word in &*words {
            nexts[digit(*word)] += 1;
        }
        let mut begin = 0;
        for next in &mut nexts {
            begin += std::mem::replace(next, begin);
        }
        for word in &*words {
            let next = &mut nexts[digit(*word)];
            spare[*next as usize] = *word;
            *next += 1;
        }
        std::mem::swap(words, spare);
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
    fn many_words_are_sorted_as_few_are() {
        let pair_of = |place: u64| place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 30 & ((3 << 32) - 1);
        let mut words: Vec<u64> = (0..10_000).map(|place| pair_of(place / 2) << PLACE_BITS | place).collect();
        let mut expected = words.clone();
        expected.sort_unstable();
        sort(&mut words, &mut Vec::new());
        assert_eq!(words, expected);
    }

    #[test]
    fn past_the_bound_nothing_is_lost() {
        let (pairs, others) = counted(0..100, 70).finish();
        assert_eq!((pairs.len(), others.flows), (70, 30));
    }

    #[test]
    fn the_first_pairs_are_told_apart() {
        let ports = || (0..60_000).rev().chain(0..60_000);
        for most in [1, 20_000, 32_768, 50_000, 59_999, 60_000] {
            let (pairs, others) = counted(ports(), most).finish();
            let last = 60_000 - u16::try_from(most).unwrap_or(u16::MAX);
            let is_first = |(pair, counts): &(PortPair, Counts)| {
                counts.flows == 2 && (pair.low >= last || pair.low == 443 && pair.high >= last)
            };
            assert!(pairs.len() == most && pairs.iter().all(is_first), "{most}");
            assert_eq!(others.flows, 2 * u64::from(last));
        }
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
