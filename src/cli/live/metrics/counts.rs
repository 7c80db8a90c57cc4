//! What was counted since the program began, by labels of which there is a bound.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use portolan::merge::Merge as _;
use portolan::net::Timestamp;
use portolan::summary::{IntervalSummary, IntervalTotals, Loss, ServiceKey, Unclassified, Volume};

use super::histogram::{HANDSHAKE_RTT, Histogram, PACKET_SIZE};

/// Services that have a name of their own. The port table has more; a port scan would make a series of each of them.
pub(super) const MOST_SERVICES: usize = 1000;
/// As many of them may be services that have no flow in which both sides sent: scans, and floods from made-up addresses, leave
/// names for others.
const MOST_SILENT: usize = MOST_SERVICES / 2;
/// Categories that have a name of their own. The port table has 37, and rules may add to them.
pub(super) const MOST_CATEGORIES: usize = 100;
/// The name of those that have none of their own.
pub(super) const OTHER: &str = "other";
const UNKNOWN: &str = "unknown";

/// What the flows of a service did.
#[derive(Debug, Default)]
pub(super) struct ServiceCounts {
    pub(super) to_service: Volume,
    pub(super) from_service: Volume,
    pub(super) undirected: Volume,
    /// Flows with packets in the last interval.
    pub(super) active: u64,
    pub(super) begun: u64,
    pub(super) unanswered: u64,
    pub(super) refused: u64,
}

impl ServiceCounts {
    fn add(&mut self, totals: &IntervalTotals) {
        self.to_service.merge(totals.to_service);
        self.from_service.merge(totals.from_service);
        self.undirected.merge(totals.undirected);
        self.active += totals.flows;
        self.begun += totals.begun.flows;
        self.unanswered += totals.begun.unanswered;
        self.refused += totals.begun.refused;
    }
}

/// Everything that metrics show of the traffic.
#[derive(Debug)]
pub(super) struct Counts {
    /// By category and service.
    pub(super) services: BTreeMap<(String, String), ServiceCounts>,
    /// Of every category that has a name.
    pub(super) handshake_rtt: BTreeMap<String, Histogram>,
    pub(super) packet_size: Histogram,
    pub(super) captured: Volume,
    pub(super) unclassified: Unclassified,
    pub(super) loss: Loss,
    pub(super) intervals: u64,
    /// When the last interval ended.
    pub(super) end: Option<Timestamp>,
}

impl Counts {
    pub(super) fn new() -> Self {
        let unknown = (UNKNOWN.to_owned(), UNKNOWN.to_owned());
        Self {
            handshake_rtt: [(UNKNOWN.to_owned(), Histogram::new(&HANDSHAKE_RTT))].into(),
            services: [(unknown, ServiceCounts::default())].into(),
            packet_size: Histogram::new(&PACKET_SIZE),
            captured: Volume::default(),
            unclassified: Unclassified::default(),
            loss: Loss::default(),
            intervals: 0,
            end: None,
        }
    }

    /// Adds an interval.
    pub(super) fn add(&mut self, interval: &IntervalSummary) {
        let capture = &interval.capture;
        self.captured.merge(Volume { packets: capture.packets, bytes: capture.wire_bytes });
        self.unclassified.merge(interval.unclassified.clone());
        self.loss.merge(interval.loss);
        self.packet_size.add(&interval.packet_size);
        self.intervals += 1;
        self.end = interval.span.map(|(_, end)| end).or(self.end);
        for counts in self.services.values_mut() {
            counts.active = 0;
        }
        // Where names run out, those with most bytes have them.
        let mut rows: Vec<_> = interval.services.iter().collect();
        rows.sort_by_key(|(_, totals)| Reverse(totals.volume().bytes));
        for (key, totals) in rows {
            self.add_service(key, totals);
        }
    }

    fn add_service(&mut self, key: &ServiceKey, totals: &IntervalTotals) {
        let (category, service) = self.labels(key, totals);
        let rtt = self.handshake_rtt.entry(category.clone());
        rtt.or_insert_with(|| Histogram::new(&HANDSHAKE_RTT)).add(&totals.begun.handshake_rtt_ns);
        self.services.entry((category, service)).or_default().add(totals);
    }

    /// The category and service that a row counts to.
    fn labels(&self, key: &ServiceKey, totals: &IntervalTotals) -> (String, String) {
        let has_name = self.handshake_rtt.contains_key(&key.category);
        if !has_name && self.handshake_rtt.len() >= MOST_CATEGORIES {
            return (OTHER.to_owned(), OTHER.to_owned());
        }
        let labels = (key.category.clone(), key.service.clone());
        let most = if totals.begun.answered > 0 { MOST_SERVICES } else { MOST_SILENT };
        if self.services.contains_key(&labels) || self.services.len() < most {
            return labels;
        }
        (labels.0, OTHER.to_owned())
    }
}
