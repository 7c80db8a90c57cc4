//! Numbers, times and names as people read them.

use std::fmt::Write as _;

use super::view::{Share, Unit};
use crate::net::Timestamp;

/// Bytes with SI prefixes and three significant digits: `512 B`, `1.23 kB`, `45.6 GB`.
pub(super) fn bytes(count: u64) -> String {
    scaled(u128::from(count), &["B", "kB", "MB", "GB", "TB", "PB", "EB"])
}

/// Bits per second, like [`bytes`].
pub(super) fn bit_rate(bytes_per_second: u64) -> String {
    let units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", "Pbit/s", "Ebit/s"];
    scaled(u128::from(bytes_per_second) * 8, &units)
}

/// The number in the largest unit that leaves at least 1 of it; each unit is a thousand of the one before.
fn scaled(number: u128, units: &[&str]) -> String {
    let (digits, unit) = significant(number, units);
    format!("{digits} {unit}")
}

/// A number below 2^116 in three significant digits, and the unit that they count: the largest that leaves at least 1 of it, of
/// units of which each is a thousand of the one before, `1.23` of `M`.
pub fn significant<'a>(number: u128, units: &[&'a str]) -> (String, &'a str) {
    let (mut unit, mut scale) = (0, 1_u128);
    // What would be rounded to 1000 goes to the next unit.
    while unit + 1 < units.len() && number * 2 >= scale * 1999 {
        unit += 1;
        scale *= 1000;
    }
    let digits = if unit == 0 { thousands(number) } else { three_digits(number, scale) };
    (digits, units[unit])
}

/// `number / scale` with as many decimals as make three significant digits.
fn three_digits(number: u128, scale: u128) -> String {
    for (decimals, tens) in [(2, 100), (1, 10)] {
        let rounded = (number * tens + scale / 2) / scale;
        if rounded < 1000 {
            return format!("{}.{:0decimals$}", rounded / tens, rounded % tens);
        }
    }
    thousands((number + scale / 2) / scale)
}

/// A count with thousands separators: `1,234,567`.
pub fn thousands(count: impl Into<u128>) -> String {
    let digits = count.into().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and what it counts: `1 flow`, `2,000 flows`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// Per cent with one decimal: `62.0%`, `<0.1%`, `0%`.
pub(super) fn percent(share: Share) -> String {
    match share.of(1000) {
        0 if share.part > 0 => "<0.1%".to_owned(),
        0 => "0%".to_owned(),
        1000 if share.part < share.whole => ">99.9%".to_owned(),
        1000 => "100%".to_owned(),
        tenths => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

/// A part of a whole in per cent with one decimal: `62.0%`, `<0.1%`, `0%`.
pub fn share(part: u64, whole: u64) -> String {
    percent(Share { part, whole })
}

/// Whole per cent, for sentences: `62%`, `<1%`.
pub(super) fn whole_percent(share: Share) -> String {
    match share.of(100) {
        0 if share.part > 0 => "<1%".to_owned(),
        100 if share.part < share.whole => ">99%".to_owned(),
        hundredths => format!("{hundredths}%"),
    }
}

/// Nanoseconds: three significant digits below a minute, two units above: `1.23 ms`, `45.6 s`, `3 h 5 min`.
pub(super) fn duration(nanos: u64) -> String {
    let seconds = nanos.saturating_add(500_000_000) / 1_000_000_000;
    let pair = |large, large_name, small, small_name| {
        format!("{} {large_name} {} {small_name}", thousands(seconds / large), seconds % large / small)
    };
    match seconds {
        0..60 => scaled(u128::from(nanos), &["ns", "µs", "ms", "s"]),
        60..3_600 => pair(60, "min", 1, "s"),
        3_600..86_400 => pair(3_600, "h", 60, "min"),
        _ => pair(86_400, "d", 3_600, "h"),
    }
}

/// A measurement in its unit.
pub(super) fn measured(unit: Unit, number: u64) -> String {
    match unit {
        Unit::Bytes => bytes(number),
        Unit::Count => thousands(number),
        Unit::Nanoseconds => duration(number),
    }
}

/// From when to when, in UTC to the millisecond; the date of the end only if it is another one.
pub(super) fn time_span(first: Timestamp, last: Timestamp) -> String {
    let [(day, start), (last_day, end)] = [first, last].map(|time| {
        let time = utc(time);
        (time.strftime("%Y-%m-%d").to_string(), time.strftime("%H:%M:%S%.3f").to_string())
    });
    if day == last_day {
        format!("{day} {start} to {end} UTC")
    } else {
        format!("{day} {start} to {last_day} {end} UTC")
    }
}

/// A time in UTC to the millisecond; `untimed` where there is none.
pub(super) fn moment(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "untimed".to_owned(), |time| utc(time).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

/// The time of day in UTC to the tenth of a second; `untimed` where there is no time.
pub fn clock(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "untimed".to_owned(), |time| utc(time).strftime("%H:%M:%S%.1f").to_string())
}

/// RFC 3339 in UTC, to the nanosecond: `2026-03-01T08:00:00.000000001Z`.
pub(super) fn rfc_3339(time: Timestamp) -> String {
    format!("{:.9}", utc(time))
}

fn utc(time: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos()))
        .expect("the years 1677 to 2262 are within the crate's limits")
}

/// `text` without what moves a terminal's cursor, changes its state or hides in the line: such characters stand as
/// `\u{1b}`.
pub fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() || is_invisible(letter) {
            let _ = write!(clean, "{}", letter.escape_unicode());
        } else {
            clean.push(letter);
        }
    }
    clean
}

