//! The counters that everything is counted in.

use crate::flow::FlowRecord;
use crate::merge::Merge;

/// Packets and the bytes they had on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Packets.
    pub packets: u64,
    /// Wire bytes: whole frames, with link header, padding and every outer header of a tunnel.
    pub bytes: u64,
}

impl Volume {
    /// Adds one packet.
    #[inline]
    pub fn add(&mut self, wire_len: u32) {
        self.packets += 1;
        self.bytes = self.bytes.saturating_add(u64::from(wire_len));
    }
}

impl Merge for Volume {
    #[inline]
    fn merge(&mut self, other: Self) {
        self.packets += other.packets;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// A volume and the flows it came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets and bytes.
    pub volume: Volume,
    /// Flows.
    pub flows: u64,
}

impl Counts {
    /// The counts of one flow.
    #[inline]
    pub fn of(record: &FlowRecord) -> Self {
        Self { volume: Volume { packets: record.packets(), bytes: record.bytes() }, flows: 1 }
    }
}

impl Merge for Counts {
    #[inline]
    fn merge(&mut self, other: Self) {
        self.volume.merge(other.volume);
        self.flows += other.flows;
    }
}
