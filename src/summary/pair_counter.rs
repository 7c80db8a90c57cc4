//! Counting port pairs as they come: a scan has millions of them.

use super::Counts;
use super::port_pairs::{PortPairs, in_one_word};
use crate::merge::Merge;
use crate::net::PortPair;

/// So many pairs wait at least until they are sorted: as many as a cache holds.
const FEWEST_WAITING: usize = 1 << 15;

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

/// The words of one pair after those of the other; of each the first one has the first place.
fn by_pair(words: &[u64]) -> impl Iterator<Item = &[u64]> {
    words.chunk_by(|one, other| pair(*one) == pair(*other))
}

impl PairCounter {
    pub(super) fn new(most: usize) -> Self {
        Self {
            counted: Vec::new(),
            waiting: Vec::new(),
            words: Vec::new(),
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
        sort(&mut self.words);
        let first_past = self.first_past();
        let (mut next, mut new) = (0, Vec::new());
        for words in by_pair(&self.words) {
            let pair = pair(words[0]);
            let mut counts = Counts::default();
            for word in words {
                counts.merge(self.waiting[place(*word)]);
            }
            next += self.counted[next..].iter().take_while(|(counted, _)| *counted < pair).count();
            match self.counted.get_mut(next) {
                Some((counted, known)) if *counted == pair => known.merge(counts),
                _ if place(words[0]) < first_past => new.push((pair, counts)),
                _ => self.others.merge(counts),
            }
        }
        self.waiting.clear();
        self.words.clear();
        self.join(new);
        // So each pair is moved but a few times.
        self.most_waiting = (self.counted.len() / 2).clamp(FEWEST_WAITING, 1 << PLACE_BITS);
    }

    /// The place from which on pairs that are not counted yet are past the bound; the words are sorted.
    fn first_past(&self) -> usize {
        let room = self.most.saturating_sub(self.counted.len());
        if self.words.len() <= room {
            return usize::MAX;
        }
        let is_known = |pair| self.counted.binary_search_by_key(&pair, |(counted, _)| *counted).is_ok();
        let new = by_pair(&self.words).filter(|words| room > 0 && !is_known(pair(words[0])));
        let mut places: Vec<usize> = new.map(|words| place(words[0])).collect();
        match places.len() {
            _ if room == 0 => 0,
            new if new <= room => usize::MAX,
            _ => *places.select_nth_unstable(room).1,
        }
    }

    /// Puts new pairs, which are sorted, between those that are counted: from the last one on, in place.
    fn join(&mut self, mut new: Vec<(u64, Counts)>) {
        if self.counted.is_empty() {
            self.counted = new;
            return;
        }
        let (mut from, mut to) = (self.counted.len(), self.counted.len() + new.len());
        self.counted.extend_from_slice(&new);
        while let Some(last) = new.last() {
            to -= 1;
            if from > 0 && self.counted[from - 1].0 > last.0 {
                from -= 1;
                self.counted[to] = self.counted[from];
            } else {
                self.counted[to] = *last;
                new.pop();
            }
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

/// Sorts words whose places rise: by one digit of the pairs after the other, where they are many.
fn sort(words: &mut Vec<u64>) {
    const MANY: usize = 1 << DIGIT_BITS;
    if words.len() < MANY {
        return words.sort_unstable();
    }
    let mut sorted = vec![0; words.len()];
    for number in 0..DIGITS {
        #[allow(clippy::cast_possible_truncation)] // few enough bits
        let digit = |word: u64| (pair(word) >> (DIGIT_BITS * number)) as usize % MANY;
        let mut nexts = vec![0_u32; MANY];
        for word in &*words {
            nexts[digit(*word)] += 1;
        }
        let mut begin = 0;
        for next in &mut nexts {
            begin += std::mem::replace(next, begin);
        }
        for word in &*words {
            let next = &mut nexts[digit(*word)];
            sorted[*next as usize] = *word;
            *next += 1;
        }
        std::mem::swap(words, &mut sorted);
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
        sort(&mut words);
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
