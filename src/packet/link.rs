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
