//! How a frame begins: the link types, and the headers that only captures have.

use etherparse::EtherType;

use super::bytes::{be16, be32, le16};
use super::walk::{Layer, Next, Step};
use super::{ppp, wifi};
use crate::net::LinkType;

/// The first header of a frame.
pub(super) fn begin(link: LinkType, bytes: &[u8]) -> Next<'_> {
    match link {
        LinkType::ETHERNET => Some((Layer::Ethernet, bytes)),
        LinkType::NULL | LinkType::LOOP => loopback(bytes),
        LinkType::PPP | LinkType::PPP_HDLC => Some(ppp::framed(bytes)),
        LinkType::PPPOE => Some((Layer::Pppoe, bytes)),
        LinkType::C_HDLC => Some((Layer::CiscoHdlc, bytes)),
        LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 => Some((Layer::Ip, bytes)),
        LinkType::IPV4 => Some((Layer::Ipv4, bytes)),
        LinkType::IPV6 => Some((Layer::Ipv6, bytes)),
        LinkType::LINUX_SLL => Some(cooked(be16(bytes, 14)?, bytes.get(16..)?)),
        LinkType::LINUX_SLL2 => Some(cooked(be16(bytes, 0)?, bytes.get(20..)?)),
        LinkType::IEEE802_11 => Some((Layer::Wifi { padded: false }, bytes)),
        LinkType::RADIOTAP => wifi::radiotap(bytes),
        LinkType::PRISM => wifi::prism(bytes),
        LinkType::AVS => wifi::avs(bytes),
        LinkType::PPI => ppi(bytes),
        LinkType::PFLOG => pflog(bytes),
        _ => None,
    }
}

/// BSD loopback: a 32-bit address family, in the byte order of whichever host captured.
fn loopback(bytes: &[u8]) -> Next<'_> {
    let family = be32(bytes, 0)?;
    let family = if family > 0xffff { family.swap_bytes() } else { family };
    address_family(family, bytes.get(4..)?)
}

/// IP by the address families of BSD systems: 2 is `AF_INET`, and `AF_INET6` is 24 on NetBSD and OpenBSD, 28 on
/// FreeBSD, 30 on Darwin.
fn address_family(family: u32, bytes: &[u8]) -> Next<'_> {
    match family {
        2 => Some((Layer::Ipv4, bytes)),
        24 | 28 | 30 => Some((Layer::Ipv6, bytes)),
        _ => None,
    }
}

/// The protocol of a Linux cooked header: an ether type, or 4 for 802.2 LLC.
fn cooked(protocol: u16, bytes: &[u8]) -> Step<'_> {
    match protocol {
        4 => (Layer::Llc, bytes),
        _ => (Layer::EtherType(EtherType(protocol)), bytes),
    }
}

/// Per-Packet Information: its own length, and the link type of what follows, least significant byte first.
fn ppi(bytes: &[u8]) -> Next<'_> {
    let length = usize::from(le16(bytes, 2)?);
    let link = LinkType(le16(bytes, 4)?);
    if length < 8 || le16(bytes, 6)? != 0 {
        return None;
    }
    Some((Layer::Link(link), bytes.get(length..)?))
}

