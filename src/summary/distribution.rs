//! Distributions of one fixed geometry, so that they merge without loss.

use hdrhistogram::Histogram;

use super::buckets::{Buckets, add_to, empty_histogram};
use crate::merge::Merge;

/// How many values are kept as they are before counting by buckets is worth its memory.
const FEW: usize = 32;

/// A distribution of integers: exact count, sum, minimum and maximum, and percentiles to one per cent.
#[derive(Clone, Debug)]
pub struct Distribution {
    count: u64,
    sum: u128,
    /// The one above the other while there is none.
    min: u64,
    max: u64,
    values: Values,
}

/// What percentiles are made of. Which form it has depends on the way here, and no result does.
#[derive(Clone, Debug)]
enum Values {
    /// Values with their counts, in no order: most rows of a summary have but few.
    Few(Vec<(u64, u64)>),
    Many(Buckets),
}

impl Default for Values {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Default for Distribution {
    fn default() -> Self {
        Self { count: 0, sum: 0, min: u64::MAX, max: 0, values: Values::default() }
    }
}

impl Distribution {
    /// Adds one measurement.
    pub fn record(&mut self, value: u64) {
        self.add(value, 1);
    }

    /// Adds a measurement that was made `count` times.
    pub fn record_n(&mut self, value: u64, count: u64) {
        if count > 0 {
            self.add(value, count);
        }
    }

    #[inline]
    fn add(&mut self, value: u64, count: u64) {
        self.count += count;
        self.sum += u128::from(value) * u128::from(count);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.values.add(value, count);
    }

    /// A distribution from what is told of one by [`buckets`](Self::buckets), [`sum`](Self::sum), and minimum and maximum;
    /// `None` if that cannot be.
    pub fn of_buckets<B: IntoIterator<Item = (u64, u64)>>(
        buckets: B,
        sum: u128,
        range: Option<(u64, u64)>,
    ) -> Option<Self> {
        let mut found = Self::default();
        for (value, count) in buckets {
            found.count = found.count.checked_add(count)?;
            found.values.add(value, count);
        }
        let count = u128::from(found.count);
        let is_possible = match range {
            None => count == 0 && sum == 0,
            Some((min, max)) => {
                count > 0 && (u128::from(min) * count..=u128::from(max) * count).contains(&sum)
            }
        };
        found.sum = sum;
        (found.min, found.max) = range.unwrap_or((found.min, found.max));
        is_possible.then_some(found)
    }

    /// Measurements.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// All measurements added up.
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// The smallest measurement.
    pub fn min(&self) -> Option<u64> {
        self.range().map(|(min, _)| min)
    }

    /// The largest measurement.
    pub fn max(&self) -> Option<u64> {
        self.range().map(|(_, max)| max)
    }

    fn range(&self) -> Option<(u64, u64)> {
        (self.min <= self.max).then_some((self.min, self.max))
    }

    /// The values that at most the given shares (0 to 100 per cent) of the measurements exceed, to one per cent.
    pub fn percentiles<const N: usize>(&self, percents: [f64; N]) -> Option<[u64; N]> {
        let (min, max) = self.range()?;
        let histogram = self.values.histogram();
        Some(percents.map(|percent| histogram.value_at_percentile(percent).clamp(min, max)))
    }

    /// The buckets that have measurements: the smallest value of each, and how many there are; by rising value.
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        let histogram = self.values.histogram();
        let bucket = |value: u64, count| (histogram.lowest_equivalent(value), count);
        histogram
            .iter_recorded()
            .map(|found| bucket(found.value_iterated_to(), found.count_at_value()))
            .collect()
    }
}

impl Values {
    #[inline]
    fn add(&mut self, value: u64, count: u64) {
        match self {
            Self::Many(buckets) => buckets.add(value, count),
            Self::Few(values) => match values.first_mut() {
                Some((known, counted)) if *known == value => *counted += count,
                _ => self.add_to_few(value, count),
            },
        }
    }

