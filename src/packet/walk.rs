//! The walk itself: one layer after the other, until one ends it.

use etherparse::{EtherType, IpNumber};

use super::{Addresses, Bucket, Packet, PacketMeta, TcpFlags};
use super::{ethernet, gre, ip, link, mpls, plain, plainest, ppp, udp, wifi};
use crate::net::{LinkType, Transport};
use crate::source::Frame;

/// What the bytes that come next are. Every layer takes at least one byte or hands on to one that does, so the
/// walk ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// As the link type says.
    Link(LinkType),
    /// An Ethernet header.
    Ethernet,
    /// What an ether type announces.
    EtherType(EtherType),
    /// Logical link control (802.2).
    Llc,
    /// PPP, after any framing.
    Ppp,
    /// A `PPPoE` session header.
    Pppoe,
    /// A Cisco HDLC header.
    CiscoHdlc,
    /// An 802.11 header; whether it is padded to a multiple of four bytes.
    Wifi { padded: bool },
    /// An MPLS label stack.
    Mpls,
    /// IPv4 or IPv6, as the first nibble says.
    Ip,
    /// IPv4 was announced.
    Ipv4,
    /// IPv6 was announced.
    Ipv6,
    /// What an IP protocol number announces.
    Protocol(IpNumber),
    /// A GRE header.
    Gre,
    /// What a UDP datagram carries, after its header.
    UdpTunnel(udp::Tunnel),
}

/// The next layer and its bytes; `None` ends the walk.
pub(super) type Next<'a> = Option<Step<'a>>;

/// A layer and its bytes.
pub(super) type Step<'a> = (Layer, &'a [u8]);

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The innermost IP header.
    pub(super) ip: Option<Innermost>,
    /// The innermost transport header, with the addresses of the IP header around it.
    transport: Option<(Addresses, PortHeader)>,
    /// Whether the walk broke off at something malformed.
    pub(super) malformed: bool,
}

/// What counts of an IP header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Innermost {
    pub(super) addresses: Addresses,
    /// The protocol it carries, behind extension headers.
    pub(super) protocol: IpNumber,
    /// Whether it is a fragment with an offset above 0.
    pub(super) fragment: bool,
}

/// What counts of a transport header.
#[derive(Clone, Copy, Debug)]
pub(super) struct PortHeader {
    pub(super) transport: Transport,
    pub(super) source: u16,
    pub(super) destination: u16,
    pub(super) flags: TcpFlags,
}

/// Walks a frame's headers from the outside in.
#[inline]
pub fn walk(frame: &Frame<'_>) -> Packet {
    plainest(frame).map_or_else(|| walk_other(frame), Packet::Ports)
}

/// Walks a frame that is not one of the plainest.
#[inline]
pub(crate) fn walk_other(frame: &Frame<'_>) -> Packet {
    plain::walk(frame).map_or_else(|| walk_every_header(frame), Packet::Ports)
}

/// The same as [`walk`] without its shortcut for plain frames: slower, and what the shortcut is tested against.
pub fn walk_every_header(frame: &Frame<'_>) -> Packet {
    let mut walk = Walk::default();
    let mut next = Some((Layer::Link(frame.link), frame.captured));
    while let Some((layer, bytes)) = next {
        next = walk.step(layer, bytes);
    }
    walk.finish(frame)
}

impl Walk {
    fn step<'a>(&mut self, layer: Layer, bytes: &'a [u8]) -> Next<'a> {
        match layer {
            Layer::Link(link) => link::begin(link, bytes),
            Layer::Ethernet => ethernet::header(bytes),
            Layer::EtherType(ether_type) => ethernet::typed(ether_type, bytes),
            Layer::Llc => ethernet::llc(bytes),
            Layer::Ppp => ppp::header(bytes),
            Layer::Pppoe => ppp::session(bytes),
            Layer::CiscoHdlc => ppp::cisco_hdlc(bytes),
            Layer::Wifi { padded } => wifi::header(bytes, padded),
            Layer::Mpls => mpls::labels(bytes),
            Layer::Ip => ip::by_nibble(bytes),
            Layer::Ipv4 => ip::v4(self, bytes),
            Layer::Ipv6 => ip::v6(self, bytes),
            Layer::Protocol(number) => ip::protocol(self, number, bytes),
            Layer::Gre => gre::header(bytes),
            Layer::UdpTunnel(tunnel) => udp::inside(tunnel, bytes),
        }
    }

    /// Notes a transport header inside the innermost IP header.
    pub(super) fn met(&mut self, header: PortHeader) {
        self.transport = self.ip.map(|ip| (ip.addresses, header));
    }

    fn finish(&self, frame: &Frame<'_>) -> Packet {
        if let Some((addresses, header)) = self.transport {
            return Packet::Ports(PacketMeta {
                transport: header.transport,
                addresses,
                source_port: header.source,
                destination_port: header.destination,
                flags: header.flags,
                timestamp: frame.timestamp,
                wire_len: frame.wire_len,
            });
        }
        Packet::NoPorts(match self.ip {
            _ if self.malformed => Bucket::Malformed,
            Some(ip) if ip.fragment => Bucket::Fragment,
            Some(ip) => Bucket::OtherIp(ip.protocol),
            None => Bucket::NonIp,
        })
    }
}
