//! Tunnels over UDP, told by their registered ports: VXLAN (RFC 7348), GENEVE (RFC 8926), GTP-U (3GPP TS 29.281)
//! and Teredo (RFC 4380).

use etherparse::{EtherType, UdpHeaderSlice};

use super::bytes::{array, be16};
use super::walk::{Layer, Next};

/// A tunnel that is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tunnel {
    Vxlan,
    Geneve,
    GtpU,
    Teredo,
}

impl Tunnel {
    /// The tunnels with their ports, in the order in which they are tried.
    const BY_PORT: [(u16, Self); 4] =
        [(4789, Self::Vxlan), (6081, Self::Geneve), (2152, Self::GtpU), (3544, Self::Teredo)];

    /// Whether a datagram between these ports, as they stand in its header, carries a tunnel.
    #[inline]
    #[allow(clippy::needless_bitwise_bool)] // ports are compared at once
    pub(super) fn is_between(source: [u8; 2], destination: [u8; 2]) -> bool {
        let [source, destination] = [source, destination].map(u16::from_ne_bytes);
        let is_one = |port: u16| (port.to_be() == source) | (port.to_be() == destination);
        Self::BY_PORT.iter().fold(false, |found, &(port, _)| found | is_one(port))
    }

    /// The tunnel that a datagram between these ports carries.
    fn between(source: u16, destination: u16) -> Option<Self> {
        let found = Self::BY_PORT.iter().find(|(port, _)| *port == source || *port == destination);
        found.map(|&(_, tunnel)| tunnel)
    }
}

/// What a whole UDP header is followed by, if that is walked. A length of 0 is a jumbogram's (RFC 2675).
pub(super) fn payload(bytes: &[u8], over_v6: bool) -> Next<'_> {
    let header = UdpHeaderSlice::from_slice(bytes).ok()?;
    let header_length = header.slice().len();
    let end = match usize::from(header.length()) {
        0 if over_v6 => bytes.len(),
        length if length >= header_length => length.min(bytes.len()),
        _ => return None,
    };
    let tunnel = Tunnel::between(header.source_port(), header.destination_port())?;
    Some((Layer::UdpTunnel(tunnel), &bytes[header_length..end]))
}

/// The inside of a tunnel.
pub(super) fn inside(tunnel: Tunnel, bytes: &[u8]) -> Next<'_> {
    match tunnel {
        Tunnel::Vxlan => Some((Layer::Ethernet, bytes.get(8..)?)),
        Tunnel::Geneve => geneve(bytes),
        Tunnel::GtpU => gtp_u(bytes),
        Tunnel::Teredo => teredo(bytes),
    }
}

/// GENEVE, version 0: options in four-byte units, and an ether type.
fn geneve(bytes: &[u8]) -> Next<'_> {
    let first = *bytes.first()?;
    if first >> 6 != 0 {
        return None;
    }
    let options = usize::from(first & 0x3f) * 4;
    let carried = EtherType(be16(bytes, 2)?);
    Some((Layer::EtherType(carried), bytes.get(8 + options..)?))
}

/// GTP version 1, protocol type GTP, message G-PDU, with its optional fields and extension headers.
fn gtp_u(bytes: &[u8]) -> Next<'_> {
    const VERSION_1_GTP: u8 = 0x30;
    const G_PDU: u8 = 255;
    const HAS_EXTENSION: u8 = 0x04;
    const HAS_OPTIONAL: u8 = 0x07;
    let [flags, message] = array(bytes, 0)?;
    if flags & 0xf0 != VERSION_1_GTP || message != G_PDU {
        return None;
    }
    if flags & HAS_OPTIONAL == 0 {
        return Some((Layer::Ip, bytes.get(8..)?));
    }
    let mut rest = bytes.get(12..)?;
    let mut next_extension = if flags & HAS_EXTENSION != 0 { bytes[11] } else { 0 };
    while next_extension != 0 {
        // An extension header states its length in four-byte units; its last byte is the next one's type.
        let length = usize::from(*rest.first()?) * 4;
        next_extension = *rest.get(..length)?.last()?;
        rest = &rest[length..];
    }
    Some((Layer::Ip, rest))
}

