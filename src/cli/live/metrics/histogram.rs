//! Histograms of fixed bounds, which take the counts of a distribution as a whole.

use std::fmt;

use portolan::summary::Distribution;
use prometheus_client::encoding::{MetricEncoder, NoLabelSet};

/// The bounds of a histogram's buckets.
#[derive(Debug)]
pub(super) struct Bounds {
    /// The largest value of each bucket as it is measured, and as it is shown; rising. Another bucket takes what is above.
    buckets: &'static [(u64, f64)],
    /// What is measured in one of the unit that is shown.
    per_unit: f64,
}

impl Bounds {
    /// Series of a histogram: its buckets, the one above them, count and sum.
    #[cfg(test)]
    pub(super) const fn series(&self) -> usize {
        self.buckets.len() + 3
    }
}

/// From SYN to the ACK that completes the handshake; measured in ns, shown in seconds.
pub(super) static HANDSHAKE_RTT: Bounds = Bounds {
    buckets: &[
        (100_000, 0.0001),
        (250_000, 0.00025),
        (500_000, 0.0005),
        (1_000_000, 0.001),
        (2_500_000, 0.0025),
        (5_000_000, 0.005),
        (10_000_000, 0.01),
        (25_000_000, 0.025),
        (50_000_000, 0.05),
        (100_000_000, 0.1),
        (250_000_000, 0.25),
        (500_000_000, 0.5),
        (1_000_000_000, 1.0),
        (2_500_000_000, 2.5),
        (5_000_000_000, 5.0),
        (10_000_000_000, 10.0),
    ],
    per_unit: 1e9,
};

/// On the wire, in bytes. Above 255 these are the largest values of a distribution's buckets, so that the counts are exact;
/// 1519 and 9023 are the first of them behind Ethernet's ordinary and jumbo frames.
pub(super) static PACKET_SIZE: Bounds = Bounds {
    buckets: &[
        (64, 64.0),
        (128, 128.0),
        (255, 255.0),
        (511, 511.0),
        (1023, 1023.0),
        (1519, 1519.0),
        (2047, 2047.0),
        (4095, 4095.0),
        (9023, 9023.0),
        (16_383, 16_383.0),
        (65_535, 65_535.0),
    ],
    per_unit: 1.0,
};

#[derive(Debug)]
pub(super) struct Histogram {
    bounds: &'static Bounds,
    /// One more than there are bounds.
    counts: Vec<u64>,
    count: u64,
    sum: u128,
}

impl Histogram {
    pub(super) fn new(bounds: &'static Bounds) -> Self {
        Self { bounds, counts: vec![0; bounds.buckets.len() + 1], count: 0, sum: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds all measurements of a distribution.
    pub(super) fn add(&mut self, distribution: &Distribution) {
        for (value, count) in distribution.buckets() {
            let place = self.bounds.buckets.partition_point(|(bound, _)| *bound < value);
            self.counts[place] += count;
        }
        self.count += distribution.count();
        self.sum += distribution.sum();
    }

    pub(super) fn encode(&self, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        let bounds = self.bounds.buckets.iter().map(|(_, shown)| *shown).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.counts.iter().copied()).collect();
        #[allow(clippy::cast_precision_loss, reason = "the format has no better numbers than this")]
        let sum = self.sum as f64 / self.bounds.per_unit;
        encoder.encode_histogram::<NoLabelSet>(sum, self.count, &buckets, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_in_the_bucket_that_holds_them() {
        for bounds in [&HANDSHAKE_RTT, &PACKET_SIZE] {
            for (place, (bound, _)) in bounds.buckets.iter().enumerate() {
                let mut distribution = Distribution::default();
                distribution.record(*bound);
                // Further than a distribution's buckets are wide.
                distribution.record(*bound + *bound / 64 + 1);
                let mut histogram = Histogram::new(bounds);
                histogram.add(&distribution);
                assert_eq!(histogram.counts[place..=place + 1], [1, 1], "{bound}");
            }
        }
    }

    #[test]
    fn packet_sizes_are_exact() {
        for (place, (bound, _)) in PACKET_SIZE.buckets.iter().enumerate() {
            let mut distribution = Distribution::default();
            distribution.record_n(*bound, 2);
            distribution.record_n(*bound + 1, 3);
            let mut histogram = Histogram::new(&PACKET_SIZE);
            histogram.add(&distribution);
            assert_eq!(histogram.counts[place..=place + 1], [2, 3], "{bound}");
            assert_eq!((histogram.count, histogram.sum), (5, 5 * u128::from(*bound) + 3));
        }
    }
}
