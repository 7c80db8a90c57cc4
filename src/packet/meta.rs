//! What the walk makes of a frame.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::IpNumber;

use super::TcpFlags;
use crate::net::{Timestamp, Transport};

/// A frame after the walk: its endpoints, or the bucket it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A TCP, UDP or SCTP header was met.
    Ports(PacketMeta),
    /// None was.
    NoPorts(Bucket),
}

/// What the walk got out of one frame with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketMeta {
    /// The innermost transport.
    pub transport: Transport,
    /// The addresses of the IP header around it.
    pub addresses: Addresses,
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The TCP flags; none if they were not captured.
    pub flags: TcpFlags,
    /// The frame's time stamp.
    pub timestamp: Option<Timestamp>,
    /// The frame's length on the wire in bytes, with all outer headers.
    pub wire_len: u32,
}

/// Source and destination of an IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addresses {
    /// Of an IPv4 header.
    V4 {
        /// The sender.
        source: Ipv4Addr,
        /// The receiver.
        destination: Ipv4Addr,
    },
    /// Of an IPv6 header.
    V6 {
        /// The sender.
        source: Ipv6Addr,
        /// The receiver.
        destination: Ipv6Addr,
    },
}

impl Addresses {
    /// The sender.
    pub const fn source(&self) -> IpAddr {
        match *self {
            Self::V4 { source, .. } => IpAddr::V4(source),
            Self::V6 { source, .. } => IpAddr::V6(source),
        }
    }

    /// The receiver.
    pub const fn destination(&self) -> IpAddr {
        match *self {
            Self::V4 { destination, .. } => IpAddr::V4(destination),
            Self::V6 { destination, .. } => IpAddr::V6(destination),
        }
    }
}

/// Where a packet without ports is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// The innermost IP header is a fragment with an offset above 0.
    Fragment,
    /// The walk broke off at a bad IP header, inside an IPv6 extension header, or at a transport header with fewer
    /// than four bytes there.
    Malformed,
    /// The innermost IP header carries another protocol (for IPv6: the last next-header value).
    OtherIp(IpNumber),
    /// No IP header was met.
    NonIp,
}