/// `OpenBSD` pf log: a header of a stated length, padded to four bytes, with the address family in its second byte.
fn pflog(bytes: &[u8]) -> Next<'_> {
    let (&length, &family) = (bytes.first()?, bytes.get(1)?);
    let length = usize::from(length).next_multiple_of(4);
    if length < 4 {
        return None;
    }
    address_family(u32::from(family), bytes.get(length..)?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{INSIDE, behind, found, hex, opens, plain, tcp, v4, v6};
    use crate::net::LinkType;

    #[test]
    fn loopback_families_are_read_in_either_byte_order() {
        for link in [LinkType::NULL, LinkType::LOOP] {
            for family in ["00000002", "02000000"] {
                assert!(opens(link, &behind(family, &v4(6, &tcp()))), "{family}");
            }
            for family in ["18000000", "1c000000", "1e000000", "00000018", "0000001c", "0000001e"] {
                assert!(opens(link, &behind(family, &v6(6, &tcp()))), "{family}");
            }
            for family in ["0a000000", "00000000", "00020000"] {
                assert!(!opens(link, &behind(family, &v6(6, &tcp()))), "{family}");
            }
        }
    }

    #[test]
    fn raw_ip_is_told_by_nibble_where_it_is_not_announced() {
        let (ip, ip6) = (v4(6, &tcp()), v6(6, &tcp()));
        for link in [LinkType::RAW, LinkType::RAW_12, LinkType::RAW_14] {
            assert!(opens(link, &ip) && opens(link, &ip6));
            assert_eq!(found(link, &hex("5000")), "non_ip");
        }
        assert!(opens(LinkType::IPV4, &ip) && opens(LinkType::IPV6, &ip6));
        assert_eq!(found(LinkType::IPV4, &ip6), "non_ip");
        assert_eq!(found(LinkType::IPV6, &ip), "non_ip");
    }

    #[test]
    fn cooked_headers_hold_an_ether_type_or_llc() {
        let ip = v4(6, &tcp());
        let open: [(&str, Vec<u8>); 4] = [
            ("0800", ip.clone()),
            ("0004", behind("aaaa03 000000 0800", &ip)),
            ("8100", behind("0064 0800", &ip)),
            ("8864", behind("1100 0001 0100 0021", &ip)),
        ];
        for (protocol, payload) in open {
            let v1 = format!("0000 0001 0006 020000000001 0000 {protocol}");
            let v2 = format!("{protocol} 0000 00000002 0001 00 06 0200000000010000");
            assert_eq!(found(LinkType::LINUX_SLL, &behind(&v1, &payload)), INSIDE, "{protocol}");
            assert_eq!(found(LinkType::LINUX_SLL2, &behind(&v2, &payload)), INSIDE, "{protocol}");
        }
        let not_a_length = behind("0000 0001 0006 020000000001 0000 0001 aaaa03 000000 0800", &ip);
        assert_eq!(found(LinkType::LINUX_SLL, &not_a_length), "non_ip");
    }

    #[test]
    fn ppi_names_the_link_type_of_the_rest() {
        assert!(opens(LinkType::PPI, &behind("00 00 0800 01000000", &plain())));
        assert!(opens(LinkType::PPI, &behind("00 00 0c00 65000000 ffffffff", &v4(6, &tcp()))));
        assert!(opens(LinkType::PPI, &behind("00 00 0800 c0000000 00 00 0800 01000000", &plain())));
        assert!(!opens(LinkType::PPI, &behind("00 00 0700 01000000", &plain())), "shorter than itself");
        assert!(!opens(LinkType::PPI, &behind("00 00 ffff 01000000", &plain())), "longer than all");
        assert!(!opens(LinkType::PPI, &behind("00 00 0800 01000100", &plain())), "no link type of 16 bits");
    }

    #[test]
    fn pf_logs_are_padded_to_four_bytes() {
        let rest = "00".repeat(62);
        for length in ["3d", "40"] {
            assert!(opens(LinkType::PFLOG, &behind(&format!("{length}02 {rest}"), &v4(6, &tcp()))));
            assert!(opens(LinkType::PFLOG, &behind(&format!("{length}18 {rest}"), &v6(6, &tcp()))));
        }
        assert!(!opens(LinkType::PFLOG, &behind("0002", &v4(6, &tcp()))));
    }

    #[test]
    fn other_link_types_are_no_ip() {
        for link in (0..400).map(LinkType).filter(|link| !LinkType::OPENED.contains(link)) {
            assert_eq!(found(link, &plain()), "non_ip");
            assert_eq!(found(link, &v4(6, &tcp())), "non_ip");
        }
        for link in LinkType::OPENED {
            assert_eq!(found(*link, &[]), "non_ip");
        }
    }
}
