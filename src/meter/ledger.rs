//! Where flows end: they are decided, counted, and handed to the sink.

use std::io;
use std::sync::Arc;

use super::intervals::Intervals;
use super::{DecidedFlow, FlowSink};
use crate::classify::{self, Decision, Learned, Observed, PortTable};
use crate::flow::{FlowOptions, FlowRecord, FlowVisitor, Flows};
use crate::merge::Merge;
use crate::pseudonyms::Pseudonyms;
use crate::summary::{Loss, Summary, TalkerTally, Tally};
use crate::threads;

/// What has become of flows so far.
pub(super) struct Ledger<'a> {
    pub(super) table: Arc<PortTable>,
    pub(super) learned: Learned,
    pub(super) tally: Tally,
    pub(super) talkers: Vec<TalkerTally>,
    /// What addresses are called from the decision on.
    pub(super) pseudonyms: Option<Pseudonyms>,
    pub(super) sink: Option<&'a mut (dyn FlowSink + Send)>,
    /// Why the sink takes no more.
    pub(super) failure: Option<io::Error>,
    /// The interval at hand, if there are any.
    pub(super) intervals: Option<Intervals>,
    max_flows: usize,
    threads: usize,
}

impl Ledger<'_> {
    pub(super) fn new(table: Arc<PortTable>, options: &FlowOptions) -> Self {
        let (learned, tally) = (Learned::new(), Tally::new(options.max_flows));
        let FlowOptions { max_flows, threads, .. } = *options;
        Self {
            table,
            learned,
            tally,
            talkers: Vec::new(),
            pseudonyms: None,
            sink: None,
            failure: None,
            intervals: None,
            max_flows,
            threads: threads.max(1),
        }
    }

    /// Takes a flow that had to leave before the input ended: it is decided by what is known so far, and what it shows
    /// of its endpoints stays.
    pub(super) fn enter_evicted(&mut self, record: &FlowRecord) {
        let observed = Observed::from(record);
        self.learned.remember(&observed, classify::is_in_doubt(&observed, &self.table));
        self.enter(record);
    }

    fn enter(&mut self, record: &FlowRecord) {
        let observed = Observed::from(record);
        let decision = classify::decide(&observed, &self.table, &self.learned);
        let record = &*Pseudonyms::of_flow(self.pseudonyms.as_ref(), record);
        self.tally.flow(record, &decision, &self.table);
        for talkers in &mut self.talkers {
            talkers.flow(record, &decision, &self.table);
        }
        let (table, learned) = (&*self.table, &self.learned);
        let flow = DecidedFlow { record, observed: &observed, decision: &decision, table, learned };
        match &mut self.intervals {
            Some(intervals) => intervals.left(&flow),
            None => self.tally.series(record, &decision),
        }
        if let Some(sink) = self.sink.as_mut().filter(|_| self.failure.is_none()) {
            self.failure = sink.flow(&flow).err();
        }
    }

    /// Decides and counts all flows that are left.
    pub(super) fn close(mut self, flows: Flows, loss: Loss) -> io::Result<Summary> {
        // What was handed out by intervals is no series.
        let interval_ns = flows.interval_ns().filter(|_| self.intervals.take().is_none());
        self.learn(&flows);
        // With flows evicted there may be more port pairs than are kept apart: which, must not depend on where flows lie.
        if self.sink.is_some() || !self.talkers.is_empty() || flows.evicted() > 0 {
            flows.visit_in_order(|record| self.enter(record));
        } else {
            self.count(flows);
        }
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let mut summary = self.tally.into_summary(&self.table, &self.learned, interval_ns, loss);
        summary.talkers = self.talkers.into_iter().map(TalkerTally::finish).collect();
        summary.anonymized = self.pseudonyms.iter().map(Pseudonyms::fingerprint).collect();
        Ok(summary)
    }

    /// Takes over what another ledger has counted of the same input.
    pub(super) fn merge(&mut self, other: Ledger<'_>) {
        self.tally.merge(other.tally);
        self.learned.merge(other.learned);
        self.failure = self.failure.take().or(other.failure);
        for others in other.talkers {
            match self.talkers.iter_mut().find(|own| own.within() == others.within()) {
                Some(own) => own.merge(others),
                None => self.talkers.push(others),
            }
        }
    }

    /// Learns what the flows show of the endpoints of those in doubt. Exactly one SYN leaves no doubt.
    fn learn(&mut self, flows: &Flows) {
        let (table, parts) = (&*self.table, flows.parts(self.threads));
        let asked = threads::map(parts.iter().collect(), self.threads, |part| {
            let mut asked = Learned::new();
            let may_be = |transport, endpoints| classify::may_be_in_doubt(transport, endpoints, table);
            flows.visit_unopened(part, may_be, |record| {
                let observed = Observed::from(record);
                if classify::is_in_doubt(&observed, table) {
                    asked.ask(&observed);
                }
            });
            asked
        });
        for asked in asked {
            self.learned.merge(asked);
        }
        if self.learned.is_empty() {
            return;
        }
        let asked = &self.learned;
        let learned = threads::map(parts.iter().collect(), self.threads, |part| {
            let mut learned = asked.clone();
            let is_asked = |endpoints| asked.may_know(endpoints);
            flows.visit_between(part, is_asked, |record| learned.learn(&record.into()));
            learned
        });
        // Each of them began with all that was asked.
        let learned = learned.into_iter().reduce(|mut one, other| {
            one.merge(other);
            one
        });
        self.learned = learned.unwrap_or_default();
    }

    /// Decides and counts all flows, whose memory is given back along the way.
    fn count(&mut self, flows: Flows) {
        let (table, learned, max_flows) = (&*self.table, &self.learned, self.max_flows);
        let pseudonyms = self.pseudonyms.as_ref();
        let tallies = threads::map(flows.into_parts(self.threads), self.threads, |part| {
            let mut counting = Counting { tally: Tally::new(max_flows), table, learned };
            match pseudonyms {
                None => part.visit(&mut counting),
                Some(pseudonyms) => part.visit(&mut Renaming { counting: &mut counting, pseudonyms }),
            }
            counting.tally
        });
        for tally in tallies {
            self.tally.merge(tally);
        }
    }
}

/// Counts flows, as one of several threads.
struct Counting<'a> {
    tally: Tally,
    table: &'a PortTable,
    learned: &'a Learned,
}

#[allow(clippy::inline_always)] // for every flow
impl Counting<'_> {
    #[inline(always)]
    fn decide(&self, record: &FlowRecord) -> Decision {
        classify::decide(&record.into(), self.table, self.learned)
    }

    #[inline(always)]
    fn count(&mut self, record: &FlowRecord, decision: &Decision) {
        self.tally.flow(record, decision, self.table);
        self.tally.series(record, decision);
    }
}

impl FlowVisitor for Counting<'_> {
    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    fn visit(&mut self, record: &FlowRecord) {
        let decision = self.decide(record);
        self.count(record, &decision);
    }
}

/// Counts flows between pseudonyms, decided by the true addresses. Apart from [`Counting`], for a record that may be another one
/// has to be made as a whole.
struct Renaming<'a, 'c> {
    counting: &'c mut Counting<'a>,
    pseudonyms: &'a Pseudonyms,
}

impl FlowVisitor for Renaming<'_, '_> {
    fn visit(&mut self, record: &FlowRecord) {
        let decision = self.counting.decide(record);
        self.counting.count(&Pseudonyms::of_flow(Some(self.pseudonyms), record), &decision);
    }
}
