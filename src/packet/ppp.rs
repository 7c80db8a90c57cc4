//! PPP (RFC 1661, RFC 1662), `PPPoE` (RFC 2516) and Cisco HDLC.

use etherparse::EtherType;

use super::bytes::be16;
use super::ethernet;
use super::walk::{Layer, Next, Step};

/// The address and control bytes of HDLC-like framing (RFC 1662, section 3.1).
const ADDRESS_CONTROL: [u8; 2] = [0xff, 0x03];

/// A PPP link: PPP, or Cisco HDLC by its address byte (unicast, multicast).
pub(super) fn framed(bytes: &[u8]) -> Step<'_> {
    match bytes {
        [0x0f | 0x8f, 0x00, ..] => (Layer::CiscoHdlc, bytes),
        _ => (Layer::Ppp, bytes),
    }
}

/// A PPP header: perhaps address and control, then the protocol, in one byte if that is odd (RFC 1661, section 2).
pub(super) fn header(bytes: &[u8]) -> Next<'_> {
    let bytes = bytes.strip_prefix(&ADDRESS_CONTROL).unwrap_or(bytes);
    let first = *bytes.first()?;
    let (protocol, rest) =
        if first & 1 == 1 { (u16::from(first), &bytes[1..]) } else { (be16(bytes, 0)?, &bytes[2..]) };
    match protocol {
        0x0021 => Some((Layer::Ipv4, rest)),
        0x0057 => Some((Layer::Ipv6, rest)),
        0x0281 => Some((Layer::Mpls, rest)),
        _ => None,
    }
}

/// A `PPPoE` session header: version, code, session id, and the length of what follows, six bytes.
pub(super) fn session(bytes: &[u8]) -> Next<'_> {
    let length = usize::from(be16(bytes, 4)?);
    let payload = &bytes[6..];
    Some((Layer::Ppp, &payload[..length.min(payload.len())]))
}

/// A Cisco HDLC header: address, control, and an ether type.
pub(super) fn cisco_hdlc(bytes: &[u8]) -> Next<'_> {
    ethernet::network(EtherType(be16(bytes, 2)?), &bytes[4..])
}

#[cfg(test)]
mod tests {
    use super::super::testing::{behind, opens, tcp, v4, v6};
    use crate::net::LinkType;

    #[test]
    fn the_protocol_takes_one_byte_or_two() {
        let (ip, ip6) = (v4(6, &tcp()), v6(6, &tcp()));
        let mpls = behind("00010140", &ip);
        for framing in ["", "ff03"] {
            let open = [("0021", &ip), ("21", &ip), ("0057", &ip6), ("57", &ip6), ("0281", &mpls)];
            for (protocol, payload) in open {
                let frame = behind(&format!("{framing}{protocol}"), payload);
                assert!(opens(LinkType::PPP, &frame) && opens(LinkType::PPP_HDLC, &frame), "{protocol}");
                let session = behind("1100 0001 0100", &frame);
                assert!(opens(LinkType::PPPOE, &session), "{protocol} over PPPoE");
            }
            let empty = behind(&format!("1100 0001 0000 {framing}0021"), &ip);
            assert!(!opens(LinkType::PPPOE, &empty), "PPPoE with a length of 0");
            for closed in ["c021", "8021", "00", ""] {
                assert!(!opens(LinkType::PPP, &behind(&format!("{framing}{closed}"), &[])), "{closed}");
            }
        }
    }

    #[test]
    fn cisco_hdlc_is_told_by_its_address() {
        let (ip, ip6) = (v4(6, &tcp()), v6(6, &tcp()));
        for address in ["0f00", "8f00"] {
            for link in [LinkType::PPP, LinkType::PPP_HDLC, LinkType::C_HDLC] {
                assert!(opens(link, &behind(&format!("{address} 0800"), &ip)));
                assert!(opens(link, &behind(&format!("{address} 86dd"), &ip6)));
                assert!(opens(link, &behind(&format!("{address} 8847 00010140"), &ip)));
                assert!(
                    !opens(link, &behind(&format!("{address} 8100 0064 0800"), &ip)),
                    "no VLAN tags here"
                );
                assert!(
                    !opens(link, &behind(&format!("{address} 8864 1100 0001 0100 0021"), &ip)),
                    "nor PPPoE"
                );
            }
        }
        assert!(!opens(LinkType::PPP, &behind("0e00 0800", &ip)));
        assert!(opens(LinkType::C_HDLC, &behind("ffff 0800", &ip)), "any address where it is announced");
    }
}
