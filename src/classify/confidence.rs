//! How sure a decision is: permille, and the three bands that reports count.

use std::fmt;

/// The most that evidence alone can make of a side, in permille.
const MOST: u16 = 980;

/// The gap between the sums of evidence, in hundredths, from which on a side has [`MOST`].
const SURE: usize = 325;

/// A band of service confidence.
///
/// The borders follow from what a name is worth at most ([`Standing::trust`](super::Standing::trust)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Below 500 permille: more likely wrong than right, or unknown. All names that only the registry, only the
    /// article, or only an alternate gives.
    Low,
    /// 500 to 899 permille: primary names of common use, however sure the side; IANA's where the side is not sure.
    Medium,
    /// 900 permille or more: a primary name that is IANA's too, on a side that a handshake shows, or a gap in the
    /// evidence of about 2.5.
    High,
}

impl Confidence {
    /// All bands, high first, as reports name them.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// The band of a confidence in permille.
    pub const fn of(permille: u16) -> Self {
        match permille {
            0..=499 => Self::Low,
            500..=899 => Self::Medium,
            900.. => Self::High,
        }
    }

    /// Its place in [`Confidence::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::High => 0,
            Self::Medium => 1,
            Self::Low => 2,
        }
    }

    /// `high`, `medium` or `low`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The logistic function of a gap in hundredths, 1 / (1 + e^(-1.2 gap/100)), in permille and at most [`MOST`]. The slope was
/// fitted on captures whose handshakes were hidden: docs/accuracy.md.
pub(super) fn of_gap(gap: u32) -> u16 {
    usize::try_from(gap).ok().and_then(|gap| LOGISTIC.get(gap)).copied().unwrap_or(MOST)
}

/// The product of two confidences in permille, rounded.
pub(super) const fn product(one: u16, other: u16) -> u16 {
    let product = (one as u64 * other as u64 + 500) / 1000;
    if product > 1000 { 1000 } else { small(product) }
}

/// Made of integers alone, so that every machine has the same.
const LOGISTIC: [u16; SURE] = {
    const ONE: u64 = 1 << 32;
    /// e^-0.012 in units of 2^-32.
    const STEP: u64 = 4_243_735_693;
    let mut table = [0; SURE];
    let (mut gap, mut power) = (0, ONE);
    while gap < SURE {
        let sum = ONE + power;
        let permille = small((1000 * ONE + sum / 2) / sum);
        table[gap] = if permille > MOST { MOST } else { permille };
        power = (power * STEP) >> 32;
        gap += 1;
    }
    table
};

/// A value that is known to be at most 1000.
#[allow(clippy::cast_possible_truncation)]
const fn small(value: u64) -> u16 {
    value as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_logistic_function() {
        for gap in 0..2000_u32 {
            let exact = 1000.0 / (1.0 + (-1.2 * f64::from(gap) / 100.0).exp());
            let expected = exact.min(f64::from(MOST));
            assert!((f64::from(of_gap(gap)) - expected).abs() < 0.51, "gap {gap}");
        }
        assert_eq!((of_gap(0), of_gap(u32::MAX)), (500, MOST));
    }

    #[test]
    fn products_round_and_stay_in_range() {
        assert_eq!([product(990, 950), product(500, 1), product(499, 1)], [941, 1, 0]);
        assert_eq!([product(1000, 1000), product(u16::MAX, u16::MAX)], [1000, 1000]);
    }
}
