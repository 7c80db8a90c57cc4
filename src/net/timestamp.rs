//! Capture time.

/// A time stamp of the capture: nanoseconds since 1970-01-01T00:00:00Z, negative before it.
///
/// Holds the years 1677 to 2262; what lies outside is held at the nearest end. The last of all nanoseconds is none of them, so
/// that there is a time later than every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From nanoseconds since 1970.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(if nanos == i64::MAX { Self::LATEST } else { nanos })
    }

    const LATEST: i64 = i64::MAX - 1;

    /// From nanoseconds since 1970, held at the ends of the range.
    pub fn from_nanos_saturating(nanos: i128) -> Self {
        Self::from_nanos(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Nanoseconds since 1970.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Nanoseconds from `earlier` to `self`; 0 if `earlier` is the later one.
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        if self.0 <= earlier.0 { 0 } else { self.0.abs_diff(earlier.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_is_held_at_the_ends() {
        let far = i128::from(u64::MAX) * 1_000_000_000;
        assert_eq!(Timestamp::from_nanos_saturating(far).as_nanos(), i64::MAX - 1);
        assert_eq!(Timestamp::from_nanos_saturating(-far).as_nanos(), i64::MIN);
    }

    #[test]
    fn the_widest_span_fits() {
        let (first, last) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
        assert_eq!(last.nanos_since(first), u64::MAX - 1);
        assert_eq!(first.nanos_since(last), 0);
    }
}
