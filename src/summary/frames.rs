//! What is counted of every frame, before anybody knows its flow.

use super::{CaptureTotals, Distribution, Unclassified};
use crate::merge::Merge;
use crate::net::Timestamp;
use crate::packet::Bucket;
use crate::source::Frame;

/// Frames longer than this are put into the distribution of sizes one by one; shorter ones are counted by length.
const COUNTED_LENGTHS: usize = 2048;

/// Counters of frames: as few as can be, for they are touched for every one.
#[derive(Clone, Debug)]
pub(super) struct FrameTally {
    pub(super) unclassified: Unclassified,
    captured_bytes: u64,
    /// The earliest and the latest time in ns; the one above the other while there is none.
    first: i64,
    last: i64,
    /// Packets by their wire length.
    lengths: Box<[u64; COUNTED_LENGTHS]>,
    long_packets: Distribution,
}

impl Default for FrameTally {
    fn default() -> Self {
        Self {
            unclassified: Unclassified::default(),
            captured_bytes: 0,
            first: i64::MAX,
            last: i64::MIN,
            lengths: Box::new([0; COUNTED_LENGTHS]),
            long_packets: Distribution::default(),
        }
    }
}

impl FrameTally {
    /// Counts a frame.
    #[inline]
    pub(super) fn add(&mut self, frame: &Frame<'_>) {
        self.captured_bytes += frame.captured.len() as u64;
        if let Some(time) = frame.timestamp {
            self.first = self.first.min(time.as_nanos());
            self.last = self.last.max(time.as_nanos());
        }
        match self.lengths.get_mut(frame.wire_len as usize) {
            Some(packets) => *packets += 1,
            None => self.long_packets.record(u64::from(frame.wire_len)),
        }
    }

    /// Counts a frame without ports in its bucket.
    pub(super) fn without_ports(&mut self, bucket: Bucket, wire_len: u32) {
        self.unclassified.add(bucket, wire_len);
    }

    /// The totals of all frames, and their lengths on the wire in bytes.
    pub(super) fn totals(&self) -> (CaptureTotals, Distribution) {
        let sizes = self.packet_size();
        let is_timed = self.first <= self.last;
        let capture = CaptureTotals {
            packets: sizes.count(),
            captured_bytes: self.captured_bytes,
            wire_bytes: u64::try_from(sizes.sum()).unwrap_or(u64::MAX),
            span: is_timed.then(|| (Timestamp::from_nanos(self.first), Timestamp::from_nanos(self.last))),
        };
        (capture, sizes)
    }

    fn packet_size(&self) -> Distribution {
        let mut packet_size = self.long_packets.clone();
        for (length, &packets) in (0..).zip(self.lengths.iter()) {
            packet_size.record_n(length, packets);
        }
        packet_size
    }
}

impl Merge for FrameTally {
    fn merge(&mut self, other: Self) {
        self.unclassified.merge(other.unclassified);
        self.captured_bytes += other.captured_bytes;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (packets, others) in self.lengths.iter_mut().zip(other.lengths.iter()) {
            *packets += others;
        }
        self.long_packets.merge(other.long_packets);
    }
}
