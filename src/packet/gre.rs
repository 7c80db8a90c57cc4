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
