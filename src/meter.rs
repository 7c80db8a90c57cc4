//! The metering process (RFC 7011, section 2): the one place that knows all hops from a frame to the summary.

use std::io;
use std::sync::Arc;

use crate::classify::{self, Decision, PortTable};
use crate::flow::{FlowOptions, FlowRecord, FlowTable};
use crate::packet::{Packet, PacketMeta, walk};
use crate::source::Frame;
use crate::summary::{Loss, Summary, Tally};

/// Takes flows as they end, with what was decided of them.
pub trait FlowSink {
    /// Takes one flow. Flows come by the time they began; those that had to be evicted come earlier.
    ///
    /// # Errors
    /// What kept it from being written. No flow comes after that.
    fn flow(&mut self, record: &FlowRecord, decision: &Decision, table: &PortTable) -> io::Result<()>;
}

/// Frames that are walked before their packets go to the flow table together.
const BATCH: usize = 32;

/// Counts frames into a summary.
///
/// ```
/// use std::sync::Arc;
/// use portolan::{classify::PortTable, flow::FlowOptions, meter::Meter};
///
/// let meter = Meter::new(Arc::new(PortTable::built_in()), &FlowOptions::default());
/// let summary = meter.finish(None)?;
/// assert_eq!(summary.capture.packets, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Meter {
    table: Arc<PortTable>,
    flows: FlowTable,
    tally: Tally,
    batch: Vec<PacketMeta>,
    /// Flows that were evicted since they were last handed out.
    evicted: Vec<FlowRecord>,
    loss: Loss,
}

impl Meter {
    /// A meter that has seen nothing.
    pub fn new(table: Arc<PortTable>, options: &FlowOptions) -> Self {
        Self {
            table,
            flows: FlowTable::new(options),
            tally: Tally::new(options.max_flows),
            batch: Vec::with_capacity(BATCH),
            evicted: Vec::new(),
            loss: Loss::default(),
        }
    }

    /// Counts a frame.
    #[inline]
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.tally.frame(frame);
        match walk(frame) {
            Packet::Ports(packet) => {
                self.batch.push(packet);
                if self.batch.len() == BATCH {
                    self.add_batch();
                }
            }
            Packet::NoPorts(bucket) => self.tally.without_ports(bucket, frame.wire_len),
        }
    }

    fn add_batch(&mut self) {
        let evicted = &mut self.evicted;
        self.flows.add(&self.batch, &mut |record| evicted.push(record));
        self.batch.clear();
    }

    /// Adds packets that were lost before they came here.
    pub fn lost(&mut self, kernel_dropped: u64, interface_dropped: u64) {
        self.loss.kernel_dropped += kernel_dropped;
        self.loss.interface_dropped += interface_dropped;
    }

    /// Counts the flows that had to be evicted, and hands them to the sink. Has to be called now and then, for they
    /// wait in memory.
    ///
    /// # Errors
    /// What the sink says.
    pub fn drain_evicted(&mut self, mut sink: Option<&mut (dyn FlowSink + '_)>) -> io::Result<()> {
        for record in std::mem::take(&mut self.evicted) {
            count_flow(&mut self.tally, &self.table, &record, &mut sink)?;
        }
        Ok(())
    }

    /// Whether evicted flows wait to be drained.
    #[inline]
    pub fn has_evicted(&self) -> bool {
        !self.evicted.is_empty()
    }

    /// Takes over what another meter with the same table and options has seen: another part of the same input, cut
    /// anywhere, or another input. The order of merging changes nothing.
    pub fn merge(&mut self, mut other: Self) {
        self.add_batch();
        other.add_batch();
        self.tally.merge(other.tally);
        self.evicted.append(&mut other.evicted);
        self.lost(other.loss.kernel_dropped, other.loss.interface_dropped);
        let evicted = &mut self.evicted;
        self.flows.merge(other.flows, &mut |record| evicted.push(record));
    }

    /// Ends the input: decides the flows, hands them to the sink, and sums up.
    ///
    /// # Errors
    /// What the sink says; never any without one.
    pub fn finish(mut self, mut sink: Option<&mut (dyn FlowSink + '_)>) -> io::Result<Summary> {
        self.add_batch();
        self.drain_evicted(sink.as_deref_mut())?;
        self.loss.evicted_flows = self.flows.evicted();
        let flows = self.flows.finish();
        let interval_ns = flows.interval_ns();
        let (tally, table) = (&mut self.tally, &self.table);
        match sink {
            Some(_) => flows.for_each_in_order(|record| count_flow(tally, table, &record, &mut sink))?,
            None => flows.for_each(|record| tally.flow(&record, &classify::decide(&record, table))),
        }
        Ok(self.tally.into_summary(&self.table, interval_ns, self.loss))
    }
}

fn count_flow(
    tally: &mut Tally,
    table: &PortTable,
    record: &FlowRecord,
    sink: &mut Option<&mut (dyn FlowSink + '_)>,
) -> io::Result<()> {
    let decision = classify::decide(record, table);
    tally.flow(record, &decision);
    match sink {
        Some(sink) => sink.flow(record, &decision, table),
        None => Ok(()),
    }
}
