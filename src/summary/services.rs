//! Rows by service.

use std::collections::BTreeMap;

use super::rows::Kind;
use super::{Counts, Distribution};
use crate::classify::{Basis, Confidence};
use crate::merge::Merge;
use crate::net::Transport;

/// What a row of services stands for. A summary has one for each service, transport and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey {
    /// The service's name by IANA or the port table; `unknown` where nothing tells.
    pub service: String,
    /// What people call it, if that is another name.
    pub alias: Option<String>,
    /// Its category.
    pub category: String,
    /// The family of the category.
    pub family: String,
    /// The transport.
    pub transport: Transport,
    /// The service port; `None` for unknown traffic.
    pub port: Option<u16>,
}

impl ServiceKey {
    /// What no two rows of a summary have in common.
    pub fn identity(&self) -> (&str, Transport, Option<u16>) {
        (&self.service, self.transport, self.port)
    }
}

/// Adds up rows to one for each service, transport and port. Where port tables call it otherwise, or put it elsewhere, the
/// greatest of their keys stands for all of them, so that the order of merging changes nothing.
pub(crate) fn one_row_each(
    rows: impl IntoIterator<Item = (ServiceKey, ServiceTotals)>,
) -> BTreeMap<ServiceKey, ServiceTotals> {
    let mut found: BTreeMap<_, (ServiceKey, ServiceTotals)> = BTreeMap::new();
    for (key, totals) in rows {
        let identity = (key.service.clone(), key.transport, key.port);
        let (greatest, sum) =
            found.entry(identity).or_insert_with(|| (key.clone(), ServiceTotals::default()));
        sum.merge(totals);
        if key > *greatest {
            *greatest = key;
        }
    }
    found.into_values().collect()
}

/// What is known of a row's flows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceTotals {
    /// Packets, bytes and flows.
    pub counts: Counts,
    /// Flows by how certain the decision is.
    pub confidence: ConfidenceFlows,
    /// Flows by the basis of their decision, in the order of [`Basis::ALL`].
    pub bases: [u64; Basis::ALL.len()],
    /// TCP flows whose SYN nobody answered.
    pub unanswered: u64,
    /// TCP flows whose SYN was answered by RST alone.
    pub refused: u64,
    /// Wire bytes of a flow.
    pub flow_bytes: Distribution,
    /// Packets of a flow.
    pub flow_packets: Distribution,
    /// Nanoseconds from the first packet of a flow to the last.
    pub flow_duration_ns: Distribution,
    /// Nanoseconds from SYN to the ACK that completes the handshake, of the flows that have one.
    pub handshake_rtt_ns: Distribution,
}

/// Flows by the band in which the confidence of their service lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConfidenceFlows {
    /// Of high confidence.
    pub high: u64,
    /// Of medium confidence.
    pub medium: u64,
    /// Of low confidence.
    pub low: u64,
}

impl ConfidenceFlows {
    const fn band(&mut self, confidence: Confidence) -> &mut u64 {
        match confidence {
            Confidence::High => &mut self.high,
            Confidence::Medium => &mut self.medium,
            Confidence::Low => &mut self.low,
        }
    }
}

impl Merge for ConfidenceFlows {
    fn merge(&mut self, other: Self) {
        self.high += other.high;
        self.medium += other.medium;
        self.low += other.low;
    }
}

impl ServiceTotals {
    /// Adds what flows of a kind have, but their sizes.
    pub(super) fn add(&mut self, kind: Kind, counts: Counts) {
        self.counts.merge(counts);
        *self.confidence.band(kind.confidence) += counts.flows;
        self.bases[kind.basis.index()] += counts.flows;
        self.unanswered += if kind.unanswered { counts.flows } else { 0 };
        self.refused += if kind.refused { counts.flows } else { 0 };
    }
}

impl Merge for ServiceTotals {
    fn merge(&mut self, other: Self) {
        self.counts.merge(other.counts);
        self.confidence.merge(other.confidence);
        for (flows, others) in self.bases.iter_mut().zip(other.bases) {
            *flows += others;
        }
        self.unanswered += other.unanswered;
        self.refused += other.refused;
        self.flow_bytes.merge(other.flow_bytes);
        self.flow_packets.merge(other.flow_packets);
        self.flow_duration_ns.merge(other.flow_duration_ns);
        self.handshake_rtt_ns.merge(other.handshake_rtt_ns);
    }
}
