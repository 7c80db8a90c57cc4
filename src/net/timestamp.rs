//! Capture time.

use std::fmt;
use std::num::NonZeroU64;

/// A time stamp of the capture: nanoseconds since 1970-01-01T00:00:00Z, negative before it.
///
/// Holds the years 1677 to 2262; what lies outside is held at the nearest end. The last of all nanoseconds is none of them, so
/// that there is a time later than every other, and that no time takes as much room as a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(
    /// Nanoseconds since the last of all, which that makes a zero, modulo 2^64: so they keep their order.
    NonZeroU64,
);

impl Timestamp {
    /// From nanoseconds since 1970.
    pub const fn from_nanos(nanos: i64) -> Self {
        match Self::checked_from_nanos(nanos) {
            Some(time) => time,
            None => Self(NonZeroU64::MAX),
        }
    }

    /// From nanoseconds since 1970; `None` for [`i64::MAX`], which is no time.
    pub const fn checked_from_nanos(nanos: i64) -> Option<Self> {
        match NonZeroU64::new(nanos.wrapping_sub(i64::MAX).cast_unsigned()) {
            Some(since) => Some(Self(since)),
            None => None,
        }
    }

    /// From nanoseconds since 1970, held at the ends of the range.
    pub fn from_nanos_saturating(nanos: i128) -> Self {
        Self::from_nanos(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Nanoseconds since 1970.
    pub const fn as_nanos(self) -> i64 {
        self.0.get().cast_signed().wrapping_add(i64::MAX)
    }

    /// Nanoseconds from `earlier` to `self`; 0 if `earlier` is the later one.
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.get().saturating_sub(earlier.0.get())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_nanos()).finish()
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
    fn nanoseconds_keep_their_order_and_none_takes_no_room() {
        let nanos = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1];
        let times = nanos.map(Timestamp::from_nanos);
        assert!(times.is_sorted_by(|one, other| one < other));
        assert_eq!(times.map(Timestamp::as_nanos), nanos);
        assert_eq!(format!("{:?}", times[2]), "Timestamp(-1)");
        assert_eq!(nanos.map(Timestamp::checked_from_nanos), times.map(Some));
        assert_eq!(Timestamp::checked_from_nanos(i64::MAX), None);
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<i64>());
    }

    #[test]
    fn the_widest_span_fits() {
        let (first, last) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
        assert_eq!(last.nanos_since(first), u64::MAX - 1);
        assert_eq!(first.nanos_since(last), 0);
    }
}
