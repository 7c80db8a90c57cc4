//! The shortcut for what nearly all frames are: Ethernet with up to two VLAN tags (or Linux cooked, or no link header), IPv4 or
//! IPv6 without extension headers, TCP or UDP that is no tunnel.
//!
//! Whatever is not exactly that is left to the full walk, so that the rules stand in one place only.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::udp::Tunnel;
use super::{Addresses, PacketMeta, TcpFlags};
use crate::net::{LinkType, Transport};
use crate::source::Frame;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// The packet, if it is what most are: TCP or UDP in an IPv4 packet without options, right behind an Ethernet header.
///
/// What else there is leaves at once. All other conditions are one branch, for no processor can foretell them one by one.
#[inline(always)]
#[allow(clippy::inline_always)] // the caller has another way for each family of addresses
#[allow(clippy::needless_bitwise_bool)]
pub(crate) fn plainest(frame: &Frame<'_>) -> Option<PacketMeta> {
    let bytes: &[u8; 38] = frame.captured.first_chunk()?;
    let &[.., s0, s1, s2, s3, d0, d1, d2, d3, sp0, sp1, dp0, dp1] = bytes;
    if (frame.link != LinkType::ETHERNET) | ([bytes[12], bytes[13], bytes[14]] != [0x08, 0x00, 0x45]) {
        return None;
    }
    let is_fragment = (bytes[20] & 0x1f) | bytes[21] != 0;
    let total_length = u16::from_be_bytes([bytes[16], bytes[17]]);
    let (is_tcp, is_udp) = (bytes[23] == TCP, bytes[23] == UDP);
    let (source_port, destination_port) = (u16::from_be_bytes([sp0, sp1]), u16::from_be_bytes([dp0, dp1]));
    let is_tunnel = is_udp & Tunnel::is_between([sp0, sp1], [dp0, dp1]);
    if is_fragment | (total_length < 24) | !(is_tcp | is_udp) | is_tunnel {
        return None;
    }
    let addresses =
        Addresses::V4 { source: Ipv4Addr::new(s0, s1, s2, s3), destination: Ipv4Addr::new(d0, d1, d2, d3) };
    let flags = frame.captured.get(47).filter(|_| total_length >= 34);
    Some(meta(frame, addresses, (source_port, destination_port), is_tcp, flags))
}

/// The packet, if the frame is plain.
#[inline]
#[allow(clippy::needless_bitwise_bool)] // no processor can foretell these conditions one by one
pub(super) fn walk(frame: &Frame<'_>) -> Option<PacketMeta> {
    let (ether_type, network) = network(frame)?;
    let (addresses, protocol, payload) = match ether_type {
        0x0800 => v4(network)?,
        0x86dd => v6(network)?,
        _ => return None,
    };
    let &[s0, s1, d0, d1] = payload.first_chunk()?;
    let (source_port, destination_port) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
    // Without a branch between TCP and UDP, for no processor can foretell which one comes.
    let is_tcp = protocol == TCP;
    let is_tunnel = !is_tcp & Tunnel::is_between([s0, s1], [d0, d1]);
    if !is_tcp & (protocol != UDP) | is_tunnel {
        return None;
    }
    Some(meta(frame, addresses, (source_port, destination_port), is_tcp, payload.get(13)))
}

/// What was found in a frame of TCP or else UDP. `flags` is what stands where TCP has them, if that much was captured.
#[inline(always)]
#[allow(clippy::inline_always)]
fn meta(
    frame: &Frame<'_>,
    addresses: Addresses,
    (source_port, destination_port): (u16, u16),
    is_tcp: bool,
    flags: Option<&u8>,
) -> PacketMeta {
    let flags = flags.copied().unwrap_or_default();
    PacketMeta {
        transport: if is_tcp { Transport::Tcp } else { Transport::Udp },
        addresses,
        source_port,
        destination_port,
        flags: TcpFlags(if is_tcp { flags } else { 0 }),
        timestamp: frame.timestamp,
        wire_len: frame.wire_len,
    }
}

/// The ether type of the network header, and that header with all behind it.
#[inline]
fn network<'a>(frame: &Frame<'a>) -> Option<(u16, &'a [u8])> {
    let bytes = frame.captured;
    match frame.link {
        LinkType::ETHERNET => behind_tags(bytes.get(12..)?),
        LinkType::LINUX_SLL => behind_tags(bytes.get(14..)?),
        LinkType::LINUX_SLL2 => Some((u16::from_be_bytes(*bytes.first_chunk()?), bytes.get(20..)?)),
        LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 => match bytes.first()? >> 4 {
            4 => Some((0x0800, bytes)),
            6 => Some((0x86dd, bytes)),
            _ => None,
        },
        _ => None,
    }
}

/// The ether type that bytes begin with, or the one behind at most two tags, and what follows it.
#[inline]
fn behind_tags(mut bytes: &[u8]) -> Option<(u16, &[u8])> {
    for _ in 0..=2 {
        let (&ether_type, rest) = bytes.split_first_chunk()?;
        match u16::from_be_bytes(ether_type) {
            0x8100 | 0x88a8 | 0x9100 => bytes = rest.get(2..)?,
            other => return Some((other, rest)),
        }
    }
    None
}

