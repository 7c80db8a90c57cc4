//! Counting while packets and flows come in: by ids, without names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::frames::FrameTally;
use super::interval::IntervalTally;
use super::pair_counter::PairCounter;
use super::rows::{Row, Rows};
use super::services::{ServiceKey, ServiceTotals};
use super::{Certainty, Counts, IntervalSummary, Loss, Series, Summary, UnknownEndpoints, Volume};
use crate::classify::{Decision, Learned, PortTable};
use crate::flow::{FlowRecord, IntervalVolume};
use crate::merge::{Merge, merge_maps};
use crate::net::{PortClass, Timestamp};
use crate::packet::Bucket;
use crate::source::Frame;

/// What has been counted so far.
#[derive(Debug)]
pub struct Tally {
    frames: FrameTally,
    rows: Rows,
    /// What was counted by port tables that are in use no more.
    named: BTreeMap<ServiceKey, ServiceTotals>,
    /// By the class of the service port and that of its peer, of the same flows.
    port_classes: BTreeMap<(PortClass, PortClass), Counts>,
    /// Of the same flows.
    certainty: Certainty,
    /// The versions of these tables.
    tables: BTreeSet<String>,
    port_pairs: PairCounter,
    unknown_endpoints: UnknownEndpoints,
    /// Volumes by the start of the interval, and the row.
    intervals: HashMap<(Option<Timestamp>, Row), Volume, foldhash::fast::RandomState>,
    /// The frames of intervals that have been closed.
    closed: FrameTally,
}

impl Tally {
    /// Nothing counted yet. At most `most_port_pairs` port pairs are kept apart.
    pub fn new(most_port_pairs: usize) -> Self {
        Self {
            frames: FrameTally::default(),
            rows: Rows::default(),
            named: BTreeMap::new(),
            port_classes: BTreeMap::new(),
            certainty: Certainty::default(),
            tables: BTreeSet::new(),
            port_pairs: PairCounter::new(most_port_pairs),
            unknown_endpoints: UnknownEndpoints::default(),
            intervals: HashMap::default(),
            closed: FrameTally::default(),
        }
    }

    /// Counts a frame.
    #[inline]
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.frames.add(frame);
    }

    /// Counts a frame without ports in its bucket.
    pub fn without_ports(&mut self, bucket: Bucket, wire_len: u32) {
        self.frames.without_ports(bucket, wire_len);
    }

    /// Counts a flow by what was decided of it.
    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    pub fn flow(&mut self, record: &FlowRecord, decision: &Decision, table: &PortTable) {
        let counts = Counts::of(record);
        self.rows.add(record, decision, counts);
        self.unknown_endpoints.add(record, decision, counts, table);
        self.port_pairs.add(record.port_pair(), counts.volume);
    }

    /// Counts what a flow sent in each interval.
    #[inline]
    pub fn series(&mut self, record: &FlowRecord, decision: &Decision) {
        if record.intervals.is_empty() {
            return;
        }
        self.add_series(&record.intervals, Row::of(record, decision));
    }

    fn add_series(&mut self, volumes: &[IntervalVolume], row: Row) {
        for &IntervalVolume { start, packets, bytes } in volumes {
            let volume = Volume { packets: packets.iter().sum(), bytes: bytes.iter().sum() };
            self.intervals.entry((start, row)).or_default().merge(volume);
        }
    }

    /// Closes an interval of the capture: its frames, with what its flows did.
    pub fn close_interval(&mut self, flows: IntervalTally, table: &PortTable) -> IntervalSummary {
        let frames = std::mem::take(&mut self.frames);
        self.closed.merge(frames.clone());
        flows.into_summary(frames, table)
    }

    /// Ends counting by the ids of this table: what was counted keeps its names. The series has to be empty.
    pub fn leave_table(&mut self, table: &PortTable) {
        self.tables.insert(table.version());
        let rows = std::mem::take(&mut self.rows);
        for (kind, counts) in rows.kinds() {
            let [service_class, peer_class] = kind.classes;
            self.port_classes.entry((service_class, peer_class)).or_default().merge(counts);
            self.certainty.add(kind, counts);
        }
        for (row, totals) in rows.into_totals() {
            self.named.entry(row.key(table)).or_default().merge(totals);
        }
    }

    /// Adds what another part of the input has counted by the same port table.
    pub fn merge(&mut self, other: Self) {
        merge_maps(&mut self.named, other.named);
        self.tables.extend(other.tables);
        self.frames.merge(other.frames);
        self.closed.merge(other.closed);
        self.rows.merge(other.rows);
        merge_maps(&mut self.port_classes, other.port_classes);
        self.port_pairs.merge(other.port_pairs);
        self.certainty.merge(other.certainty);
        self.unknown_endpoints.merge(other.unknown_endpoints);
        for (interval, volume) in other.intervals {
            self.intervals.entry(interval).or_default().merge(volume);
        }
    }

    /// The summary, with the names of the table. `interval_ns` is the width of the intervals at the end: flows that
    /// were evicted earlier may have been counted by narrower ones.
    pub fn into_summary(
        mut self,
        table: &PortTable,
        learned: &Learned,
        interval_ns: Option<u64>,
        loss: Loss,
    ) -> Summary {
        let intervals = std::mem::take(&mut self.intervals);
        self.leave_table(table);
        self.certainty.note(learned);
        let (port_pairs, other_port_pairs) = self.port_pairs.finish();
        self.frames.merge(self.closed);
        let (capture, packet_size) = self.frames.totals();
        Summary {
            tables: self.tables,
            anonymized: BTreeSet::new(),
            inputs: Vec::new(),
            capture,
            loss,
            packet_size,
            unclassified: self.frames.unclassified,
            series: interval_ns.map(|width| series(width, intervals, table)),
            services: self.named,
            port_classes: self.port_classes,
            port_pairs,
            other_port_pairs,
            certainty: self.certainty,
            unknown_endpoints: self.unknown_endpoints,
            other_unknown_endpoints: Counts::default(),
            talkers: BTreeMap::new(),
        }
    }
}

fn series(
    width_ns: u64,
    volumes: HashMap<(Option<Timestamp>, Row), Volume, foldhash::fast::RandomState>,
    table: &PortTable,
) -> Series {
    let mut series = Series { width_ns: 1, ..Series::default() };
    for ((start, row), volume) in volumes {
        let key = row.key(table);
        let interval = series.intervals.entry(start).or_default();
        merge_maps(interval, [((key.service, key.category), volume)].into());
    }
    series.on_grid(width_ns)
}
