//! Axes on which the same way always doubles, so that small and large have room.

use super::axis::{FULL, Mark};
use crate::report::view::Unit;

/// Marks at most.
const MARKS: usize = 5;
const HOUR: u64 = 3_600_000_000_000;

/// An axis over some powers of two.
pub(super) struct Powers {
    first: u32,
    last: u32,
}

impl Powers {
    /// From the power that the smallest value reaches, to the end of that of the largest.
    pub(super) fn over(values: impl Iterator<Item = u64> + Clone) -> Self {
        let powers = values.map(power);
        Self { first: powers.clone().min().unwrap_or(0), last: powers.max().unwrap_or(0) }
    }

    /// The bins: a power of two, and where it begins.
    pub(super) fn bins(&self) -> impl Iterator<Item = (u32, u64)> {
        (self.first..=self.last).map(|power| (power, self.place(1 << power)))
    }

    pub(super) fn bin_width(&self) -> u64 {
        FULL / u64::from(self.last - self.first + 1)
    }

    /// Where a value lies; within its power in proportion.
    pub(super) fn place(&self, value: u64) -> u64 {
        let value = value.max(1);
        let within = (u128::from(value - (1 << power(value))) * u128::from(FULL)) >> power(value);
        let before = u128::from(power(value).saturating_sub(self.first)) * u128::from(FULL);
        let place = (before + within) / u128::from(self.last - self.first + 1);
        u64::try_from(place).unwrap_or(FULL).min(FULL)
    }

    /// Marks at round values.
    pub(super) fn marks(&self, unit: Unit) -> Vec<Mark> {
        let end = 1_u128 << (self.last + 1);
        let is_inside = |value: &u64| *value >= 1 << self.first && u128::from(*value) <= end;
        let tens: Vec<u64> = tens(unit);
        let mut values: Vec<u64> = tens.iter().copied().filter(is_inside).collect();
        if values.len() < 3 {
            let finer = tens.iter().flat_map(|ten| [1, 2, 5].map(|times| ten.saturating_mul(times)));
            values = finer.filter(is_inside).collect();
        }
        let every = values.len().div_ceil(MARKS).max(1);
        let values = values.into_iter().step_by(every);
        values.map(|value| Mark { place: self.place(value), text: exact(unit, value) }).collect()
    }
}

/// The power of two that a value reaches; nothing reaches as far as one.
pub(super) fn power(value: u64) -> u32 {
    value.max(1).ilog2()
}

/// Values of which each is about ten of the one before: powers of ten, but minutes and hours.
fn tens(unit: Unit) -> Vec<u64> {
    let powers = |first: u64| std::iter::successors(Some(first), |value| value.checked_mul(10));
    match unit {
        Unit::Bytes | Unit::Count => powers(1).collect(),
        Unit::Nanoseconds => powers(1).take(11).chain([HOUR / 60, HOUR / 6]).chain(powers(HOUR)).collect(),
    }
}

/// A round value in the largest unit that it is a multiple of: `500 kB`, `10 min`.
fn exact(unit: Unit, value: u64) -> String {
    const THOUSANDS: [u64; 7] = [
        1_000_000_000_000_000_000,
        1_000_000_000_000_000,
        1_000_000_000_000,
        1_000_000_000,
        1_000_000,
        1000,
        1,
    ];
    const TIMES: [u64; 7] = [HOUR, HOUR / 60, 1_000_000_000, 1_000_000, 1000, 1, 1];
    let (sizes, names) = match unit {
        Unit::Bytes => (THOUSANDS, ["EB", "PB", "TB", "GB", "MB", "kB", "B"]),
        Unit::Count => (THOUSANDS, ["E", "P", "T", "G", "M", "k", ""]),
        Unit::Nanoseconds => (TIMES, ["h", "min", "s", "ms", "µs", "ns", "ns"]),
    };
    let found = sizes.into_iter().zip(names).find(|(size, _)| value.is_multiple_of(*size));
    let (size, name) = found.unwrap_or((1, ""));
    format!("{} {name}", value / size).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(unit: Unit, values: [u64; 2]) -> Vec<String> {
        Powers::over(values.into_iter()).marks(unit).into_iter().map(|mark| mark.text).collect()
    }

    #[test]
    fn marks_of_powers_are_round() {
        assert_eq!(texts(Unit::Bytes, [66, 1514]), ["100 B", "200 B", "500 B", "1 kB", "2 kB"]);
        assert_eq!(texts(Unit::Nanoseconds, [30_000, 50_000_000_000]), ["100 µs", "10 ms", "1 s", "1 min"]);
        assert_eq!(texts(Unit::Count, [0, 1]), ["1", "2"]);
        assert_eq!(texts(Unit::Nanoseconds, [1, u64::MAX]).len(), 5);
    }

    #[test]
    fn values_lie_within_their_power() {
        let axis = Powers::over([64, 1514].into_iter());
        assert_eq!([64, 96, 128, 1024, 2048].map(|value| axis.place(value)), [0, 1000, 2000, 8000, FULL]);
        assert_eq!((axis.place(0), axis.place(u64::MAX)), (0, FULL));
    }
}
