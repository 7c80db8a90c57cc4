//! Counting port pairs as they come: a scan has millions of them.

use super::port_pairs::{PortPairs, in_one_word};
use super::{Counts, Volume};
use crate::collections::in_huge_pages;
use crate::merge::Merge;
use crate::net::PortPair;

/// Until flows take so many words, they wait to be sorted.
const FEWEST_WAITING: usize = 1 << 14;

/// From as many on, what they take is worth huge pages.
const MANY: usize = 1 << 17;

/// Where the packets of a flow that waits stand in its word, above its bytes, and where the pair does, above both.
const PACKETS_AT: u32 = 22;
const PAIR_AT: u32 = 30;

/// The bits of a pair that are sorted by at once, and how often that has to be done.
const DIGIT_BITS: u32 = 12;
const DIGITS: usize = 3;
const VALUES: usize = 1 << DIGIT_BITS;

/// Counts port pairs, up to a bound on how many are told apart: those that come first, and of what is sorted together those of
/// large flows, then the first ones by port.
///
/// What comes waits, is sorted, and joins what is counted, all in the order of memory: a hash table would need more of it, and
/// miss the caches for each pair of a scan.
#[derive(Debug)]
pub(super) struct PairCounter {
    /// By rising pair, each in one word.
    counted: Vec<(u64, Counts)>,
    /// Flows that wait: the pair, and what it adds.
    words: Vec<u64>,
    /// Flows with too much for a word.
    large: Vec<(u64, Counts)>,
    /// Where words are sorted.
    spare: Vec<u64>,
    most_waiting: usize,
    most: usize,
    /// What pairs past the bound have.
    others: Counts,
}

impl PairCounter {
    pub(super) fn new(most: usize) -> Self {
        Self {
            counted: Vec::new(),
            words: Vec::new(),
            large: Vec::new(),
            spare: Vec::new(),
            most_waiting: FEWEST_WAITING,
            most,
            others: Counts::default(),
        }
    }

    /// Counts a flow.
    #[inline]
    pub(super) fn add(&mut self, pair: PortPair, volume: Volume) {
        let pair = in_one_word(pair);
        if volume.packets >> (PAIR_AT - PACKETS_AT) == 0 && volume.bytes >> PACKETS_AT == 0 {
            self.words.push(pair << PAIR_AT | volume.packets << PACKETS_AT | volume.bytes);
        } else {
            self.large.push((pair, Counts { volume, flows: 1 }));
        }
        if self.words.len() + self.large.len() * (size_of::<(u64, Counts)>() / size_of::<u64>())
            >= self.most_waiting
        {
            self.count_waiting();
        }
    }

    #[inline(never)]
    fn count_waiting(&mut self) {
        let mut large = std::mem::take(&mut self.large);
        large.sort_unstable_by_key(|(pair, _)| *pair);
        self.count(large.drain(..));
        let mut words = std::mem::take(&mut self.words);
        sort(&mut words, &mut self.spare);
        self.count(words.iter().map(|word| in_full(*word)));
        words.clear();
        (self.words, self.large) = (words, large);
        // So each pair is moved but a few times.
        self.most_waiting = self.counted.len().max(FEWEST_WAITING);
        if self.words.capacity().max(MANY) < self.most_waiting {
            for words in [&mut self.words, &mut self.spare] {
                *words = in_huge_pages(Vec::with_capacity(self.most_waiting.next_power_of_two()));
            }
        }
    }

    /// Adds counts, which come by rising pair, to those of pairs that are there already, and puts the new ones between them.
    fn count(&mut self, sorted: impl ExactSizeIterator<Item = (u64, Counts)>) {
        if sorted.len() == 0 {
            return;
        }
        let mut room = self.most.saturating_sub(self.counted.len());
        let mut merged = Vec::with_capacity(self.counted.len() + sorted.len().min(room));
        if merged.capacity() >= MANY {
            merged = in_huge_pages(merged);
        }
        let mut rest = &*self.counted;
        for (pair, counts) in sorted {
            while let Some((known, behind)) = rest.split_first()
                && known.0 <= pair
            {
                merged.push(*known);
                rest = behind;
            }
            match merged.last_mut() {
                Some((latest, sum)) if *latest == pair => sum.merge(counts),
                _ if room > 0 => {
                    room -= 1;
                    merged.push((pair, counts));
                }
                _ => self.others.merge(counts),
            }
        }
        merged.extend_from_slice(rest);
        self.counted = merged;
    }

    pub(super) fn merge(&mut self, mut other: Self) {
        other.count_waiting();
        self.count_waiting();
        if self.counted.len() < other.counted.len() {
            std::mem::swap(&mut self.counted, &mut other.counted);
        }
        self.count(other.counted.into_iter());
        self.others.merge(other.others);
    }

    /// The pairs, and what those past the bound have.
    pub(super) fn finish(mut self) -> (PortPairs, Counts) {
        self.count_waiting();
        (PortPairs::of_words(self.counted), self.others)
    }
}

const fn pair(word: u64) -> u64 {
    word >> PAIR_AT
}

