//! Counts by bucket, as a histogram of two significant digits has them: a value's bucket takes a few instructions.

use hdrhistogram::Histogram;

/// Significant decimal digits that are kept: values are told apart to one per cent.
const SIGNIFICANT_DIGITS: u8 = 2;

/// Buckets of each width, after as many of width one: the first power of two that tells apart so many digits.
const BUCKETS: usize = 128;

/// The largest value that is told apart; larger ones are held there.
const LARGEST: u64 = u64::MAX >> 1;

/// Counts by bucket, up to the last ones of the greatest width that was needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets(Vec<u64>);

/// Where the bucket of a value is.
#[inline]
#[allow(clippy::cast_possible_truncation)] // shifted below twice as many as there are buckets of a width
fn place(value: u64) -> usize {
    let value = value.min(LARGEST);
    let width = (value | (2 * BUCKETS as u64 - 1)).ilog2() - BUCKETS.ilog2();
    width as usize * BUCKETS + (value >> width) as usize
}

/// The smallest value of the bucket there.
const fn lowest(place: usize) -> u64 {
    let width = (place / BUCKETS).saturating_sub(1);
    ((place - width * BUCKETS) as u64) << width
}

impl Buckets {
    /// Adds a value that was measured `count` times.
    #[inline]
    pub(super) fn add(&mut self, value: u64, count: u64) {
        let place = place(value);
        match self.0.get_mut(place) {
            Some(counted) => *counted = counted.saturating_add(count),
            None => self.add_behind(place, count),
        }
    }

    #[cold]
    fn add_behind(&mut self, place: usize, count: u64) {
        let places = (place / BUCKETS + 1) * BUCKETS;
        self.0.reserve_exact(places - self.0.len());
        self.0.resize(places, 0);
        self.0[place] = count;
    }

    /// Adds the counts of others.
    pub(super) fn merge(&mut self, mut other: Self) {
        if self.0.len() < other.0.len() {
            std::mem::swap(self, &mut other);
        }
        for (count, others) in self.0.iter_mut().zip(other.0) {
            *count = count.saturating_add(others);
        }
    }

    /// The histogram of all values.
    pub(super) fn histogram(&self) -> Histogram<u64> {
        let mut histogram = empty_histogram();
        // The last one first, so that it grows once.
        for (place, &count) in self.0.iter().enumerate().rev().filter(|(_, count)| **count > 0) {
            add_to(&mut histogram, lowest(place), count);
        }
        histogram
    }
}

/// A histogram of the geometry that all have.
pub(super) fn empty_histogram() -> Histogram<u64> {
    Histogram::new(SIGNIFICANT_DIGITS).expect("two significant digits are within the crate's limits")
}

/// Adds a value that was measured `count` times.
pub(super) fn add_to(histogram: &mut Histogram<u64>, value: u64, count: u64) {
    histogram
        .record_n(value.min(LARGEST), count)
        .expect("a histogram that grows takes every value up to the largest");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift)
    }

    proptest! {
        #[test]
        fn buckets_are_those_of_the_histogram(value in any_value()) {
            let told_apart = value.min(LARGEST);
            prop_assert_eq!(lowest(place(value)), empty_histogram().lowest_equivalent(told_apart));
        }

        #[test]
        fn counts_are_those_of_a_histogram_of_the_values(
            values in prop::collection::vec((any_value(), 1..1000_u64), 0..200),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut histogram = empty_histogram();
            let (mut buckets, mut others) = (Buckets::default(), Buckets::default());
            let cut = cut.index(values.len() + 1);
            for (number, &(value, count)) in values.iter().enumerate() {
                add_to(&mut histogram, value, count);
                if number < cut { buckets.add(value, count) } else { others.add(value, count) }
            }
            buckets.merge(others);
            let found = buckets.histogram();
            prop_assert_eq!(&found, &histogram);
            for percent in 0..=100_u8 {
                let percent = f64::from(percent);
                prop_assert_eq!(found.value_at_percentile(percent), histogram.value_at_percentile(percent));
            }
        }
    }
}
