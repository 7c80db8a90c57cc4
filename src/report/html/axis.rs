//! Axes that count from nothing, with marks at round numbers.

use crate::report::units::thousands;

/// What a drawing is wide and high, in its own units.
pub(super) const FULL: u64 = 10_000;

/// A place on an axis, from its beginning to [`FULL`], and what stands there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) place: u64,
    pub(super) text: String,
}

/// `part` of `whole` on an axis: at most its end.
pub(super) fn place(part: u128, whole: u128) -> u64 {
    // Where the numbers leave no room, their last bits do not matter.
    let shift = 14_u32.saturating_sub(whole.leading_zeros());
    let place = ((part.min(whole) >> shift) * u128::from(FULL)).checked_div(whole >> shift);
    place.and_then(|place| u64::try_from(place).ok()).unwrap_or(0)
}

/// An axis from nothing to a round number that nothing exceeds, in steps of 1, 2 or 5 times a power of ten.
pub(super) struct Axis {
    step: u128,
    steps: u128,
}

impl Axis {
    /// For numbers up to `highest`, which are below 2^120, in so many steps or fewer.
    pub(super) fn new(highest: u128, steps: u128) -> Self {
        let step = round(highest.div_ceil(steps).max(1));
        Self { step, steps: highest.div_ceil(step).max(1) }
    }

    const fn top(&self) -> u128 {
        self.step * self.steps
    }

    pub(super) fn place(&self, number: u128) -> u64 {
        place(number, self.top())
    }

    /// A mark for each step, all in one unit, of which each is a thousand of the one before.
    pub(super) fn marks(&self, units: &[&str]) -> Vec<Mark> {
        let thousands = self.top().ilog10() / 3;
        let unit = usize::try_from(thousands).unwrap_or(0).min(units.len() - 1);
        let scale = 1000_u128.pow(u32::try_from(unit).unwrap_or(0));
        let text = |number: u128| match number {
            0 => "0".to_owned(),
            _ => format!("{} {}", decimal(number, scale), units[unit]).trim_end().to_owned(),
        };
        let numbers = (0..=self.steps).map(|count| self.step * count);
        numbers.map(|number| Mark { place: self.place(number), text: text(number) }).collect()
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`.
fn round(least: u128) -> u128 {
    let ten = 10_u128.pow(least.ilog10());
    [ten, 2 * ten, 5 * ten].into_iter().find(|step| *step >= least).unwrap_or(10 * ten)
}

/// `number / scale`, a power of a thousand, with the decimals that it has.
fn decimal(number: u128, scale: u128) -> String {
    let (whole, rest) = (thousands(number / scale), number % scale);
    let digits = usize::try_from(scale.ilog10()).unwrap_or(0);
    if rest == 0 { whole } else { format!("{whole}.{rest:0digits$}").trim_end_matches('0').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(highest: u128, steps: u128, units: &[&str]) -> Vec<String> {
        Axis::new(highest, steps).marks(units).into_iter().map(|mark| mark.text).collect()
    }

    #[test]
    fn marks_are_round_and_in_one_unit() {
        let rates = ["bit/s", "kbit/s", "Mbit/s"];
        assert_eq!(texts(4_220_000, 4, &rates), ["0", "2 Mbit/s", "4 Mbit/s", "6 Mbit/s"]);
        assert_eq!(texts(1_900_000, 4, &rates), ["0", "0.5 Mbit/s", "1 Mbit/s", "1.5 Mbit/s", "2 Mbit/s"]);
        assert_eq!(texts(3, 4, &rates), ["0", "1 bit/s", "2 bit/s", "3 bit/s"]);
        assert_eq!(texts(0, 4, &[""]), ["0", "1"]);
    }

    #[test]
    fn nothing_exceeds_an_axis() {
        for highest in [1, 9, 10, 11, 99, 12_345, 1 << 70, (1 << 120) - 1] {
            let axis = Axis::new(highest, 4);
            assert!(axis.top() >= highest && axis.steps <= 4, "{highest}");
            assert!(axis.place(highest) <= FULL && axis.place(axis.top()) == FULL, "{highest}");
        }
    }
}