/// The pair and the counts of a flow in one word.
const fn in_full(word: u64) -> (u64, Counts) {
    let packets = word >> PACKETS_AT & ((1 << (PAIR_AT - PACKETS_AT)) - 1);
    let bytes = word & ((1 << PACKETS_AT) - 1);
    (pair(word), Counts { volume: Volume { packets, bytes }, flows: 1 })
}

/// The digit of a word's pair with that number, the lowest one first.
#[allow(clippy::cast_possible_truncation)] // few enough bits
const fn digit(word: u64, number: usize) -> usize {
    (pair(word) >> (DIGIT_BITS as usize * number)) as usize % VALUES
}

/// Sorts words by their pairs, with the help of others: by one digit after the other, where they are many.
fn sort(words: &mut Vec<u64>, spare: &mut Vec<u64>) {
    if words.len() < VALUES {
        return words.sort_unstable();
    }
    spare.resize(words.len(), 0);
    let mut places = vec![[0_u32; VALUES]; DIGITS];
    for word in &*words {
        for (number, places) in places.iter_mut().enumerate() {
            places[digit(*word, number)] += 1;
        }
    }
    for (number, places) in places.iter_mut().enumerate() {
        let mut begin = 0;
        for place in &mut *places {
            begin += std::mem::replace(place, begin);
        }
        for word in &*words {
            let place = &mut places[digit(*word, number)];
            spare[*place as usize] = *word;
            *place += 1;
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
            let volume = Volume { packets: 1, bytes: u64::from(port) };
            counter.add(PortPair::new(Transport::Tcp, port, 443), volume);
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
    fn many_words_are_sorted_by_pair() {
        let pair_of = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 30 & ((3 << 32) - 1);
        let mut words: Vec<u64> = (0..10_000).map(|flow| pair_of(flow / 2) << PAIR_AT | flow).collect();
        let mut expected = words.clone();
        // Those of a pair stay as they came.
        expected.sort_by_key(|word| pair(*word));
        sort(&mut words, &mut Vec::new());
        assert_eq!(words, expected);
    }

    #[test]
    fn large_flows_are_counted_with_small_ones() {
        let volumes =
            [(255, 1), (256, 1), (1, (1 << PACKETS_AT) - 1), (1, 1 << PACKETS_AT), (u64::MAX / 2, 7)];
        let mut counter = PairCounter::new(100);
        let mut sum = Counts::default();
        for (packets, bytes) in volumes {
            let volume = Volume { packets, bytes };
            counter.add(PortPair::new(Transport::Sctp, 65_535, 65_535), volume);
            sum.merge(Counts { volume, flows: 1 });
        }
        let (pairs, _) = counter.finish();
        assert_eq!(pairs.get(PortPair::new(Transport::Sctp, 65_535, 65_535)), Some(sum));
    }

    #[test]
    fn past_the_bound_nothing_is_lost() {
        let (pairs, others) = counted(0..100, 70).finish();
        assert_eq!((pairs.len(), others.flows), (70, 30));
    }

    #[test]
    fn pairs_within_the_bound_have_all_their_flows() {
        let waves = || (0..40_000).chain(0..60_000).chain(0..60_000);
        for most in [1, 20_000, 32_768, 50_000, 59_999, 60_000] {
            let (pairs, others) = counted(waves(), most).finish();
            let waves_of = |port: u64| if port < 40_000 { 3 } else { 2 };
            let all: u64 = (0..60_000).map(waves_of).sum();
            assert_eq!(pairs.len(), most);
            // Each of them has all its flows, and the others have the rest.
            let other_port = |pair: PortPair| u64::from(if pair.low == 443 { pair.high } else { pair.low });
            assert!(pairs.iter().all(|(pair, counts)| counts.flows == waves_of(other_port(*pair))), "{most}");
            assert_eq!(pairs.iter().map(|(_, counts)| counts.flows).sum::<u64>() + others.flows, all);
        }
    }

    #[test]
    fn past_the_bound_large_flows_are_told_apart_before_small_ones() {
        let mut counter = PairCounter::new(70);
        for port in 0..3000 {
            let volume = Volume { packets: if port % 100 == 99 { 400 } else { 1 }, bytes: 60 };
            counter.add(PortPair::new(Transport::Tcp, 20_000 + port, 443), volume);
        }
        let (pairs, others) = counter.finish();
        assert_eq!((pairs.len(), others.flows, others.volume.packets), (70, 2930, 2930));
        assert_eq!(pairs.iter().filter(|(_, counts)| counts.volume.packets == 400).count(), 30);
    }

    #[test]
    fn pairs_that_came_earlier_stay() {
        // As many as are sorted before any other comes.
        let early = 2 * u16::try_from(FEWEST_WAITING).unwrap_or(u16::MAX / 2);
        let (pairs, others) = counted((30_000..30_000 + early).chain(0..20_000), early.into()).finish();
        assert_eq!((pairs.len(), others.flows), (early.into(), 20_000));
        assert!(pairs.iter().all(|(pair, _)| pair.high >= 30_000));
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
