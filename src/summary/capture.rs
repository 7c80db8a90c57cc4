//! Totals of the capture, losses, and the packets without ports.

use std::collections::BTreeMap;

use super::Volume;
use crate::merge::{Merge, merge_maps};
use crate::net::Timestamp;
use crate::packet::Bucket;

/// Everything that was captured, whatever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureTotals {
    /// Frames.
    pub packets: u64,
    /// Bytes in the capture.
    pub captured_bytes: u64,
    /// Bytes on the wire, as the records state them.
    pub wire_bytes: u64,
    /// The earliest and the latest time stamp.
    pub span: Option<(Timestamp, Timestamp)>,
}

impl Merge for CaptureTotals {
    fn merge(&mut self, other: Self) {
        self.packets += other.packets;
        self.captured_bytes += other.captured_bytes;
        self.wire_bytes = self.wire_bytes.saturating_add(other.wire_bytes);
        self.span = match (self.span, other.span) {
            (Some((first, last)), Some((other_first, other_last))) => {
                Some((first.min(other_first), last.max(other_last)))
            }
            (span, other) => span.or(other),
        };
    }
}

/// What was lost on the way to the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Packets that the capturing kernel dropped for want of room.
    pub kernel_dropped: u64,
    /// Packets that the interface or its driver dropped.
    pub interface_dropped: u64,
    /// Flows that left the table early to keep within the bound on memory. Their packets and bytes are in every
    /// total; if they went on, they count as two flows or more.
    pub evicted_flows: u64,
}

impl Loss {
    /// What was lost since another, earlier state.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            kernel_dropped: self.kernel_dropped - before.kernel_dropped,
            interface_dropped: self.interface_dropped - before.interface_dropped,
            evicted_flows: self.evicted_flows - before.evicted_flows,
        }
    }

    /// Whether anything was lost.
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }
}

impl Merge for Loss {
    fn merge(&mut self, other: Self) {
        self.kernel_dropped += other.kernel_dropped;
        self.interface_dropped += other.interface_dropped;
        self.evicted_flows += other.evicted_flows;
    }
}

/// Packets without ports, each in one bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unclassified {
    /// Fragments with an offset above 0.
    pub fragment: Volume,
    /// Where the walk broke off at a bad header.
    pub malformed: Volume,
    /// Other protocols over IP, by their number.
    pub other_ip: BTreeMap<u8, Volume>,
    /// No IP at all.
    pub non_ip: Volume,
}

impl Unclassified {
    /// Adds one packet to its bucket.
    pub fn add(&mut self, bucket: Bucket, wire_len: u32) {
        let volume = match bucket {
            Bucket::Fragment => &mut self.fragment,
            Bucket::Malformed => &mut self.malformed,
            Bucket::OtherIp(protocol) => self.other_ip.entry(protocol.0).or_default(),
            Bucket::NonIp => &mut self.non_ip,
        };
        volume.add(wire_len);
    }

    /// The packets of all other protocols over IP.
    pub fn other_ip_total(&self) -> Volume {
        let mut total = Volume::default();
        for volume in self.other_ip.values() {
            total.merge(*volume);
        }
        total
    }

    /// All packets without ports.
    pub fn total(&self) -> Volume {
        let mut total = self.other_ip_total();
        for volume in [self.fragment, self.malformed, self.non_ip] {
            total.merge(volume);
        }
        total
    }
}

impl Merge for Unclassified {
    fn merge(&mut self, other: Self) {
        self.fragment.merge(other.fragment);
        self.malformed.merge(other.malformed);
        merge_maps(&mut self.other_ip, other.other_ip);
        self.non_ip.merge(other.non_ip);
    }
}