/// Format characters: those that reorder the line (UAX #9), join or change their neighbours, or take no room.
const fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_three_significant_digits() {
        let cases: [(u64, &str); 9] = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (9_994, "9.99 kB"),
            (9_995, "10.0 kB"),
            (99_950, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
        assert_eq!(bit_rate(225_000), "1.80 Mbit/s");
    }

    #[test]
    fn counts_are_separated_by_thousands() {
        let texts = [0_u64, 999, 1_000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!((counted(1, "flow"), counted(2, "flow")), ("1 flow".into(), "2 flows".into()));
    }

    #[test]
    fn shares_never_round_to_nothing_or_to_all() {
        let percent = |part, whole| percent(Share { part, whole });
        assert_eq!([percent(0, 9), percent(1, 9_999), percent(1, 8)], ["0%", "<0.1%", "12.5%"]);
        assert_eq!([percent(9_999, 10_000), percent(7, 7)], [">99.9%", "100%"]);
        let whole = |part, whole| whole_percent(Share { part, whole });
        assert_eq!([whole(0, 0), whole(1, 999), whole(2, 3), whole(998, 999)], ["0%", "<1%", "67%", ">99%"]);
    }

    #[test]
    fn durations_are_short() {
        let cases: [(u64, &str); 7] = [
            (312, "312 ns"),
            (1_230, "1.23 µs"),
            (45_600_000, "45.6 ms"),
            (59_400_000_000, "59.4 s"),
            (125_000_000_000, "2 min 5 s"),
            (3_600_000_000_000, "1 h 0 min"),
            (u64::MAX, "213,503 d 23 h"),
        ];
        for (nanos, text) in cases {
            assert_eq!(duration(nanos), text);
        }
    }

    #[test]
    fn times_are_utc() {
        let time = Timestamp::from_nanos(1_772_352_000_123_456_789);
        assert_eq!(rfc_3339(time), "2026-03-01T08:00:00.123456789Z");
        assert_eq!(rfc_3339(Timestamp::from_nanos(-1)), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(rfc_3339(Timestamp::from_nanos(i64::MIN)), "1677-09-21T00:12:43.145224192Z");
        let later = Timestamp::from_nanos(time.as_nanos() + 86_400_000_000_000);
        assert_eq!(time_span(time, time), "2026-03-01 08:00:00.123 to 08:00:00.123 UTC");
        assert_eq!(time_span(time, later), "2026-03-01 08:00:00.123 to 2026-03-02 08:00:00.123 UTC");
    }

    #[test]
    fn nothing_that_steers_a_terminal_is_printable() {
        assert_eq!(printable("a\u{1b}[31mb\nc\u{9b}d\u{202e}e"), r"a\u{1b}[31mb\u{a}c\u{9b}d\u{202e}e");
        assert_eq!(printable("Büro 東京.pcap"), "Büro 東京.pcap");
    }
}