/// Teredo: perhaps an authentication and an origin indication (RFC 4380, section 5.1.1), then IPv6.
fn teredo(mut bytes: &[u8]) -> Next<'_> {
    const AUTHENTICATION: [u8; 2] = [0, 1];
    const ORIGIN: [u8; 2] = [0, 0];
    if bytes.starts_with(&AUTHENTICATION) {
        let [id, value] = array(bytes, 2)?.map(|length: u8| usize::from(length));
        // Behind the two values, a nonce of eight bytes and a confirmation byte.
        bytes = bytes.get(4 + id + value + 9..)?;
    }
    if bytes.starts_with(&ORIGIN) {
        bytes = bytes.get(8..)?;
    }
    Some((Layer::Ipv6, bytes))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{INSIDE, behind, ethernet, found, hex, opens, plain, tcp, udp, v4, v6};
    use crate::net::LinkType;

    const IP: LinkType = LinkType::RAW;

    fn over_both(datagram: &[u8]) -> [String; 2] {
        [v4(17, datagram), v6(17, datagram)].map(|packet| found(IP, &packet))
    }

    /// Whether the inside is found, whichever side has the tunnel's port.
    fn tunnels(port: u16, payload: &[u8]) -> bool {
        let found =
            [udp(port, 50_000, payload), udp(50_000, port, payload)].map(|datagram| over_both(&datagram));
        let inside = found.as_flattened().iter().filter(|found| *found == INSIDE).count();
        assert!(inside == 0 || inside == 4, "{found:?}");
        inside == 4
    }

    #[test]
    fn vxlan_holds_a_frame() {
        assert!(tunnels(4789, &behind("08000000 00000100", &plain())));
        assert!(tunnels(4789, &behind("00000000 00000000", &plain())), "the flags are not looked at");
        assert!(!tunnels(4790, &behind("08000000 00000100", &plain())));
        assert!(!tunnels(4789, &hex("08000000 000001")));
    }

    #[test]
    fn geneve_holds_what_its_type_says() {
        let ip = v4(6, &tcp());
        for (header, payload) in [("0000 6558 00000100", plain()), ("0000 0800 00000100", ip.clone())] {
            assert!(tunnels(6081, &behind(header, &payload)));
        }
        let options = "0240 6558 00000100 0102 00 01 deadbeef";
        assert!(tunnels(6081, &behind(options, &plain())));
        assert!(tunnels(6081, &behind("0000 8100 00000100 0064 0800", &ip)));
        assert!(!tunnels(6081, &behind("4000 6558 00000100", &plain())), "version 1");
        assert!(!tunnels(6081, &behind("3f00 6558 00000100", &plain())), "options longer than all");
    }

    #[test]
    fn gtp_holds_a_packet_behind_optional_fields_and_extension_headers() {
        let (ip, ip6) = (v4(6, &tcp()), v6(6, &tcp()));
        assert!(tunnels(2152, &behind("30ff 0000 00000001", &ip)));
        assert!(tunnels(2152, &behind("30ff 0000 00000001", &ip6)));
        for flags in ["31", "32", "33"] {
            assert!(tunnels(2152, &behind(&format!("{flags}ff 0000 00000001 0007 00 85"), &ip)), "{flags}");
        }
        assert!(
            tunnels(2152, &behind("34ff 0000 00000001 0000 00 00", &ip)),
            "no extension header after all"
        );
        assert!(tunnels(2152, &behind("34ff 0000 00000001 0000 00 85 01 1000 00", &ip)));
        assert!(tunnels(2152, &behind("36ff 0000 00000001 0000 00 85 01 1000 c0 02 000000000000 00", &ip)));
        assert!(!tunnels(2152, &behind("34ff 0000 00000001 0000 00 85 00 1000 00", &ip)), "of no length");
        assert!(!tunnels(2152, &behind("34ff 0000 00000001 0000 00 85 ff 1000 00", &ip)), "longer than all");
        assert!(!tunnels(2152, &behind("50ff 0000 00000001", &ip)), "version 2");
        assert!(!tunnels(2152, &behind("20ff 0000 00000001", &ip)), "GTP'");
        assert!(!tunnels(2152, &behind("3001 0000 00000001", &ip)), "echo");
        assert!(!tunnels(2123, &behind("30ff 0000 00000001", &ip)), "control plane");
    }

    #[test]
    fn teredo_holds_ipv6_behind_authentication_and_origin() {
        let ip6 = v6(6, &tcp());
        let authentication = "0001 02 03 aabb ccddee 0102030405060708 00";
        let origin = "0000 ffff ffffffff";
        for header in ["", authentication, origin, &format!("{authentication}{origin}")] {
            assert!(tunnels(3544, &behind(header, &ip6)), "{header}");
        }
        assert!(!tunnels(3544, &v4(6, &tcp())), "never IPv4");
        assert!(!tunnels(3544, &behind(&format!("{origin}{authentication}"), &ip6)), "the other way round");
        assert!(!tunnels(3544, &hex("0001 ff ff")));
    }

    /// VXLAN around TCP with this in the UDP length field.
    fn with_length(length: u16) -> Vec<u8> {
        let mut datagram = udp(50_000, 4789, &behind("08000000 00000100", &plain()));
        datagram[4..6].copy_from_slice(&length.to_be_bytes());
        datagram
    }

    #[test]
    fn a_length_below_the_header_ends_the_walk() {
        let whole = u16::try_from(with_length(0).len()).unwrap_or_default();
        let outside = "udp 50000 4789";
        for length in [whole, whole + 1, u16::MAX] {
            assert_eq!(over_both(&with_length(length)), [INSIDE, INSIDE], "{length}");
        }
        for length in [1, 7, 8, 15, 29] {
            assert_eq!(over_both(&with_length(length)), [outside, outside], "{length}");
        }
        assert_eq!(over_both(&with_length(0)), [outside, INSIDE], "0 is a jumbogram over IPv6 only");
    }

    #[test]
    fn the_first_tunnel_in_order_is_tried() {
        let vxlan = behind("08000000 00000100", &plain());
        assert!(opens(IP, &v4(17, &udp(6081, 4789, &vxlan))));
        assert!(opens(IP, &v4(17, &udp(4789, 2152, &vxlan))));
        let gtp = behind("30ff 0000 00000001", &v4(6, &tcp()));
        assert!(opens(IP, &v4(17, &udp(3544, 2152, &gtp))));
        assert!(!opens(IP, &v4(17, &udp(4789, 2152, &gtp))));
    }

    #[test]
    fn around_what_has_no_ports_a_tunnel_stays_what_it_is() {
        let vxlan =
            |inside: &[u8]| found(IP, &v4(17, &udp(50_000, 4789, &behind("08000000 00000100", inside))));
        let arp = ethernet(0x0806, &[0; 28]);
        assert_eq!(vxlan(&arp), "udp 50000 4789");
        assert_eq!(vxlan(&ethernet(0x0800, &v4(1, &[8; 8]))), "udp 50000 4789");
        assert_eq!(vxlan(&ethernet(0x0800, &[0x45; 19])), "udp 50000 4789", "or something malformed");
        assert_eq!(vxlan(&ethernet(0x0800, &v4(6, &[1, 2, 3]))), "udp 50000 4789");
        assert_eq!(found(IP, &v4(47, &behind("0000 6558", &arp))), "other_ip 47", "GRE around ARP");
    }

    #[test]
    fn other_ports_are_not_opened() {
        // L2TP, CAPWAP, sFlow, TZSP, MPLS and GRE in UDP, LISP, AYIYA.
        for port in [1701, 5247, 6343, 37008, 6635, 4754, 4341, 5072] {
            for payload in [plain(), v4(6, &tcp()), behind("08000000 00000100", &plain())] {
                assert!(!tunnels(port, &payload), "{port}");
            }
        }
    }
}