    /// Kept out of the way of most measurements.
    #[inline(never)]
    fn add_to_few(&mut self, value: u64, count: u64) {
        let Self::Few(values) = self else { return };
        if let Some(place) = values.iter().position(|(known, _)| *known == value) {
            values[place].1 += count;
            // Where the next one is looked for first: a scan has one value over and over.
            values.swap(0, place);
            return;
        }
        values.push((value, count));
        if values.len() > FEW {
            let mut buckets = Buckets::default();
            for &(value, count) in &*values {
                buckets.add(value, count);
            }
            *self = Self::Many(buckets);
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Many(mut buckets), Self::Many(others)) => {
                buckets.merge(others);
                Self::Many(buckets)
            }
            (mut values, Self::Few(few)) | (Self::Few(few), mut values) => {
                for (value, count) in few {
                    values.add(value, count);
                }
                values
            }
        }
    }

    fn histogram(&self) -> Histogram<u64> {
        match self {
            Self::Few(values) => {
                let mut histogram = empty_histogram();
                for &(value, count) in values {
                    add_to(&mut histogram, value, count);
                }
                histogram
            }
            Self::Many(buckets) => buckets.histogram(),
        }
    }
}

impl Merge for Distribution {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.values = std::mem::take(&mut self.values).and(other.values);
    }
}

impl PartialEq for Distribution {
    fn eq(&self, other: &Self) -> bool {
        (self.count, self.sum, self.range()) == (other.count, other.sum, other.range())
            && self.buckets() == other.buckets()
    }
}

impl Eq for Distribution {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Distribution {
        let mut distribution = Distribution::default();
        for &value in values {
            distribution.record(value);
        }
        distribution
    }

    #[test]
    fn percentiles_are_within_one_per_cent() {
        let distribution = of(&(1..=10_000).collect::<Vec<u64>>());
        let found = distribution.percentiles([50.0, 90.0, 99.0, 100.0]).unwrap_or_default();
        for (found, truth) in found.into_iter().zip([5_000, 9_000, 9_900, 10_000_u64]) {
            assert!(found.abs_diff(truth) * 100 <= truth, "{found} for {truth}");
        }
        assert_eq!((distribution.min(), distribution.max()), (Some(1), Some(10_000)));
        assert_eq!(distribution.sum(), 50_005_000);
    }

    #[test]
    fn what_contradicts_itself_is_no_distribution() {
        let of_buckets = Distribution::of_buckets::<Vec<_>>;
        assert_eq!(of_buckets(vec![(7, 2), (9, 1)], 23, Some((7, 9))), Some(of(&[7, 7, 9])));
        for (buckets, sum, range) in [
            (vec![(7, 2)], 14, None),
            (vec![], 0, Some((0, 0))),
            (vec![(7, 2)], 15, Some((7, 7))),
            (vec![(7, u64::MAX), (8, 1)], 0, Some((0, 8))),
        ] {
            assert_eq!(of_buckets(buckets, sum, range), None);
        }
    }

    #[test]
    fn nothing_measured_has_no_percentiles() {
        assert_eq!(Distribution::default().percentiles([50.0]), None);
        assert_eq!(Distribution::default().buckets(), []);
    }

    proptest! {
        #[test]
        fn merging_parts_gives_the_whole(
            values in prop::collection::vec(prop_oneof![0u64..40, any::<u64>()], 0..150),
            cut in any::<prop::sample::Index>(),
        ) {
            let (one, other) = values.split_at(cut.index(values.len() + 1));
            let mut forwards = of(one);
            forwards.merge(of(other));
            let mut backwards = of(other);
            backwards.merge(of(one));
            let whole = of(&values);
            prop_assert_eq!(&forwards, &whole);
            prop_assert_eq!(&backwards, &whole);
            prop_assert_eq!(forwards.percentiles([50.0, 99.0]), whole.percentiles([50.0, 99.0]));
            prop_assert_eq!(backwards.percentiles([50.0, 99.0]), whole.percentiles([50.0, 99.0]));
            prop_assert_eq!(whole.buckets().iter().map(|bucket| bucket.1).sum::<u64>(), whole.count());
            let told = Distribution::of_buckets(whole.buckets(), whole.sum(), whole.min().zip(whole.max()));
            prop_assert_eq!(told, Some(whole));
        }
    }
}
