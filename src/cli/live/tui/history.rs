//! The last intervals, and sums of them.

use std::collections::{BTreeMap, VecDeque};

use portolan::merge::Merge;
use portolan::net::Timestamp;
use portolan::summary::{IntervalSummary, IntervalTotals, ServiceKey, Volume};

/// Intervals that are kept.
pub(super) const KEPT: usize = 300;
/// Rows that they have together: a scan makes thousands in each.
const ROWS: usize = 100_000;

/// How far back a number reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// The last interval.
    Now,
    Minute,
    FiveMinutes,
    /// Since the beginning.
    All,
}

impl Window {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Now => Self::Minute,
            Self::Minute => Self::FiveMinutes,
            Self::FiveMinutes => Self::All,
            Self::All => Self::Now,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Minute => "last minute",
            Self::FiveMinutes => "last 5 minutes",
            Self::All => "since the start",
        }
    }

    /// Nanoseconds that it takes at most; none is no bound.
    const fn nanos(self) -> Option<u64> {
        match self {
            Self::Now => Some(0),
            Self::Minute => Some(60_000_000_000),
            Self::FiveMinutes => Some(300_000_000_000),
            Self::All => None,
        }
    }
}

/// What all traffic did in a window.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    /// Nanoseconds that it took.
    pub(super) nanos: u64,
    /// All packets, those without ports as well.
    pub(super) volume: Volume,
    /// Of those with ports. Flows are those that began, or had packets in an interval on average, whichever is more.
    pub(super) totals: IntervalTotals,
}

/// A sum over time.
#[derive(Clone, Debug)]
struct Moment {
    interval: IntervalSummary,
    nanos: u64,
    totals: IntervalTotals,
    /// Intervals that are one now.
    count: u64,
}

/// A ring of intervals, and all there ever were as one.
#[derive(Debug, Default)]
pub(super) struct History {
    ring: VecDeque<Moment>,
    whole: IntervalSummary,
    whole_nanos: u64,
    count: u64,
}

impl History {
    pub(super) fn push(&mut self, interval: IntervalSummary) {
        let nanos = interval.span.map_or(0, |(start, end)| end.nanos_since(start));
        self.whole.merge(interval.clone());
        self.whole_nanos = self.whole_nanos.saturating_add(nanos);
        self.count += 1;
        if self.ring.len() == KEPT {
            self.ring.pop_front();
        }
        let mut totals = IntervalTotals::default();
        interval.services.values().for_each(|service| totals.merge(service.clone()));
        self.ring.push_back(Moment { interval, nanos, totals, count: 1 });
        while self.ring.len() > 1 && is_heavy(self.ring.iter().map(|moment| &moment.interval)) {
            self.join_oldest();
        }
    }

    /// Where there is no room for all, what is long ago is told apart less.
    fn join_oldest(&mut self) {
        let Some(oldest) = self.ring.pop_front() else { return };
        let Some(next) = self.ring.front_mut() else { return };
        next.interval.merge(oldest.interval);
        next.nanos = next.nanos.saturating_add(oldest.nanos);
        next.totals.merge(oldest.totals);
        next.count += oldest.count;
    }

