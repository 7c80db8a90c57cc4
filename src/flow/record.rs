//! What is known of one flow once it is over.

use crate::net::{Endpoint, PortPair, Side, Timestamp, Transport};
use crate::packet::TcpFlags;

/// One flow: a bidirectional 5-tuple whose packets are never further apart than the idle timeout.
///
/// Every field is a function of the *set* of the flow's packets, whatever the order they were read in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRecord {
    /// The transport.
    pub transport: Transport,
    /// The two endpoints by [`Side`]; `endpoints[0] <= endpoints[1]`.
    pub endpoints: [Endpoint; 2],
    /// The earliest and the latest time stamp; `None` if no packet had one.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What each side sent, by [`Side`].
    pub sent: [Traffic; 2],
    /// Who sent the earliest packet; A if both sides sent one at that very time.
    pub opener: Side,
    /// The TCP handshake, as far as it was seen.
    pub handshake: Handshake,
    /// What was sent in each interval, by rising time; empty unless a series was asked for.
    pub intervals: Vec<IntervalVolume>,
}

/// What a flow sent in one interval of capture time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntervalVolume {
    /// The interval's start, a multiple of its width since 1970; `None` for packets without a time stamp.
    pub start: Option<Timestamp>,
    /// Packets of each side, by [`Side`].
    pub packets: [u64; 2],
    /// Wire bytes of each side.
    pub bytes: [u64; 2],
}

/// What one side of a flow sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// Wire lengths in bytes, added up.
    pub bytes: u64,
    /// All TCP flags that were set in any packet.
    pub flags: TcpFlags,
}

/// The first packets of each kind that make a TCP handshake, by the [`Side`] that sent them.
///
/// A packet without a time stamp counts as seen at the flow's first time, or at 0 if no packet has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// SYN without ACK.
    pub syn: [Option<Timestamp>; 2],
    /// SYN with ACK.
    pub syn_ack: [Option<Timestamp>; 2],
    /// ACK without SYN and RST.
    pub ack: [Option<Timestamp>; 2],
}

impl FlowRecord {
    /// The endpoint of a side.
    pub const fn endpoint(&self, side: Side) -> Endpoint {
        side.of(self.endpoints)
    }

    /// What a side sent.
    pub const fn sent_by(&self, side: Side) -> Traffic {
        side.of(self.sent)
    }

    /// The port pair.
    pub const fn port_pair(&self) -> PortPair {
        PortPair::new(self.transport, self.endpoints[0].port, self.endpoints[1].port)
    }

    /// Packets both ways.
    pub const fn packets(&self) -> u64 {
        self.sent[0].packets + self.sent[1].packets
    }

    /// Wire bytes both ways.
    pub const fn bytes(&self) -> u64 {
        self.sent[0].bytes + self.sent[1].bytes
    }

    /// The round-trip time of the TCP handshake in ns (see [`Handshake::rtt_ns`]).
    #[inline]
    pub fn handshake_rtt_ns(&self) -> Option<u64> {
        self.span.and_then(|_| self.handshake.rtt_ns())
    }

    /// Nanoseconds from the first packet to the last; 0 without time stamps.
    #[inline]
    pub fn duration_ns(&self) -> u64 {
        self.span.map_or(0, |(first, last)| last.nanos_since(first))
    }
}

impl Handshake {
    /// The side that asked for the connection: it sent the earliest SYN, or its peer the earliest SYN/ACK.
    /// `None` if the flow has neither.
    #[inline]
    pub fn client(&self) -> Option<Side> {
        earliest(&self.syn).or_else(|| earliest(&self.syn_ack).map(Side::other))
    }

    /// Whether the service side answered with SYN/ACK.
    pub fn answered(&self) -> bool {
        self.client().is_some_and(|client| client.other().of(self.syn_ack).is_some())
    }

    /// Nanoseconds from the client's first SYN to the ACK that completed the handshake, so the round trip over
    /// the whole path wherever the capture was made. `None` unless SYN, SYN/ACK and ACK are there in that order.
    #[inline]
    pub fn rtt_ns(&self) -> Option<u64> {
        let client = self.client()?;
        let syn = client.of(self.syn)?;
        let syn_ack = client.other().of(self.syn_ack)?;
        let ack = client.of(self.ack)?;
        (syn <= syn_ack && syn_ack <= ack).then(|| ack.nanos_since(syn))
    }
}

/// The side with the earlier time; A in a tie.
#[inline]
fn earliest(times: &[Option<Timestamp>; 2]) -> Option<Side> {
    match *times {
        [Some(a), Some(b)] if b < a => Some(Side::B),
        [Some(_), _] => Some(Side::A),
        [None, Some(_)] => Some(Side::B),
        [None, None] => None,
    }
}
