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
