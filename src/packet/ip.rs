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

#[cfg(test)]
mod tests {
    use super::super::testing::{INSIDE, behind, found, hex, opens, tcp, udp, v4, v6};
    use super::super::{Packet, walk};
    use crate::net::LinkType;
    use crate::source::Frame;

    const IP: LinkType = LinkType::RAW;

    /// A header of 20 bytes to fill in, and TCP.
    fn v4_with(version_and_length: u8, total_length: u16, fragment: u16) -> Vec<u8> {
        let head = format!("{version_and_length:02x}00 {total_length:04x} 0001 {fragment:04x} 4006 0000");
        behind(&format!("{head} 0a000001 0a000002"), &tcp())
    }

    #[test]
    fn bad_ipv4_headers_are_malformed() {
        assert_eq!(found(IP, &v4(6, &tcp())[..19]), "malformed", "19 bytes");
        assert_eq!(found(IP, &hex("45")), "malformed", "one byte");
        assert_eq!(found(IP, &v4_with(0x44, 40, 0)), "malformed", "a header length of 16");
        assert_eq!(found(IP, &v4_with(0x46, 23, 0)), "malformed", "a total length below the header length");
        assert_eq!(found(IP, &v4_with(0x45, 1, 0)), "malformed", "a total length of 1");
        assert_eq!(found(LinkType::IPV4, &v4_with(0x55, 40, 0)), "non_ip", "the wrong nibble");
    }

    #[test]
    fn ipv4_content_ends_at_the_total_length_or_what_is_captured() {
        assert_eq!(found(IP, &v4_with(0x45, 40, 0)), INSIDE);
        assert_eq!(found(IP, &v4_with(0x45, 0, 0)), INSIDE, "segmentation offload");
        assert_eq!(found(IP, &v4_with(0x45, 65535, 0)), INSIDE, "more than is there");
        assert_eq!(found(IP, &v4_with(0x45, 24, 0)), INSIDE, "the ports alone");
        assert_eq!(found(IP, &v4_with(0x45, 23, 0)), "malformed", "three bytes of TCP");
        assert_eq!(found(IP, &v4_with(0x45, 20, 0)), "malformed", "no byte of TCP");
        assert_eq!(found(IP, &v4_with(0x4f, 60, 0)[..36]), "malformed", "options cut short, so no TCP");
        let options = behind("4600 002c 0001 0000 4006 0000 0a000001 0a000002 01010101", &tcp());
        assert_eq!(found(IP, &options), INSIDE);
    }

    #[test]
    fn later_ipv4_fragments_end_the_walk() {
        assert_eq!(found(IP, &v4_with(0x45, 40, 0x2000)), INSIDE, "the first");
        assert_eq!(found(IP, &v4_with(0x45, 40, 0x6000)), INSIDE, "and may not be fragmented");
        for offset in [1, 0x2001, 0x1fff, 0x0100] {
            assert_eq!(found(IP, &v4_with(0x45, 40, offset)), "fragment", "{offset:#x}");
        }
        assert_eq!(found(IP, &v4(4, &v4_with(0x45, 40, 1))), "fragment", "inside");
    }

    #[test]
    fn bad_ipv6_headers_are_malformed() {
        assert_eq!(found(IP, &v6(6, &tcp())[..39]), "malformed", "39 bytes");
        assert_eq!(found(IP, &v6(6, &tcp())[..43]), "malformed", "three bytes of TCP");
        assert_eq!(found(IP, &v6(6, &tcp())[..44]), INSIDE, "the ports alone");
        assert_eq!(found(LinkType::IPV6, &v4(6, &[0; 40])), "non_ip", "the wrong nibble");
        let mut jumbogram = v6(6, &tcp());
        jumbogram[4..6].fill(0);
        assert_eq!(found(IP, &jumbogram), INSIDE);
        let mut short = v6(6, &tcp());
        short[4..6].copy_from_slice(&[0, 3]);
        assert_eq!(found(IP, &short), "malformed");
    }

    #[test]
    fn extension_headers_are_passed_in_any_order() {
        // The next header's number comes first in each.
        let chains = [
            (0, "06 00 000000000000"),
            (0, "06 02 000000000000 0000000000000000 0000000000000000"),
            (43, "3c 00 000000000000 06 01 000000000000 0000000000000000"),
            (60, "00 00 000000000000 2b 00 000000000000 06 00 000000000000"),
            (44, "06 00 0001 00000001"),
            (44, "2c 00 0000 00000001 06 00 0000 00000001"),
        ];
        for (first, headers) in chains {
            let packet = v6(first, &behind(headers, &tcp()));
            assert_eq!(found(IP, &packet), INSIDE, "{headers}");
            let length = hex(headers).len();
            assert_eq!(found(IP, &packet[..40 + length - 1]), "malformed", "{headers} cut");
        }
        assert_eq!(found(IP, &v6(0, &[6])), "malformed");
        assert_eq!(found(IP, &v6(44, &hex("06000000 000000"))), "malformed");
        assert_eq!(found(IP, &v6(60, &hex("3b00 000000000000"))), "other_ip 59", "the last next header");
    }

