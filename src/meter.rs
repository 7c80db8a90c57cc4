//! The metering process (RFC 7011, section 2): the one place that knows all hops from a frame to the summary.

use std::io;
use std::sync::Arc;

use crate::classify::{self, Decision, Learned, Observed, PortTable};
use crate::flow::{FlowOptions, FlowRecord, FlowTable, Flows};
use crate::merge::Merge;
use crate::packet::{Packet, walk};
use crate::source::{Drops, Frame};
use crate::summary::{Loss, Summary, Tally};

/// Takes flows as they end, with what was decided of them.
pub trait FlowSink {
    /// Takes one flow. Flows come by the time they began; those that had to be evicted come earlier.
    ///
    /// # Errors
    /// What kept it from being written. No flow comes after that.
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> io::Result<()>;
}

/// A flow that ended, what was decided of it, and from what.
#[derive(Clone, Copy, Debug)]
pub struct DecidedFlow<'a> {
    /// The flow.
    pub record: &'a FlowRecord,
    /// What the decision was made from.
    pub observed: &'a Observed,
    /// Its service.
    pub decision: &'a Decision,
    /// The table that the decision's ids belong to.
    pub table: &'a PortTable,
    /// What was known of endpoints in doubt.
    pub learned: &'a Learned,
}

/// Counts frames into a summary.
///
/// ```
/// use std::sync::Arc;
/// use portolan::{classify::PortTable, flow::FlowOptions, meter::Meter};
///
/// let meter = Meter::new(Arc::new(PortTable::built_in()), &FlowOptions::default());
/// let summary = meter.finish()?;
/// assert_eq!(summary.capture.packets, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Meter<'a> {
    flows: FlowTable,
    ledger: Ledger<'a>,
    loss: Loss,
}

/// Where flows end: they are decided, counted, and handed to the sink.
struct Ledger<'a> {
    table: Arc<PortTable>,
    learned: Learned,
    tally: Tally,
    sink: Option<&'a mut (dyn FlowSink + Send)>,
    /// Why the sink takes no more.
    failure: Option<io::Error>,
}

impl Ledger<'_> {
    fn new(table: Arc<PortTable>, options: &FlowOptions) -> Self {
        let tally = Tally::new(options.max_flows);
        Self { table, learned: Learned::new(), tally, sink: None, failure: None }
    }

    fn enter(&mut self, record: &FlowRecord) {
        let observed = Observed::from(record);
        let decision = classify::decide(&observed, &self.table, &self.learned);
        self.tally.flow(record, &decision);
        if let Some(sink) = self.sink.as_mut().filter(|_| self.failure.is_none()) {
            let (table, learned) = (&*self.table, &self.learned);
            let flow = DecidedFlow { record, observed: &observed, decision: &decision, table, learned };
            self.failure = sink.flow(&flow).err();
        }
    }

    /// Takes a flow that had to leave before the input ended: it is decided by what is known so far, and what it shows
    /// of its endpoints stays.
    fn enter_evicted(&mut self, record: &FlowRecord) {
        let observed = Observed::from(record);
        self.learned.remember(&observed, classify::is_in_doubt(&observed, &self.table));
        self.enter(record);
    }

    /// Learns what the flows show of the endpoints of those in doubt.
    fn learn(&mut self, flows: &Flows) {
        flows.visit(|record| {
            let observed = Observed::from(record);
            if classify::is_in_doubt(&observed, &self.table) {
                self.learned.ask(&observed);
            }
        });
        if !self.learned.is_empty() {
            flows.visit(|record| self.learned.learn(&record.into()));
        }
    }
}

impl<'a> Meter<'a> {
    /// A meter that has seen nothing.
    pub fn new(table: Arc<PortTable>, options: &FlowOptions) -> Self {
        Self { flows: FlowTable::new(options), ledger: Ledger::new(table, options), loss: Loss::default() }
    }

    /// Hands all flows to `sink`.
    #[must_use]
    pub fn with_sink(mut self, sink: &'a mut (dyn FlowSink + Send)) -> Self {
        self.ledger.sink = Some(sink);
        self
    }

    /// Whether the sink has failed, so that going on is of no use: [`Meter::finish`] will say why.
    pub const fn has_failed(&self) -> bool {
        self.ledger.failure.is_some()
    }

    /// Counts a frame.
    #[inline]
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.ledger.tally.frame(frame);
        match walk(frame) {
            Packet::Ports(packet) => {
                let ledger = &mut self.ledger;
                self.flows.add(&packet, &mut |record| ledger.enter_evicted(&record));
            }
            Packet::NoPorts(bucket) => self.ledger.tally.without_ports(bucket, frame.wire_len),
        }
    }

    /// Adds packets that were lost before they came here.
    pub const fn lost(&mut self, drops: Drops) {
        self.loss.kernel_dropped = self.loss.kernel_dropped.saturating_add(drops.kernel);
        self.loss.interface_dropped = self.loss.interface_dropped.saturating_add(drops.interface);
    }

    /// Takes over what another meter with the same table and options has seen: another part of the same input, cut
    /// anywhere, or another input. The order of merging changes nothing. Flows that `other` evicted went to its own
    /// sink; all others go to this one's.
    pub fn merge(&mut self, other: Meter<'_>) {
        self.ledger.tally.merge(other.ledger.tally);
        self.ledger.learned.merge(other.ledger.learned);
        self.ledger.failure = self.ledger.failure.take().or(other.ledger.failure);
        self.loss.merge(other.loss);
        let ledger = &mut self.ledger;
        self.flows.merge(other.flows, &mut |record| ledger.enter_evicted(&record));
    }

    /// Ends the input: decides the flows, hands them to the sink, and sums up.
    ///
    /// # Errors
    /// What the sink says; never any without one.
    pub fn finish(mut self) -> io::Result<Summary> {
        let ledger = &mut self.ledger;
        let flows = self.flows.finish(&mut |record| ledger.enter_evicted(&record));
        self.loss.evicted_flows = flows.evicted();
        let interval_ns = flows.interval_ns();
        ledger.learn(&flows);
        if ledger.sink.is_some() {
            flows.for_each_in_order(|record| ledger.enter(&record));
        } else {
            flows.for_each(|record| ledger.enter(&record));
        }
        match self.ledger.failure {
            Some(failure) => Err(failure),
            None => Ok(self.ledger.tally.into_summary(
                &self.ledger.table,
                &self.ledger.learned,
                interval_ns,
                self.loss,
            )),
        }
    }
}
