//! Intervals of a capture that goes on: what is asked of the flows while they last.

use std::sync::Arc;

use super::ledger::Ledger;
use super::{DecidedFlow, Meter};
use crate::classify::{self, Learned, Observed, PortTable};
use crate::flow::FlowRecord;
use crate::net::Timestamp;
use crate::pseudonyms::Pseudonyms;
use crate::summary::{IntervalSummary, IntervalTally, Loss};

const KEEPS_INTERVALS: &str = "the meter keeps intervals";

/// The interval at hand.
#[derive(Debug)]
pub(super) struct Intervals {
    /// When the one before it began, in ns.
    before: i64,
    /// When the one before it ended.
    begin: i64,
    /// What flows did that have left.
    left: IntervalTally,
    /// What the flows have shown of their endpoints while they lasted. What they show in the end is another matter.
    learned: Learned,
    /// What had been lost when it began.
    loss: Loss,
    /// The port table to decide by when it is over.
    next_table: Option<Arc<PortTable>>,
}

impl Default for Intervals {
    /// Since ever.
    fn default() -> Self {
        Self {
            before: i64::MIN,
            begin: i64::MIN,
            left: IntervalTally::default(),
            learned: Learned::new(),
            loss: Loss::default(),
            next_table: None,
        }
    }
}

impl Intervals {
    /// Whether a flow began in the interval before the one at hand. One that leaves is not seen again.
    fn is_new(&self, record: &FlowRecord, leaves: bool) -> bool {
        let begin = record.span.map_or(i64::MIN, |(first, _)| first.as_nanos());
        self.before <= begin && (leaves || begin < self.begin)
    }

    /// Counts a flow that leaves the table.
    pub(super) fn left(&mut self, flow: &DecidedFlow<'_>) {
        let is_new = self.is_new(flow.record, true);
        self.left.flow(flow.record, flow.decision, is_new);
    }
}

impl Meter<'_> {
    /// Shows the flows that had packets at `since` or later, or since an interval was closed last, with what is known of them by
    /// now. Their series is what they sent since an interval was closed last. Nothing is closed, and nothing learned.
    ///
    /// # Panics
    /// If the meter does not keep intervals ([`Meter::with_intervals`]).
    pub fn visit_recent(&mut self, since: Timestamp, each: &mut dyn FnMut(&DecidedFlow<'_>)) {
        self.flows.arrive();
        let Ledger { table, intervals, pseudonyms, .. } = &self.ledger;
        let learned = &intervals.as_ref().expect(KEEPS_INTERVALS).learned;
        self.flows.visit_active(since.as_nanos(), |record| {
            let observed = Observed::from(record);
            let decision = classify::decide(&observed, table, learned);
            let record = &*Pseudonyms::of_flow(pseudonyms.as_ref(), record);
            each(&DecidedFlow { record, observed: &observed, decision: &decision, table, learned });
        });
    }

    /// Closes the interval at hand, from `start` to before `end`. `each` is shown all flows that had packets in it, with what is
    /// known of them by now; their series is what they sent in it. With `is_last` flows that began in it are among those whose
    /// beginning is counted.
    ///
    /// # Panics
    /// If the meter does not keep intervals ([`Meter::with_intervals`]).
    pub fn close_interval(
        &mut self,
        (start, end): (Timestamp, Timestamp),
        is_last: bool,
        each: &mut dyn FnMut(&DecidedFlow<'_>),
    ) -> IntervalSummary {
        let summary = self.sum_up_interval((start, end), is_last, each);
        self.take_next_table();
        summary
    }

    /// Decides by another port table as soon as the interval at hand is closed. What was counted until then keeps its names;
    /// flows that have not left are counted in the end, by the table of then.
    ///
    /// # Panics
    /// If the meter does not keep intervals ([`Meter::with_intervals`]).
    pub fn change_table(&mut self, table: Arc<PortTable>) {
        self.ledger.intervals.as_mut().expect(KEEPS_INTERVALS).next_table = Some(table);
    }

    fn take_next_table(&mut self) {
        let Ledger { table, tally, intervals, .. } = &mut self.ledger;
        if let Some(next) = intervals.as_mut().and_then(|intervals| intervals.next_table.take()) {
            tally.leave_table(table);
            *table = next;
        }
    }

    fn sum_up_interval(
        &mut self,
        (start, end): (Timestamp, Timestamp),
        is_last: bool,
        each: &mut dyn FnMut(&DecidedFlow<'_>),
    ) -> IntervalSummary {
        self.flows.arrive();
        let loss = Loss { evicted_flows: self.flows.evicted(), ..self.loss };
        let Ledger { table, tally, intervals, pseudonyms, .. } = &mut self.ledger;
        let intervals = intervals.as_mut().expect(KEEPS_INTERVALS);
        intervals.begin = start.as_nanos();
        let before = intervals.before;
        self.flows.visit_active(before, |record| {
            let observed = Observed::from(record);
            intervals.learned.remember(&observed, classify::is_in_doubt(&observed, table));
        });
        let mut flows = std::mem::take(&mut intervals.left);
        self.flows.visit_active(before, |record| {
            let observed = Observed::from(record);
            let decision = classify::decide(&observed, table, &intervals.learned);
            flows.flow(record, &decision, intervals.is_new(record, is_last));
            if !record.intervals.is_empty() {
                let (table, learned) = (&**table, &intervals.learned);
                let record = &*Pseudonyms::of_flow(pseudonyms.as_ref(), record);
                each(&DecidedFlow { record, observed: &observed, decision: &decision, table, learned });
            }
        });
        self.flows.clear_series();
        let mut summary = tally.close_interval(flows, table);
        summary.span = Some((start, end));
        summary.loss = loss.since(intervals.loss);
        intervals.loss = loss;
        (intervals.before, intervals.begin) = (start.as_nanos(), end.as_nanos());
        summary
    }
}
