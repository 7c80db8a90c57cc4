//! What a section says of an interface: link type, snap length, the meaning of time stamps, drops.

use super::block::Order;
use super::options::u64_of;
use crate::net::{LinkType, Timestamp};
use crate::source::Drops;

const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

const NANOS_PER_SECOND: u32 = 1_000_000_000;

/// An interface description.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interface {
    pub(super) link: LinkType,
    /// The most bytes captured of a packet; 0 for no limit.
    pub(super) snap_length: u32,
    resolution: Resolution,
    offset_seconds: i64,
    /// Cumulative, from the latest statistics block.
    driver_drops: Option<u64>,
    kernel_drops: Option<u64>,
    /// Added up over packets.
    packet_drops: u64,
}

/// The unit of time stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolution {
    /// So many nanoseconds: 10^-9 s and coarser.
    Nanos(u32),
    /// 10^-n s, n above 9: so many units to the nanosecond, none if that is more than a time stamp can hold.
    Finer(Option<u64>),
    /// 2^-n s.
    PowerOfTwo(u32),
}

impl Resolution {
    fn of(if_tsresol: u8) -> Self {
        let exponent = u32::from(if_tsresol & 0x7f);
        match exponent {
            _ if if_tsresol & 0x80 != 0 => Self::PowerOfTwo(exponent),
            0..=9 => Self::Nanos(10_u32.pow(9 - exponent)),
            _ => Self::Finer(10_u64.checked_pow(exponent - 9)),
        }
    }

    /// Whole nanoseconds in so many units.
    fn nanos(self, units: u64) -> i128 {
        match self {
            Self::Nanos(nanos) => i128::from(units) * i128::from(nanos),
            Self::Finer(units_per_nano) => units_per_nano.map_or(0, |per_nano| i128::from(units / per_nano)),
            Self::PowerOfTwo(exponent) => (i128::from(units) * i128::from(NANOS_PER_SECOND)) >> exponent,
        }
    }
}

impl Interface {
    /// The most interfaces that a section may describe: a bound on memory.
    pub(super) const MOST: usize = 1 << 20;

    pub(super) const fn new(link: LinkType, snap_length: u32) -> Self {
        Self {
            link,
            snap_length,
            resolution: Resolution::Nanos(1000),
            offset_seconds: 0,
            driver_drops: None,
            kernel_drops: None,
            packet_drops: 0,
        }
    }

    /// Takes an option of its description.
    pub(super) fn option(&mut self, code: u16, value: &[u8], order: Order) {
        match (code, value) {
            (IF_TSRESOL, &[resolution]) => self.resolution = Resolution::of(resolution),
            (IF_TSOFFSET, offset) if offset.len() == 8 => {
                self.offset_seconds = u64_of(offset, order).cast_signed();
            }
            _ => {}
        }
    }

    /// The time that both halves of a time stamp stand for.
    #[inline]
    pub(super) fn time(&self, high: u32, low: u32) -> Timestamp {
        let units = u64::from(high) << 32 | u64::from(low);
        match self.resolution {
            Resolution::Nanos(nanos) if self.offset_seconds == 0 => units
                .checked_mul(u64::from(nanos))
                .and_then(|nanos| i64::try_from(nanos).ok())
                .map_or(Timestamp::from_nanos(i64::MAX), Timestamp::from_nanos),
            resolution => {
                let offset = i128::from(self.offset_seconds) * i128::from(NANOS_PER_SECOND);
                Timestamp::from_nanos_saturating(resolution.nanos(units) + offset)
            }
        }
    }

    pub(super) fn note_interface_drops(&mut self, drops: u64) {
        self.driver_drops = self.driver_drops.max(Some(drops));
    }

    pub(super) fn note_kernel_drops(&mut self, drops: u64) {
        self.kernel_drops = self.kernel_drops.max(Some(drops));
    }

    pub(super) fn note_packet_drops(&mut self, drops: u64) {
        self.packet_drops = self.packet_drops.saturating_add(drops);
    }

    /// Whether both are described alike, whatever was dropped.
    pub(super) fn describes_same(&self, other: &Self) -> bool {
        let description = |of: &Self| (of.link, of.snap_length, of.resolution, of.offset_seconds);
        description(self) == description(other)
    }

    /// Adds what an earlier part of the file says was dropped.
    pub(super) fn add_drops_of(&mut self, earlier: &Self) {
        self.driver_drops = self.driver_drops.max(earlier.driver_drops);
        self.kernel_drops = self.kernel_drops.max(earlier.kernel_drops);
        self.note_packet_drops(earlier.packet_drops);
    }

    /// What statistics blocks say; without any, what the packets themselves say.
    pub(super) fn drops(&self) -> Drops {
        let has_statistics = self.driver_drops.is_some() || self.kernel_drops.is_some();
        Drops {
            kernel: self.kernel_drops.unwrap_or(if has_statistics { 0 } else { self.packet_drops }),
            interface: self.driver_drops.unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(resolution: u8, offset_seconds: i64, units: u64) -> i64 {
        let interface = Interface {
            resolution: Resolution::of(resolution),
            offset_seconds,
            ..Interface::new(LinkType::ETHERNET, 0)
        };
        let half = |shift: u32| u32::try_from(units >> shift & 0xffff_ffff).unwrap_or_default();
        interface.time(half(32), half(0)).as_nanos()
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(nanos(6, 0, 1_700_000_000_123_456), 1_700_000_000_123_456_000);
        assert_eq!(nanos(9, 0, 1_700_000_000_123_456_789), 1_700_000_000_123_456_789);
        assert_eq!(nanos(0, 0, 5), 5_000_000_000);
        assert_eq!(nanos(12, 0, 1_999), 1);
        assert_eq!(nanos(0x7f, 0, u64::MAX), 0);
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(nanos(0x80 | 0x14, 0, 3 << 19), 1_500_000_000);
        assert_eq!(nanos(0x80 | 32, 0, 1), 0);
        assert_eq!(nanos(0xff, 0, u64::MAX), 0);
    }

    #[test]
    fn offsets_and_the_ends_of_time() {
        assert_eq!(nanos(6, -1, 1_500_000), 500_000_000);
        assert_eq!(nanos(6, 1_000, 0), 1_000_000_000_000);
        assert_eq!(nanos(6, 0, u64::MAX), i64::MAX - 1);
        assert_eq!(nanos(0, i64::MIN, 0), i64::MIN);
    }
}