/// Addresses, protocol and content of an unfragmented IPv4 packet.
#[inline]
#[allow(clippy::needless_bitwise_bool)] // one condition instead of three
fn v4(bytes: &[u8]) -> Option<(Addresses, u8, &[u8])> {
    let header: &[u8; 20] = bytes.first_chunk()?;
    let header_length = usize::from(header[0] & 0x0f) * 4;
    let total_length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let is_fragment = (header[6] & 0x1f) | header[7] != 0;
    let is_header = (header[0] >> 4 == 4) & (header_length >= 20) & (total_length >= header_length);
    if !is_header | is_fragment {
        return None;
    }
    let payload = bytes.get(header_length..total_length.min(bytes.len()))?;
    let &source: &[u8; 4] = header[12..].first_chunk()?;
    let &destination: &[u8; 4] = header.last_chunk()?;
    let (source, destination) = (Ipv4Addr::from(source), Ipv4Addr::from(destination));
    Some((Addresses::V4 { source, destination }, header[9], payload))
}

/// Addresses, next header and content of an IPv6 packet.
#[inline]
fn v6(bytes: &[u8]) -> Option<(Addresses, u8, &[u8])> {
    let (header, payload) = bytes.split_first_chunk::<40>()?;
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    if header[0] >> 4 != 6 || length == 0 {
        return None;
    }
    let source: &[u8; 16] = header[8..].first_chunk()?;
    let destination: &[u8; 16] = header.last_chunk()?;
    let addresses =
        Addresses::V6 { source: Ipv6Addr::from(*source), destination: Ipv6Addr::from(*destination) };
    Some((addresses, header[6], &payload[..length.min(payload.len())]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::super::testing::{behind, ethernet, found, tcp, udp, v4, v6};
    use crate::net::LinkType;
    use crate::source::Frame;

    /// A frame of one of the link types with a shortcut.
    fn linked(link: LinkType, ether_type: u16, content: &[u8]) -> Vec<u8> {
        match link {
            LinkType::LINUX_SLL => {
                behind(&format!("0000 0001 0006 020000000001 0000 {ether_type:04x}"), content)
            }
            LinkType::LINUX_SLL2 => {
                behind(&format!("{ether_type:04x} 0000 00000001 0001 00 06 020000000001 0000"), content)
            }
            LinkType::RAW => content.to_vec(),
            _ => ethernet(ether_type, content),
        }
    }

    #[test]
    fn what_is_plain_takes_the_shortcut() {
        for link in [LinkType::ETHERNET, LinkType::LINUX_SLL, LinkType::LINUX_SLL2, LinkType::RAW] {
            for (ether_type, packet) in [
                (0x0800, v4(6, &tcp())),
                (0x0800, v4(17, &udp(1111, 53, &[]))),
                (0x86dd, v6(6, &tcp())),
                (0x86dd, v6(17, &udp(1111, 53, &[]))),
            ] {
                let captured = linked(link, ether_type, &packet);
                let frame = Frame { link, timestamp: None, captured: &captured, wire_len: 100 };
                assert!(super::walk(&frame).is_some(), "{link:?} {ether_type:x}");
            }
        }
    }

    /// Frames that the shortcut takes, or that come close, with their link types.
    fn nearly_plain() -> impl Strategy<Value = (LinkType, Vec<u8>)> {
        let link = select(vec![LinkType::ETHERNET, LinkType::LINUX_SLL, LinkType::LINUX_SLL2, LinkType::RAW]);
        let port = select(vec![53, 443, 2152, 3544, 4789, 6081]);
        let transport = (select(vec![6, 17, 132, 47, 44]), port.clone(), port, any::<bool>()).prop_map(
            |(protocol, source, destination, deep)| {
                let inside = if deep { ethernet(0x0800, &v4(6, &tcp())) } else { Vec::new() };
                let payload = if protocol == 6 {
                    tcp()
                } else {
                    udp(source, destination, &behind("0800000000000000", &inside))
                };
                (protocol, payload)
            },
        );
        (transport, any::<bool>(), 0..4_usize, link).prop_map(|((protocol, payload), ip6, tags, link)| {
            let packet = if ip6 { v6(protocol, &payload) } else { v4(protocol, &payload) };
            let ether_type = if ip6 { 0x86dd } else { 0x0800 };
            let (ether_type, content) = (0..tags).fold((ether_type, packet), |(inner, bytes), _| {
                (0x8100, behind(&format!("0001 {inner:04x}"), &bytes))
            });
            (link, linked(link, ether_type, &content))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// [`found`] asserts that the shortcut and the full walk agree.
        #[test]
        fn the_shortcut_says_what_the_full_walk_says(
            (link, frame) in nearly_plain(),
            flips in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
            in_headers in any::<bool>(),
            length in any::<Index>(),
            cut in any::<bool>(),
        ) {
            let mut frame = frame;
            for (place, value) in flips {
                let range = if in_headers { frame.len().min(38) } else { frame.len() };
                frame[place.index(range)] = value;
            }
            let length = if cut { length.index(frame.len() + 1) } else { frame.len() };
            found(link, &frame[..length]);
        }

        #[test]
        fn random_bytes_of_any_link_type_are_walked(
            link in select(LinkType::OPENED),
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            found(link, &bytes);
        }
    }
}
