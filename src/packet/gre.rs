//! GRE (RFC 2784, RFC 2890, RFC 1701's routing; version 1 by RFC 2637) and ERSPAN (draft-foschiano-erspan).

use etherparse::EtherType;

use super::bytes::{array, be16};
use super::ethernet::{BRIDGED, MPLS};
use super::walk::{Layer, Next};

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGEMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

const PPP: EtherType = EtherType(0x880b);
const ERSPAN: EtherType = EtherType(0x88be);
const ERSPAN_III: EtherType = EtherType(0x22eb);

/// A GRE header of version 0 or 1 with its optional fields.
pub(super) fn header(bytes: &[u8]) -> Next<'_> {
    let flags = be16(bytes, 0)?;
    let carried = EtherType(be16(bytes, 2)?);
    let version = flags & VERSION;
    if version > 1 {
        return None;
    }
    let has = |flag| flags & flag != 0;
    let optional = [has(CHECKSUM | ROUTING), has(KEY), has(SEQUENCE), version == 1 && has(ACKNOWLEDGEMENT)];
    let length = 4 + 4 * optional.into_iter().filter(|present| *present).count();
    let mut payload = bytes.get(length..)?;
    if has(ROUTING) {
        payload = behind_route(payload)?;
    }
    match carried {
        EtherType::IPV4 => Some((Layer::Ipv4, payload)),
        EtherType::IPV6 => Some((Layer::Ipv6, payload)),
        BRIDGED => Some((Layer::Ethernet, payload)),
        PPP => Some((Layer::Ppp, payload)),
        // Type I has no header of its own, and no sequence number in GRE either.
        ERSPAN => Some((Layer::Ethernet, payload.get(if has(SEQUENCE) { 8 } else { 0 }..)?)),
        ERSPAN_III => {
            let platform_header = payload.get(11)? & 1 != 0;
            Some((Layer::Ethernet, payload.get(if platform_header { 20 } else { 12 }..)?))
        }
        _ if MPLS.contains(&carried) => Some((Layer::Mpls, payload)),
        _ => None,
    }
}

/// What follows the source route entries, the last of which is all zero (RFC 1701).
fn behind_route(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let [family_high, family_low, _offset, length] = array(bytes, 0)?;
        bytes = bytes.get(4 + usize::from(length)..)?;
        if [family_high, family_low, length] == [0; 3] {
            return Some(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{INSIDE, behind, found, hex, opens, plain, tcp, udp, v4, v6};
    use crate::net::LinkType;

    fn in_gre(header: &str, payload: &[u8]) -> Vec<u8> {
        v4(47, &behind(header, payload))
    }

    #[test]
    fn types_announce_what_follows() {
        let (ip, ip6) = (v4(6, &tcp()), v6(6, &tcp()));
        let open: [(&str, Vec<u8>); 8] = [
            ("0000 0800", ip.clone()),
            ("0000 86dd", ip6),
            ("0000 6558", plain()),
            ("0000 8847", behind("00010140", &ip)),
            ("0000 8848", behind("00010140", &ip)),
            ("0000 880b", behind("ff03 0021", &ip)),
            ("0001 880b", behind("0021", &ip)),
            ("0000 88be", plain()),
        ];
        for (header, payload) in open {
            assert_eq!(found(LinkType::RAW, &in_gre(header, &payload)), INSIDE, "{header}");
            assert!(opens(LinkType::RAW, &v6(47, &behind(header, &payload))), "{header} over IPv6");
        }
        // ARP, a VLAN tag, a version that is not there, a header cut short.
        for closed in ["0000 0806", "0000 8100 0064 0800", "0002 0800", "0007 0800", "0000 08"] {
            assert_eq!(found(LinkType::RAW, &in_gre(closed, &ip)), "other_ip 47", "{closed}");
        }
    }

    #[test]
    fn optional_fields_are_passed() {
        let fields = [(0x8000, 4), (0x2000, 4), (0x1000, 4)];
        for chosen in 0..8_u16 {
            let chosen: Vec<_> = (0..3).filter(|bit| chosen >> bit & 1 == 1).map(|bit| fields[bit]).collect();
            let flags: u16 = chosen.iter().map(|field| field.0).sum();
            let filling = "ff".repeat(chosen.iter().map(|field| field.1).sum());
            let header = format!("{flags:04x} 0800 {filling}");
            assert_eq!(found(LinkType::RAW, &in_gre(&header, &v4(6, &tcp()))), INSIDE, "{header}");
        }
        let acknowledged = behind("3081 880b 0000 0001 00000002 00000003 21", &v4(6, &tcp()));
        assert!(opens(LinkType::RAW, &v4(47, &acknowledged)));
        let not_in_version_0 = in_gre("0080 0800", &v4(6, &tcp()));
        assert!(opens(LinkType::RAW, &not_in_version_0));
    }

    #[test]
    fn routing_entries_are_passed() {
        let checksum_and_offset = "00000000";
        let entry = "0800 00 08 0a000001 0a000002";
        for entries in ["", entry, &entry.repeat(3)] {
            let header = format!("4000 0800 {checksum_and_offset} {entries} 00000000");
            assert_eq!(found(LinkType::RAW, &in_gre(&header, &v4(6, &tcp()))), INSIDE, "{entries}");
        }
        let no_end = hex(&format!("4000 0800 {checksum_and_offset} {entry}"));
        assert_eq!(found(LinkType::RAW, &v4(47, &no_end)), "other_ip 47");
    }

    #[test]
    fn erspan_of_all_three_types_holds_a_frame() {
        let type_2 = "1000 88be 00000001 1001 0000 00000000";
        let type_3 = "1000 22eb 00000001 2001 0000 00000000 0000 0000";
        let type_3_with_platform_header = "1000 22eb 00000001 2001 0000 00000000 0000 0001 1000000000000000";
        for header in ["0000 88be", type_2, type_3, type_3_with_platform_header] {
            assert_eq!(found(LinkType::RAW, &in_gre(header, &plain())), INSIDE, "{header}");
            assert_eq!(found(LinkType::RAW, &v4(47, &hex(header))), "other_ip 47", "{header} and nothing");
        }
    }

    #[test]
    fn around_what_has_no_ports_it_stays_what_the_inside_is() {
        assert_eq!(found(LinkType::RAW, &in_gre("0000 0800", &v4(1, &[8; 8]))), "other_ip 1");
        assert_eq!(found(LinkType::RAW, &in_gre("0000 0800", &v4(17, &udp(7, 9, &[])))), "udp 7 9");
    }
}