    /// When the last interval ended.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.whole.span.map(|(_, end)| end)
    }

    /// The newest intervals that reach into a window, and no others.
    fn recent(&self, window: Window) -> impl Iterator<Item = &Moment> {
        let most = window.nanos().unwrap_or(u64::MAX);
        let mut nanos = 0_u64;
        self.ring.iter().rev().enumerate().map_while(move |(place, moment)| {
            let fits = place == 0 || nanos.saturating_add(moment.nanos) <= most;
            nanos = nanos.saturating_add(moment.nanos);
            fits.then_some(moment)
        })
    }

    /// What all traffic did in a window.
    pub(super) fn sum(&self, window: Window) -> Sum {
        let mut sum = Sum::default();
        let mut count = 0;
        for moment in self.recent(window) {
            count += moment.count;
            sum.nanos = sum.nanos.saturating_add(moment.nanos);
            let capture = &moment.interval.capture;
            sum.volume.merge(Volume { packets: capture.packets, bytes: capture.wire_bytes });
            sum.totals.merge(moment.totals.clone());
        }
        sum.totals.flows = flows(&sum.totals, count);
        sum
    }

    /// All packets since the beginning.
    pub(super) const fn total(&self) -> Volume {
        Volume { packets: self.whole.capture.packets, bytes: self.whole.capture.wire_bytes }
    }

    /// Rows of a window by what `group` says of services, those of which it says nothing left out. Flows are those
    /// that began, or had packets in an interval on average, whichever is more.
    pub(super) fn rows<'a, G: Ord>(
        &'a self,
        window: Window,
        group: impl Fn(&'a ServiceKey) -> Option<G>,
    ) -> Rows<G> {
        let mut rows = Rows { nanos: 0, bytes: 0, without_ports: Volume::default(), by: BTreeMap::new() };
        let mut count = 0;
        if window == Window::All {
            rows.add(&self.whole, self.whole_nanos, &group);
            count = self.count;
        } else {
            for moment in self.recent(window) {
                rows.add(&moment.interval, moment.nanos, &group);
                count += moment.count;
            }
        }
        for totals in rows.by.values_mut() {
            totals.flows = flows(totals, count);
        }
        rows
    }

    /// Bytes a second in each of the last `columns` steps of time, the latest last. Steps begin at multiples of their length,
    /// so that a column stays what it is while time goes on.
    pub(super) fn rates(&self, columns: usize, step: u64) -> Vec<u64> {
        let (step, end) = (i64::try_from(step).unwrap_or(i64::MAX).max(1), self.end());
        let Some(last) = end.map(|end| end.as_nanos().saturating_sub(1).div_euclid(step)) else {
            return Vec::new();
        };
        let first = last.saturating_sub(i64::try_from(columns).unwrap_or(i64::MAX)).saturating_add(1);
        // Bytes, and the nanoseconds in which they came.
        let mut cells = vec![(0_u128, 0_u128); columns];
        for moment in &self.ring {
            let Some((start, end)) = moment.interval.span else { continue };
            let (start, end) = (start.as_nanos(), end.as_nanos());
            for column in start.div_euclid(step).max(first)..=end.saturating_sub(1).div_euclid(step).min(last)
            {
                let begin = column.saturating_mul(step);
                let overlap = end.min(begin.saturating_add(step)).saturating_sub(start.max(begin));
                let overlap = u128::try_from(overlap).unwrap_or(0);
                let bytes = u128::from(moment.interval.capture.wire_bytes) * overlap;
                let cell = &mut cells[usize::try_from(column - first).unwrap_or(0)];
                cell.0 += bytes / u128::from(moment.nanos.max(1));
                cell.1 += overlap;
            }
        }
        let rate = |(bytes, nanos): (u128, u128)| bytes * 1_000_000_000 / nanos.max(1);
        cells.into_iter().map(|cell| u64::try_from(rate(cell)).unwrap_or(u64::MAX)).collect()
    }
}

/// Rows of a window, and what they are a part of.
#[derive(Debug)]
pub(super) struct Rows<G> {
    /// Nanoseconds that it took.
    pub(super) nanos: u64,
    /// All bytes on the wire.
    pub(super) bytes: u64,
    pub(super) without_ports: Volume,
    pub(super) by: BTreeMap<G, IntervalTotals>,
}

impl<G: Ord> Rows<G> {
    fn add<'a>(
        &mut self,
        interval: &'a IntervalSummary,
        nanos: u64,
        group: &impl Fn(&'a ServiceKey) -> Option<G>,
    ) {
        self.nanos = self.nanos.saturating_add(nanos);
        self.bytes = self.bytes.saturating_add(interval.capture.wire_bytes);
        self.without_ports.merge(interval.unclassified.total());
        for (key, totals) in &interval.services {
            if let Some(group) = group(key) {
                self.by.entry(group).or_default().merge(totals.clone());
            }
        }
    }
}

/// Whether intervals have too many rows together.
pub(super) fn is_heavy<'a>(intervals: impl Iterator<Item = &'a IntervalSummary>) -> bool {
    intervals.map(|interval| interval.services.len()).sum::<usize>() > ROWS
}

/// Flows of `count` intervals whose sum has a flow once for each. Nobody knows how many are the same, but those that began are
/// not; and there are no less than on average.
const fn flows(sum: &IntervalTotals, count: u64) -> u64 {
    match count {
        0 | 1 => sum.flows,
        _ if sum.begun.flows * count > sum.flows => sum.begun.flows,
        _ => sum.flows.div_ceil(count),
    }
}
