//! Counting what is captured, interval by interval.

use std::sync::Arc;

use portolan::classify::PortTable;
use portolan::flow::FlowOptions;
use portolan::merge::Merge;
use portolan::meter::Meter;
use portolan::source::{Drops, Frame};
use portolan::summary::{IntervalSummary, Summary};

use super::clock::{Clock, Span};
use super::queue::{Offered, Sender};

/// A meter that hands out what each interval had.
pub(super) struct Watch {
    meter: Meter<'static>,
    clock: Clock,
    intervals: Sender,
    /// What the receiver had no room for: it gets it together with what follows. Nothing is lost, and nothing waits.
    behind: Option<IntervalSummary>,
    /// Drops that the meter knows of.
    drops: Drops,
    packets: u64,
    is_unwanted: bool,
}

impl Watch {
    /// Counts by `table`; closed intervals go to `intervals`.
    pub(super) fn new(table: Arc<PortTable>, options: &FlowOptions, intervals: Sender) -> Self {
        Self {
            meter: Meter::new(table, options).with_intervals(),
            clock: Clock::new(options.interval_ns.unwrap_or(u64::MAX)),
            intervals,
            behind: None,
            drops: Drops::default(),
            packets: 0,
            is_unwanted: false,
        }
    }

    /// Frames counted.
    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// Whether nobody wants to know any more.
    pub(super) const fn is_unwanted(&self) -> bool {
        self.is_unwanted
    }

    /// Counts a frame.
    pub(super) fn frame(&mut self, frame: &Frame<'_>) {
        if let Some(time) = frame.timestamp {
            while let Some(span) = self.clock.packet(time) {
                self.close(span, false);
            }
        }
        self.packets += 1;
        self.meter.frame(frame);
    }

    /// Closes what is over by the wall's clock.
    pub(super) fn silence(&mut self) {
        while let Some(span) = self.clock.silence() {
            self.close(span, false);
        }
    }

    /// Takes over what was dropped since the beginning.
    pub(super) const fn dropped(&mut self, drops: Drops) {
        self.meter.lost(Drops {
            kernel: drops.kernel.saturating_sub(self.drops.kernel),
            interface: drops.interface.saturating_sub(self.drops.interface),
        });
        self.drops = drops;
    }

    fn close(&mut self, span: Span, is_last: bool) {
        let mut interval = self.behind.take().unwrap_or_default();
        interval.merge(self.meter.close_interval(span, is_last, &mut |_| ()));
        if is_last {
            self.intervals.finish(interval);
            return;
        }
        match self.intervals.offer(interval) {
            Offered::Taken => {}
            Offered::NoRoom(interval) => self.behind = Some(*interval),
            Offered::Unwanted => self.is_unwanted = true,
        }
    }

    /// Ends the watching.
    pub(super) fn finish(mut self) -> std::io::Result<Summary> {
        self.close(self.clock.last(), true);
        self.meter.finish()
    }
}
