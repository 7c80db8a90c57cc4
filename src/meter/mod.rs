//! The metering process (RFC 7011, section 2): the one place that knows all hops from a frame to the summary.

mod intervals;
mod ledger;

use std::io;
use std::sync::Arc;

use crate::classify::{Decision, Learned, Observed, PortTable};
use crate::flow::{FlowOptions, FlowRecord, FlowTable};
use crate::merge::Merge;
use crate::net::Side;
use crate::packet::{Packet, PacketMeta, plainest, walk_other};
use crate::pseudonyms::Pseudonyms;
use crate::source::{Drops, Frame};
use crate::summary::{Loss, Summary, TalkerTally};
use ledger::Ledger;

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

impl DecidedFlow<'_> {
    /// The service's side; where none was chosen, whoever spoke first stands for the client.
    pub fn server(&self) -> Side {
        self.decision.service_side.unwrap_or_else(|| self.record.opener.other())
    }
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

impl<'a> Meter<'a> {
    /// A meter that has seen nothing.
    pub fn new(table: Arc<PortTable>, options: &FlowOptions) -> Self {
        let (flows, ledger) = (FlowTable::new(options), Ledger::new(table, options));
        Self { flows, ledger, loss: Loss::default() }
    }

    /// Hands all flows to `sink`.
    #[must_use]
    pub fn with_sink(mut self, sink: &'a mut (dyn FlowSink + Send)) -> Self {
        self.ledger.sink = Some(sink);
        self
    }

    /// Keeps intervals, which [`Meter::close_interval`] closes one after the other. The flow options have to have their width;
    /// the summary in the end has no series.
    #[must_use]
    pub fn with_intervals(mut self) -> Self {
        self.ledger.intervals = Some(intervals::Intervals::default());
        self
    }

    /// Counts the hosts and conversations with the most bytes: in all flows for `None`, or in those of the service or category of
    /// that name.
    #[must_use]
    pub fn with_talkers(mut self, within: impl IntoIterator<Item = Option<String>>) -> Self {
        self.ledger.talkers.extend(within.into_iter().map(TalkerTally::new));
        self
    }

    /// Shows addresses by their pseudonyms alone, to the sink and in the summary, which says so. Services are decided by the true ones.
    ///
    /// What [`FlowRecord::endpoints`] says of their order holds for the true ones; so do [`DecidedFlow::observed`] and
    /// [`DecidedFlow::learned`].
    #[must_use]
    pub fn with_pseudonyms(mut self, pseudonyms: Pseudonyms) -> Self {
        self.ledger.pseudonyms = Some(pseudonyms);
        self
    }

    /// How much room is taken now, as [`FlowTable::load`].
    pub fn load(&self) -> usize {
        self.flows.load()
    }

    /// Whether the sink has failed, so that going on is of no use: [`Meter::finish`] will say why.
    pub const fn has_failed(&self) -> bool {
        self.ledger.failure.is_some()
    }

    /// Counts a frame.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.frames(std::slice::from_ref(frame));
    }

    /// Counts frames.
    pub fn frames(&mut self, frames: &[Frame<'_>]) {
        for frame in frames {
            self.ledger.tally.frame(frame);
            match plainest(frame) {
                Some(packet) => self.packet(&packet),
                None => self.other_frame(frame),
            }
        }
    }

    /// Away from the way that most frames take, which so is one without a branch by the kind of addresses.
    #[inline(never)]
    fn other_frame(&mut self, frame: &Frame<'_>) {
        match walk_other(frame) {
            Packet::Ports(packet) => self.packet(&packet),
            Packet::NoPorts(bucket) => self.ledger.tally.without_ports(bucket, frame.wire_len),
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn packet(&mut self, packet: &PacketMeta) {
        let ledger = &mut self.ledger;
        self.flows.add(packet, &mut |record| ledger.enter_evicted(&record));
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
        self.ledger.merge(other.ledger);
        self.loss.merge(other.loss);
        let ledger = &mut self.ledger;
        self.flows.merge(other.flows, &mut |record| ledger.enter_evicted(&record));
    }

    /// Ends the input: decides the flows, hands them to the sink, and sums up.
    ///
    /// # Errors
    /// What the sink says; never any without one.
    pub fn finish(self) -> io::Result<Summary> {
        let Self { flows, ledger, mut loss } = self;
        let flows = flows.finish();
        loss.evicted_flows = flows.evicted();
        ledger.close(flows, loss)
    }
}
