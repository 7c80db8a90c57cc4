//! Numbers in few columns.

use portolan::report::significant;

/// Three significant digits and an SI prefix, in at most five columns: `512`, `1.23k`, `45.6M`.
pub(super) fn compact(number: u128) -> String {
    let (digits, prefix) = significant(number, &["", "k", "M", "G", "T", "P", "E", "Z", "Y"]);
    digits + prefix
}

/// Nanoseconds in at most six columns: `312ns`, `1.23ms`, `45.6s`, `2m05s`, `3h05m`, `12d3h`.
pub(super) fn short_time(nanos: u64) -> String {
    let seconds = nanos.saturating_add(500_000_000) / 1_000_000_000;
    match seconds {
        0..60 => {
            let (digits, unit) = significant(u128::from(nanos), &["ns", "µs", "ms", "s"]);
            digits + unit
        }
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// How many of it a second, if there were `count` in `nanos`.
pub(super) fn per_second(count: u64, nanos: u64) -> u128 {
    let nanos = u128::from(nanos.max(1));
    (u128::from(count) * 1_000_000_000 + nanos / 2) / nanos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases: [(u128, &str); 8] = [
            (0, "0"),
            (999, "999"),
            (1_000, "1.00k"),
            (9_994, "9.99k"),
            (9_995, "10.0k"),
            (99_950, "100k"),
            (999_500, "1.00M"),
            (45_600_000, "45.6M"),
        ];
        for (number, text) in cases {
            assert_eq!(compact(number), text);
        }
    }

    #[test]
    fn times_are_short() {
        let cases: [(u64, &str); 9] = [
            (312, "312ns"),
            (1_230, "1.23µs"),
            (999_499, "999µs"),
            (999_500, "1.00ms"),
            (45_600_000, "45.6ms"),
            (59_400_000_000, "59.4s"),
            (125_000_000_000, "2m05s"),
            (11_100_000_000_000, "3h05m"),
            (97_200_000_000_000, "1d3h"),
        ];
        for (nanos, text) in cases {
            assert_eq!(short_time(nanos), text);
        }
    }

    #[test]
    fn rates_are_rounded() {
        assert_eq!([per_second(3, 2_000_000_000), per_second(1, 0), per_second(0, 7)], [2, 1_000_000_000, 0]);
    }
}
