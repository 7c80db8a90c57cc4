//! Rates, a second or slower.

use crate::report::units::{counted, significant};

/// Bits by the thousand.
pub(super) const BITS: [&str; 7] = ["bit", "kbit", "Mbit", "Gbit", "Tbit", "Pbit", "Ebit"];
/// As many are counted in the time of a pace, so that their number tells something.
const ENOUGH: u128 = 10;

/// The time over which a rate is told.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    nanos: u64,
    pub(super) name: &'static str,
}

const PACES: [Pace; 4] = [
    Pace { nanos: 1_000_000_000, name: "s" },
    Pace { nanos: 60_000_000_000, name: "min" },
    Pace { nanos: 3_600_000_000_000, name: "h" },
    Pace { nanos: 86_400_000_000_000, name: "d" },
];

impl Pace {
    /// The shortest time in which there is enough of what there is so much of in `nanos`.
    pub(super) fn of(amount: u128, nanos: u64) -> Self {
        let last = PACES[PACES.len() - 1];
        PACES.into_iter().find(|pace| pace.rate(amount, nanos) >= ENOUGH).unwrap_or(last)
    }

    /// What `amount` in `nanos` is at this pace, to the nearest; below 2^116 for all bits that 2^64 bytes have.
    pub(super) fn rate(self, amount: u128, nanos: u64) -> u128 {
        let nanos = u128::from(nanos.max(1));
        (amount * u128::from(self.nanos) + nanos / 2) / nanos
    }
}

/// The rate of so many bytes: `272 kbit/s`.
pub(super) fn bit_rate(bytes: u64, nanos: u64) -> String {
    let bits = u128::from(bytes) * 8;
    let pace = Pace::of(bits, nanos);
    let (digits, unit) = significant(pace.rate(bits, nanos), &BITS);
    format!("{digits} {unit}/{}", pace.name)
}

/// The rate of so many packets: `63 packets/s`.
pub(super) fn packet_rate(packets: u64, nanos: u64) -> String {
    let pace = Pace::of(packets.into(), nanos);
    let rate = u64::try_from(pace.rate(packets.into(), nanos)).unwrap_or(u64::MAX);
    format!("{}/{}", counted(rate, "packet"), pace.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_rates_are_told_over_longer_times() {
        let second = 1_000_000_000;
        assert_eq!(bit_rate(225_000, second), "1.80 Mbit/s");
        assert_eq!(bit_rate(1, second), "480 bit/min");
        assert_eq!(bit_rate(7_060_000, 20_573 * 86_400 * second), "114 bit/h");
        assert_eq!(packet_rate(63, second), "63 packets/s");
        assert_eq!(packet_rate(0, second), "0 packets/d");
        bit_rate(u64::MAX, 0);
    }
}
