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
