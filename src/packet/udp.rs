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

    /// The tunnel that a datagram between these ports carries.
    #[inline]
    pub(super) fn between(source: u16, destination: u16) -> Option<Self> {
        Self::BY_PORT
            .into_iter()
            .find(|&(port, _)| port == source || port == destination)
            .map(|(_, tunnel)| tunnel)
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