    #[test]
    fn later_ipv6_fragments_end_the_walk() {
        assert_eq!(found(IP, &v6(44, &behind("0600 0008 00000001", &tcp()))), "fragment");
        assert_eq!(found(IP, &v6(44, &behind("0600 0007 00000001", &tcp()))), INSIDE, "reserved bits");
    }

    #[test]
    fn extension_headers_stand_behind_ipv6_only() {
        for number in [0, 43, 44, 60] {
            let packet = v4(number, &behind("0600 0000 00000001", &tcp()));
            assert_eq!(found(IP, &packet), format!("other_ip {number}"));
        }
        let behind_v4_in_v6 = v6(4, &v4(44, &behind("0600 0000 00000001", &tcp())));
        assert_eq!(found(IP, &behind_v4_in_v6), "other_ip 44");
    }

    #[test]
    fn authentication_headers_are_passed() {
        let header = |next: &str| format!("{next} 04 0000 00000001 00000001 {}", "ab".repeat(12));
        assert!(opens(IP, &v4(51, &behind(&header("06"), &tcp()))));
        assert!(opens(IP, &v6(51, &behind(&header("06"), &tcp()))));
        assert!(opens(IP, &v6(51, &behind(&header("3c"), &behind("0600 000000000000", &tcp())))));
        assert!(opens(IP, &v4(51, &behind(&header("04"), &v4(6, &tcp())))));
        assert_eq!(found(IP, &v4(51, &hex(&header("32")))), "other_ip 50");
        assert_eq!(found(IP, &v4(51, &hex("0604 0000 00000001"))), "other_ip 51", "cut short");
        assert_eq!(found(IP, &v6(51, &hex("06"))), "other_ip 51", "cut short, and no extension header");
    }

    #[test]
    fn ip_in_ip_is_walked_to_the_innermost() {
        let (ip, ip6) = (v4(6, &tcp()), v6(6, &tcp()));
        for packet in [v4(4, &ip), v4(41, &ip6), v6(4, &ip), v6(41, &ip6), v4(41, &v6(4, &v4(41, &ip6)))] {
            assert!(opens(IP, &packet));
        }
        assert_eq!(found(IP, &v6(4, &v4(58, &[128; 8]))), "other_ip 58");
        assert_eq!(found(IP, &v4(4, &[])), "other_ip 4", "nothing inside");
        assert_eq!(found(IP, &v4(4, &ip6)), "other_ip 4", "the wrong nibble is no header");
        assert_eq!(found(IP, &v4(4, &ip[..19])), "malformed", "a bad header inside");
    }

    #[test]
    fn addresses_are_those_around_the_ports() {
        let captured = v4(41, &v6(6, &tcp()));
        let frame = Frame { link: IP, timestamp: None, captured: &captured, wire_len: 7 };
        let Packet::Ports(meta) = walk(&frame) else { panic!("no ports") };
        assert_eq!((meta.addresses.source().to_string(), meta.wire_len), ("fd00::1".to_owned(), 7));
        assert_eq!(meta.addresses.destination().to_string(), "fd00::2");
        assert!(meta.flags.is_syn());
    }

    #[test]
    fn four_bytes_of_ports_are_enough() {
        let ports = hex("0457 08ae");
        for (number, name) in [(6, "tcp"), (17, "udp"), (132, "sctp")] {
            for packet in [v4(number, &ports), v6(number, &ports)] {
                assert_eq!(found(IP, &packet), format!("{name} 1111 2222"));
                assert_eq!(found(IP, &packet[..packet.len() - 1]), "malformed");
            }
        }
    }

    #[test]
    fn other_protocols_end_the_walk() {
        for number in (0..=255).filter(|number| ![4, 6, 17, 41, 47, 51, 132].contains(number)) {
            assert_eq!(found(IP, &v4(number, &v4(6, &tcp()))), format!("other_ip {number}"));
        }
    }

    #[test]
    fn what_an_icmp_error_quotes_never_counts() {
        let quoted = behind("0301 0000 00000000", &v4(6, &tcp()));
        assert_eq!(found(IP, &v4(1, &quoted)), "other_ip 1");
        let quoted = behind("0100 0000 00000000", &v6(17, &udp(53, 53, &[])));
        assert_eq!(found(IP, &v6(58, &quoted)), "other_ip 58");
    }
}
