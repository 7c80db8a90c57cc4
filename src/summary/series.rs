//! Volumes over capture time.

use std::collections::BTreeMap;

use super::Volume;
use crate::merge::{Merge, merge_maps};
use crate::net::Timestamp;

/// What was sent in one interval, by (service, category).
pub type Interval = BTreeMap<(String, String), Volume>;

/// Volumes by interval of capture time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// The width of each interval in ns. More than was asked for where the series would have outgrown its bound.
    pub width_ns: u64,
    /// The intervals that have packets, by their start: multiples of the width since 1970. `None` holds the packets
    /// without a time stamp.
    pub intervals: BTreeMap<Option<Timestamp>, Interval>,
}

impl Series {
    /// The same on a coarser grid: a multiple of its own.
    #[must_use]
    pub fn on_grid(self, width_ns: u64) -> Self {
        if self.width_ns == width_ns {
            return self;
        }
        let width = i64::try_from(width_ns).unwrap_or(i64::MAX);
        let mut intervals: BTreeMap<Option<Timestamp>, Interval> = BTreeMap::new();
        for (start, interval) in self.intervals {
            let coarser = start.map(|start| {
                let number = start.as_nanos().div_euclid(width);
                Timestamp::from_nanos(number.saturating_mul(width))
            });
            merge_maps(intervals.entry(coarser).or_default(), interval);
        }
        Self { width_ns, intervals }
    }
}

impl Merge for Series {
    /// Series of different widths meet on the finest grid that both fit into.
    fn merge(&mut self, other: Self) {
        let width = common_multiple(self.width_ns, other.width_ns);
        let mut merged = std::mem::take(self).on_grid(width);
        for (start, interval) in other.on_grid(width).intervals {
            merge_maps(merged.intervals.entry(start).or_default(), interval);
        }
        *self = merged;
    }
}

/// The least common multiple; the other one if one is 0, and the largest number if it is none of 64 bits.
fn common_multiple(one: u64, other: u64) -> u64 {
    let (mut divisor, mut rest) = (one, other);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    if one == 0 || other == 0 { divisor } else { (one / divisor).saturating_mul(other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(width_ns: u64, starts: &[i64]) -> Series {
        let mut series = Series { width_ns, intervals: BTreeMap::new() };
        for &start in starts {
            let interval = series.intervals.entry(Some(Timestamp::from_nanos(start))).or_default();
            interval.entry(("http".into(), "web".into())).or_default().add(100);
        }
        series
    }

    #[test]
    fn different_widths_meet_on_a_common_grid() {
        let mut merged = series(4, &[-4, 0, 4, 8]);
        merged.merge(series(6, &[0, 6]));
        assert_eq!(merged.width_ns, 12);
        let packets: Vec<(i64, u64)> = merged
            .intervals
            .iter()
            .map(|(start, interval)| {
                (start.map_or(0, Timestamp::as_nanos), interval.values().map(|v| v.packets).sum())
            })
            .collect();
        assert_eq!(packets, [(-12, 1), (0, 5)]);
    }

    #[test]
    fn nothing_is_the_identity() {
        let mut merged = Series::default();
        merged.merge(series(5, &[0, 5]));
        assert_eq!(merged, series(5, &[0, 5]));
    }
}
