//! What happened in one interval of a capture that goes on.

use std::collections::{BTreeMap, HashMap};

use super::frames::FrameTally;
use super::rows::{Row, classes};
use super::{CaptureTotals, Distribution, Loss, ServiceKey, Unclassified, Volume};
use crate::classify::{Decision, PortTable};
use crate::flow::FlowRecord;
use crate::merge::{Merge, merge_maps};
use crate::net::{PortClass, Timestamp};

/// The packets of one interval, by what is known of their flows when it is closed. Packets that come late are in the interval
/// at hand, so that the intervals of a capture add up to its totals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntervalSummary {
    /// From when, and to when: half open, on the capture's clock.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The frames captured.
    pub capture: CaptureTotals,
    /// What was lost on the way; flows evicted as well.
    pub loss: Loss,
    /// Packets without ports.
    pub unclassified: Unclassified,
    /// Packet sizes on the wire in bytes.
    pub packet_size: Distribution,
    /// One row for each service, transport and service port.
    pub services: BTreeMap<ServiceKey, IntervalTotals>,
    /// By the class of the service port and that of its peer.
    pub port_classes: BTreeMap<(PortClass, PortClass), Volume>,
}

/// What the flows of a row did in an interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntervalTotals {
    /// What was sent to the service side.
    pub to_service: Volume,
    /// What the service side sent.
    pub from_service: Volume,
    /// What flows sent of which neither side is known to be the service.
    pub undirected: Volume,
    /// Flows that had packets.
    pub flows: u64,
    /// The flows that began in the interval before this one, so that answers had time to come.
    pub begun: Begun,
}

/// Flows that began, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// Flows.
    pub flows: u64,
    /// Flows in which both sides sent, and not only to refuse.
    pub answered: u64,
    /// TCP flows whose SYN nobody has answered.
    pub unanswered: u64,
    /// TCP flows whose SYN was answered by RST alone.
    pub refused: u64,
    /// Nanoseconds from SYN to the ACK that completes the handshake.
    pub handshake_rtt_ns: Distribution,
}

impl IntervalTotals {
    /// What was sent either way.
    pub fn volume(&self) -> Volume {
        let mut volume = self.to_service;
        volume.merge(self.from_service);
        volume.merge(self.undirected);
        volume
    }
}

impl Merge for Begun {
    fn merge(&mut self, other: Self) {
        self.flows += other.flows;
        self.answered += other.answered;
        self.unanswered += other.unanswered;
        self.refused += other.refused;
        self.handshake_rtt_ns.merge(other.handshake_rtt_ns);
    }
}

/// A flow counts in each interval in which it has packets.
impl Merge for IntervalTotals {
    fn merge(&mut self, other: Self) {
        self.to_service.merge(other.to_service);
        self.from_service.merge(other.from_service);
        self.undirected.merge(other.undirected);
        self.flows += other.flows;
        self.begun.merge(other.begun);
    }
}

/// From the beginning of the earlier to the end of the later one.
impl Merge for IntervalSummary {
    fn merge(&mut self, other: Self) {
        self.span = match (self.span, other.span) {
            (Some((begin, end)), Some((others, other_end))) => Some((begin.min(others), end.max(other_end))),
            (span, other) => span.or(other),
        };
        self.capture.merge(other.capture);
        self.loss.merge(other.loss);
        self.unclassified.merge(other.unclassified);
        self.packet_size.merge(other.packet_size);
        merge_maps(&mut self.services, other.services);
        merge_maps(&mut self.port_classes, other.port_classes);
    }
}

/// Counts what flows did in an interval.
#[derive(Debug, Default)]
pub struct IntervalTally {
    rows: HashMap<Row, IntervalTotals, foldhash::fast::RandomState>,
    port_classes: BTreeMap<(PortClass, PortClass), Volume>,
}

impl IntervalTally {
    /// Counts the packets of a flow's series, and if it is `new` what became of it.
    pub fn flow(&mut self, record: &FlowRecord, decision: &Decision, is_new: bool) {
        let mut sent = [Volume::default(); 2];
        for interval in &record.intervals {
            for (side, volume) in sent.iter_mut().enumerate() {
                volume.merge(Volume { packets: interval.packets[side], bytes: interval.bytes[side] });
            }
        }
        let [mut both, by_b] = sent;
        both.merge(by_b);
        if both.packets == 0 && !is_new {
            return;
        }
        let totals = self.rows.entry(Row::of(record, decision)).or_default();
        if both.packets > 0 {
            totals.flows += 1;
            match decision.service_side {
                Some(side) => {
                    totals.from_service.merge(side.of(sent));
                    totals.to_service.merge(side.other().of(sent));
                }
                None => totals.undirected.merge(both),
            }
            let [service_class, peer_class] = classes(record, decision);
            self.port_classes.entry((service_class, peer_class)).or_default().merge(both);
        }
        if is_new {
            totals.begun.flows += 1;
            let is_answered = record.sent.iter().all(|sent| sent.packets > 0) && !decision.refused;
            totals.begun.answered += u64::from(is_answered);
            totals.begun.unanswered += u64::from(decision.unanswered);
            totals.begun.refused += u64::from(decision.refused);
            if let Some(rtt) = record.handshake_rtt_ns() {
                totals.begun.handshake_rtt_ns.record(rtt);
            }
        }
    }

    /// Together with the interval's frames.
    pub(super) fn into_summary(self, frames: FrameTally, table: &PortTable) -> IntervalSummary {
        let (capture, packet_size) = frames.totals();
        IntervalSummary {
            span: None,
            capture,
            loss: Loss::default(),
            packet_size,
            unclassified: frames.unclassified,
            services: self.rows.into_iter().map(|(row, totals)| (row.key(table), totals)).collect(),
            port_classes: self.port_classes,
        }
    }
}
