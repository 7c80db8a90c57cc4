//! Axes of time, with marks at round moments in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::axis::{Mark, place};

/// Marks at most.
const MARKS: i128 = 6;
const MS: i128 = 1_000_000;
const SECOND: i128 = 1000 * MS;
const MINUTE: i128 = 60 * SECOND;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;
/// A twelfth of 365.2425 days.
const MONTH: i128 = 2_629_746 * SECOND;

/// Steps from mark to mark: times of one unit, which begin where the clock shows a multiple of them.
const STEPS: [(i128, &[i128]); 5] = [
    (MS, &[1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (SECOND, &[1, 2, 5, 10, 15, 30]),
    (MINUTE, &[1, 2, 5, 10, 15, 30]),
    (HOUR, &[1, 2, 3, 6, 12]),
    (DAY, &[1, 2, 4, 7, 14]),
];
/// Steps of months, which are not all of one length.
const MONTHS: [i128; 11] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200];

/// The marks between two times in nanoseconds.
pub(super) fn marks(from: i128, to: i128) -> Vec<Mark> {
    let is_wide = |step: &i128| to - from < step * MARKS;
    let mut steps = STEPS.iter().flat_map(|(unit, times)| times.iter().map(move |count| unit * count));
    let moments: Vec<(i128, String)> = if let Some(step) = steps.find(is_wide) {
        every(step, from, to).map(|nanos| (nanos, clock(nanos, step))).collect()
    } else {
        let step = MONTHS.into_iter().find(|count| is_wide(&(count * MONTH))).unwrap_or(MONTHS[10]);
        let months = every(step, month_of(from), month_of(to)).filter_map(month_start);
        let format = if step < 12 { "%b %Y" } else { "%Y" };
        months.map(|nanos| (nanos, shown(nanos, format))).filter(|(nanos, _)| *nanos >= from).collect()
    };
    let whole = (to - from).unsigned_abs();
    let marks = moments.into_iter();
    marks.map(|(nanos, text)| Mark { place: place((nanos - from).unsigned_abs(), whole), text }).collect()
}

/// The multiples of a step in a range.
fn every(step: i128, from: i128, to: i128) -> impl Iterator<Item = i128> {
    let first = from + (-from).rem_euclid(step);
    (0..MARKS).map(move |count| first + count * step).take_while(move |number| *number <= to)
}

/// As much of a time as tells it from its neighbours, which are a step away.
fn clock(nanos: i128, step: i128) -> String {
    let format = match step {
        DAY.. => "%-d %b",
        // The day begins.
        MINUTE.. if nanos.rem_euclid(DAY) == 0 => "%-d %b",
        MINUTE.. => "%H:%M",
        SECOND.. => "%H:%M:%S",
        _ => "%H:%M:%S%.3f",
    };
    shown(nanos, format)
}

fn shown(nanos: i128, format: &str) -> String {
    Timestamp::from_nanosecond(nanos).map(|time| time.strftime(format).to_string()).unwrap_or_default()
}

/// Months since the beginning of the year 0.
fn month_of(nanos: i128) -> i128 {
    Timestamp::from_nanosecond(nanos).map_or(0, |time| {
        let date = TimeZone::UTC.to_datetime(time).date();
        i128::from(date.year()) * 12 + i128::from(date.month()) - 1
    })
}

/// When a month begins.
fn month_start(month: i128) -> Option<i128> {
    let (year, month) = (i16::try_from(month / 12).ok()?, i8::try_from(month % 12 + 1).ok()?);
    let start = Date::new(year, month, 1).ok()?.to_datetime(Time::midnight());
    TimeZone::UTC.to_timestamp(start).ok().map(Timestamp::as_nanosecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(from: &str, to: &str) -> Vec<String> {
        let [from, to] = [from, to].map(|time| time.parse::<Timestamp>().expect("a time").as_nanosecond());
        marks(from, to).into_iter().map(|mark| mark.text).collect()
    }

    #[test]
    fn marks_of_time_are_round() {
        assert_eq!(
            texts("2026-11-22T21:29:35Z", "2026-11-22T21:30:28Z"),
            ["21:29:40", "21:29:50", "21:30:00", "21:30:10", "21:30:20"]
        );
        assert_eq!(
            texts("2026-03-01T07:10:00Z", "2026-03-02T09:00:00Z"),
            ["12:00", "18:00", "2 Mar", "06:00"]
        );
        assert_eq!(texts("1993-11-20T18:45:00Z", "2026-02-04T00:00:00Z"), ["2000", "2010", "2020"]);
        assert_eq!(
            texts("2026-01-15T00:00:00Z", "2026-05-15T00:00:00Z"),
            ["Feb 2026", "Mar 2026", "Apr 2026", "May 2026"]
        );
    }

    #[test]
    fn the_widest_and_the_narrowest_span_have_an_axis() {
        let (first, last) = (i128::from(i64::MIN), i128::from(i64::MAX));
        let marks = marks(first, last);
        assert!((2..=6).contains(&marks.len()) && marks.iter().all(|mark| mark.place <= 10_000), "{marks:?}");
        assert_eq!(super::marks(first, first + 1).len(), 0);
    }
}
