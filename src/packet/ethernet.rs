//! Ethernet (IEEE 802.3), VLAN tags (802.1Q), LLC and SNAP (802.2), and what ether types announce.

use etherparse::{EtherType, Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::bytes::{array, be16};
use super::walk::{Layer, Next, Step};

/// MPLS, unicast and with upstream-assigned labels (RFC 5332).
pub(super) const MPLS: [EtherType; 2] = [EtherType(0x8847), EtherType(0x8848)];
/// `PPPoE` session stage (RFC 2516).
const PPPOE_SESSION: EtherType = EtherType(0x8864);
/// Transparent Ethernet bridging (RFC 1701): another Ethernet frame.
pub(super) const BRIDGED: EtherType = EtherType(0x6558);
/// The largest value of the type field that is a length (IEEE 802.3, clause 3.2.6).
pub(super) const LARGEST_LENGTH: u16 = 1500;

/// An Ethernet header.
pub(super) fn header(bytes: &[u8]) -> Next<'_> {
    let header = Ethernet2HeaderSlice::from_slice(bytes).ok()?;
    Some(length_or_type(header.ether_type(), &bytes[header.slice().len()..]))
}

/// The field behind the addresses or a VLAN tag: a length, and LLC follows, or a type.
fn length_or_type(field: EtherType, bytes: &[u8]) -> Step<'_> {
    if field.0 <= LARGEST_LENGTH { (Layer::Llc, bytes) } else { (Layer::EtherType(field), bytes) }
}

/// What an ether type announces, wherever there is one.
pub(super) fn typed(ether_type: EtherType, bytes: &[u8]) -> Next<'_> {
    match ether_type {
        EtherType::VLAN_TAGGED_FRAME | EtherType::PROVIDER_BRIDGING | EtherType::VLAN_DOUBLE_TAGGED_FRAME => {
            let tag = SingleVlanHeaderSlice::from_slice(bytes).ok()?;
            Some(length_or_type(tag.ether_type(), &bytes[tag.slice().len()..]))
        }
        PPPOE_SESSION => Some((Layer::Pppoe, bytes)),
        _ => network(ether_type, bytes),
    }
}

/// The ether types that every carrier of ether types knows.
pub(super) fn network(ether_type: EtherType, bytes: &[u8]) -> Next<'_> {
    match ether_type {
        EtherType::IPV4 => Some((Layer::Ipv4, bytes)),
        EtherType::IPV6 => Some((Layer::Ipv6, bytes)),
        BRIDGED => Some((Layer::Ethernet, bytes)),
        _ if MPLS.contains(&ether_type) => Some((Layer::Mpls, bytes)),
        _ => None,
    }
}

/// 802.2 LLC in unnumbered frames: SNAP, or the service access point of IP.
pub(super) fn llc(bytes: &[u8]) -> Next<'_> {
    const UNNUMBERED: u8 = 0x03;
    const SNAP: u8 = 0xaa;
    const IP: u8 = 0x06;
    match array(bytes, 0)? {
        [SNAP, SNAP, UNNUMBERED] => snap(bytes),
        [IP, _, UNNUMBERED] => Some((Layer::Ipv4, &bytes[3..])),
        _ => None,
    }
}

/// SNAP (RFC 1042): an organization and, for the two that mean "ether type", that type.
pub(super) fn snap(bytes: &[u8]) -> Next<'_> {
    match array(bytes, 3)? {
        [0, 0, 0 | 0xf8] => Some((Layer::EtherType(EtherType(be16(bytes, 6)?)), &bytes[8..])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{behind, ethernet, found, hex, opens, plain, tcp, v4, v6};
    use crate::net::LinkType;

    fn opened(ether_type: u16, payload: &[u8]) -> bool {
        opens(LinkType::ETHERNET, &ethernet(ether_type, payload))
    }

    #[test]
    fn types_announce_what_follows() {
        let (ip, ip6) = (v4(6, &tcp()), v6(6, &tcp()));
        assert!(opened(0x0800, &ip) && opened(0x86dd, &ip6) && opened(0x6558, &plain()));
        assert!(opened(0x8847, &behind("00010140", &ip)) && opened(0x8848, &behind("00010140", &ip6)));
        assert!(opened(0x8864, &behind("1100 0001 002a 0021", &ip)));
        assert!(!opened(0x0800, &ip6) && !opened(0x86dd, &ip), "the nibble has to fit");
        // ARP, PPPoE discovery, MACsec, 802.1ah, VN-tag, E-tag, Cisco metadata, FabricPath, NSH.
        for closed in [0x0806, 0x8863, 0x88e5, 0x88e7, 0x8926, 0x893f, 0x8909, 0x8903, 0x894f] {
            assert_eq!(found(LinkType::ETHERNET, &ethernet(closed, &ip)), "non_ip", "{closed:#x}");
        }
    }

    #[test]
    fn any_number_of_vlan_tags_is_passed() {
        for tag in ["8100", "88a8", "9100"] {
            let mut frame = v4(6, &tcp());
            let mut ether_type = 0x0800;
            for tags in 0..=6 {
                assert!(opened(ether_type, &frame), "{tags} of {tag}");
                frame = behind(&format!("0064 {ether_type:04x}"), &frame);
                ether_type = u16::from_str_radix(tag, 16).unwrap_or_default();
            }
        }
        assert!(!opened(0x9200, &behind("0064 0800", &v4(6, &tcp()))));
    }

    #[test]
    fn a_length_announces_llc() {
        let ip = v4(6, &tcp());
        for length in [0, 48, 1500] {
            assert!(opened(length, &behind("aaaa03 000000 0800", &ip)), "{length}");
        }
        assert!(!opened(1501, &behind("aaaa03 000000 0800", &ip)), "neither length nor type");
        assert!(opened(0x8100, &behind("0064 0030 aaaa03 000000 0800", &ip)), "behind a tag");
        assert!(opened(48, &behind("aaaa03 0000f8 8100 0064 0800", &ip)), "a tag behind SNAP");
        assert!(opened(48, &behind("aaaa03 0000f8 6558", &plain())));
        assert!(opened(48, &behind("060603", &ip)) && opened(48, &behind("060703", &ip)));
        let closed =
            ["aaaa03 00000c 0800", "aaab03 000000 0800", "aaaa13 000000 0800", "070603", "060613", "e0e003"];
        for llc in closed {
            assert!(!opened(48, &behind(llc, &ip)), "{llc}");
        }
    }

    #[test]
    fn what_is_too_short_is_no_ip() {
        for frame in ["", "020000000001 020000000002 08", "020000000001 020000000002 8100 0064 08"] {
            assert_eq!(found(LinkType::ETHERNET, &hex(frame)), "non_ip");
        }
        for llc in ["", "aa", "aaaa03 00", "aaaa03 000000 08"] {
            assert_eq!(found(LinkType::ETHERNET, &ethernet(8, &hex(llc))), "non_ip");
        }
    }
}
