//! When intervals end: on the clock of the packets, and where none come on the wall's.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use portolan::net::Timestamp;

/// How late packets may come: the kernel hands them out in blocks.
const GRACE_NS: i64 = 300_000_000;

/// From when, and to before when.
pub(super) type Span = (Timestamp, Timestamp);

/// Divides time into intervals that begin at multiples of their width.
#[derive(Debug)]
pub(super) struct Clock {
    width: i64,
    /// When the interval at hand begins and ends, in ns; there is none before the first packet or the first look.
    at_hand: Option<(i64, i64)>,
    closed: Instant,
}

impl Clock {
    /// Intervals of so many ns.
    pub(super) fn new(width_ns: u64) -> Self {
        let width = i64::try_from(width_ns).unwrap_or(i64::MAX).max(1);
        Self { width, at_hand: None, closed: Instant::now() }
    }

    /// A packet is about to be counted. Returns the interval at hand if it is over by that; to be asked again then, for time
    /// without packets is an interval of its own.
    pub(super) fn packet(&mut self, time: Timestamp) -> Option<Span> {
        let time = time.as_nanos();
        let (start, end) = *self.at_hand.get_or_insert((self.start(time), self.end(time)));
        (time >= end).then(|| self.close(start, end, time))
    }

    /// Nothing has come for a while. Returns the interval at hand if that is over.
    pub(super) fn silence(&mut self) -> Option<Span> {
        let now = now().as_nanos();
        let (start, end) = *self.at_hand.get_or_insert((self.start(now), self.end(now)));
        (now.saturating_sub(GRACE_NS) >= end).then(|| self.close(start, end, now))
    }

    /// Returns the interval at hand if more time has passed than it may take: a clock that was set back would end none for
    /// long, and one packet from the future none until then. The next one begins by the wall's clock.
    pub(super) fn overdue(&mut self) -> Option<Span> {
        self.overdue_after(self.closed.elapsed(), now())
    }

    fn overdue_after(&mut self, passed: Duration, now: Timestamp) -> Option<Span> {
        let width = Duration::from_nanos(self.width.unsigned_abs());
        let (start, end) = self.at_hand?;
        let is_overdue = passed >= width.saturating_mul(2) + Duration::from_secs(1);
        is_overdue.then(|| self.close(start, end, now.as_nanos()))
    }

    /// What was never closed.
    pub(super) fn last(&self) -> Span {
        let now = now().as_nanos();
        let (start, end) = self.at_hand.unwrap_or((now, now));
        (Timestamp::from_nanos(start), Timestamp::from_nanos(end))
    }

    /// Closes the interval at hand. The next one reaches to where that of `time` begins, or if that is at once, is that.
    fn close(&mut self, start: i64, end: i64, time: i64) -> Span {
        self.closed = Instant::now();
        let next = self.start(time);
        self.at_hand = Some(if next > end { (end, next) } else { (next, self.end(time)) });
        (Timestamp::from_nanos(start), Timestamp::from_nanos(end))
    }

    /// When the interval of a time ends.
    fn end(&self, time: i64) -> i64 {
        self.start(time).saturating_add(self.width)
    }

    /// When the interval of a time begins.
    fn start(&self, time: i64) -> i64 {
        time.div_euclid(self.width).saturating_mul(self.width)
    }
}

/// What the wall's clock says.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_end_where_packets_say() {
        let mut clock = Clock::new(10);
        let mut packet = |time| {
            let span = clock.packet(Timestamp::from_nanos(time));
            span.map(|(start, end)| (start.as_nanos(), end.as_nanos()))
        };
        assert_eq!([packet(13), packet(19), packet(11)], [None; 3]);
        assert_eq!([packet(20), packet(29)], [Some((10, 20)), None]);
        assert_eq!([packet(57), packet(57), packet(57)], [Some((20, 30)), Some((30, 50)), None]);
        assert_eq!([packet(30), packet(60)], [None, Some((50, 60))]);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_up_nothing() {
        let (mut clock, at) = (Clock::new(10), Timestamp::from_nanos);
        assert_eq!(clock.overdue_after(Duration::from_secs(9), at(0)), None);
        assert_eq!(clock.packet(at(5_001)), None);
        // Set back by far more than an interval.
        assert_eq!(clock.packet(at(33)), None);
        assert_eq!(clock.overdue_after(Duration::from_secs(1), at(34)), None);
        let overdue = clock.overdue_after(Duration::from_nanos(1_000_000_020), at(34));
        assert_eq!(overdue, Some((at(5_000), at(5_010))));
        assert_eq!([clock.packet(at(39)), clock.packet(at(40))], [None, Some((at(30), at(40)))]);
    }
}
