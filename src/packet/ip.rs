//! IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200), AH (RFC 4302), and the transports' ports.

use std::net::Ipv4Addr;

use etherparse::{IpNumber, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice};

use super::bytes::{array, be16};
use super::walk::{Innermost, Layer, Next, PortHeader, Walk};
use super::{Addresses, TcpFlags, udp};
use crate::net::Transport;

const V4_SHORTEST: usize = 20;
const V6_LENGTH: usize = 40;

/// The IP version that the first nibble states.
pub(super) fn by_nibble(bytes: &[u8]) -> Next<'_> {
    match bytes.first()? >> 4 {
        4 => Some((Layer::Ipv4, bytes)),
        6 => Some((Layer::Ipv6, bytes)),
        _ => None,
    }
}

/// An IPv4 header. With another nibble it is none, and the walk ends before it.
pub(super) fn v4<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Next<'a> {
    if bytes.first()? >> 4 != 4 {
        return None;
    }
    let Some(header) = array::<V4_SHORTEST>(bytes, 0) else {
        walk.malformed = true;
        return None;
    };
    let header_length = usize::from(header[0] & 0x0f) * 4;
    let total_length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header_length < V4_SHORTEST || (total_length != 0 && total_length < header_length) {
        walk.malformed = true;
        return None;
    }
    let address = |place: usize| Ipv4Addr::from([0, 1, 2, 3].map(|byte| header[place + byte]));
    let protocol = IpNumber(header[9]);
    let fragment = u16::from_be_bytes([header[6], header[7]]) & 0x1fff != 0;
    walk.ip = Some(Innermost {
        addresses: Addresses::V4 { source: address(12), destination: address(16) },
        protocol,
        fragment,
    });
    if fragment {
        return None;
    }
    // Length 0 is what segmentation offload leaves: all that was captured.
    let end = if total_length == 0 { bytes.len() } else { total_length.min(bytes.len()) };
    Some((Layer::Protocol(protocol), bytes.get(header_length..end).unwrap_or_default()))
}

/// An IPv6 header and its extension headers. With another nibble it is none, and the walk ends before it.
pub(super) fn v6<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Next<'a> {
    if bytes.first()? >> 4 != 6 {
        return None;
    }
    let Ok(header) = Ipv6HeaderSlice::from_slice(bytes) else {
        walk.malformed = true;
        return None;
    };
    let protocol = header.next_header();
    walk.ip = Some(Innermost {
        addresses: Addresses::V6 { source: header.source_addr(), destination: header.destination_addr() },
        protocol,
        fragment: false,
    });
    let payload = &bytes[V6_LENGTH..];
    // Length 0 is a jumbogram (RFC 2675) or segmentation offload: all that was captured.
    let end = match usize::from(header.payload_length()) {
        0 => payload.len(),
        length => length.min(payload.len()),
    };
    Some((Layer::Protocol(protocol), &payload[..end]))
}

/// What an IP protocol number announces.
pub(super) fn protocol<'a>(walk: &mut Walk, number: IpNumber, bytes: &'a [u8]) -> Next<'a> {
    let ip = walk.ip.as_mut()?;
    ip.protocol = number;
    let in_v6 = matches!(ip.addresses, Addresses::V6 { .. });
    match number {
        IpNumber::TCP => ports(walk, Transport::Tcp, bytes),
        IpNumber::UDP => ports(walk, Transport::Udp, bytes),
        IpNumber::SCTP => ports(walk, Transport::Sctp, bytes),
        IpNumber::IPV4 => Some((Layer::Ipv4, bytes)),
        IpNumber::IPV6 => Some((Layer::Ipv6, bytes)),
        IpNumber::GRE => Some((Layer::Gre, bytes)),
        IpNumber::AUTHENTICATION_HEADER => {
            // Its length is in four-byte units, less two (RFC 4302, section 2.2).
            let [next, length] = array(bytes, 0)?;
            Some((Layer::Protocol(IpNumber(next)), bytes.get((usize::from(length) + 2) * 4..)?))
        }
        IpNumber::IPV6_HEADER_HOP_BY_HOP
        | IpNumber::IPV6_ROUTE_HEADER
        | IpNumber::IPV6_DESTINATION_OPTIONS
            if in_v6 =>
        {
            let next = extension(bytes);
            walk.malformed |= next.is_none();
            next
        }
        IpNumber::IPV6_FRAGMENTATION_HEADER if in_v6 => fragment(walk, bytes),
        _ => None,
    }
}

/// An extension header with options or a route: its length is in eight-byte units, less one.
fn extension(bytes: &[u8]) -> Next<'_> {
    let [next, length] = array(bytes, 0)?;
    Some((Layer::Protocol(IpNumber(next)), bytes.get((usize::from(length) + 1) * 8..)?))
}

/// An IPv6 fragment header: only the first fragment is walked on.
fn fragment<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Next<'a> {
    let Ok(header) = Ipv6FragmentHeaderSlice::from_slice(bytes) else {
        walk.malformed = true;
        return None;
    };
    let ip = walk.ip.as_mut()?;
    if header.fragment_offset().value() > 0 {
        ip.fragment = true;
        ip.protocol = header.next_header();
        return None;
    }
    Some((Layer::Protocol(header.next_header()), &bytes[header.slice().len()..]))
}

/// The ports, which count once their four bytes are there; only UDP may go on.
fn ports<'a>(walk: &mut Walk, transport: Transport, bytes: &'a [u8]) -> Next<'a> {
    let (Some(source), Some(destination)) = (be16(bytes, 0), be16(bytes, 2)) else {
        walk.malformed = true;
        return None;
    };
    let flags = match transport {
        Transport::Tcp => TcpFlags(bytes.get(13).copied().unwrap_or_default()),
        Transport::Udp | Transport::Sctp => TcpFlags::default(),
    };
    walk.met(PortHeader { transport, source, destination, flags });
    let over_v6 = matches!(walk.ip?.addresses, Addresses::V6 { .. });
    if transport == Transport::Udp { udp::payload(bytes, over_v6) } else { None }
}
