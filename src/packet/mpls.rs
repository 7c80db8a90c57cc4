//! MPLS (RFC 3032) and Ethernet over MPLS (RFC 4448).

use super::bytes::{be16, be32};
use super::ethernet::LARGEST_LENGTH;
use super::walk::{Layer, Next};

const BOTTOM_OF_STACK: u32 = 0x100;

/// The length of a pseudowire's control word (RFC 4385, section 3).
const CONTROL_WORD: usize = 4;

/// A label stack; below it the first nibble tells what is carried (RFC 4928, section 3).
pub(super) fn labels(bytes: &[u8]) -> Next<'_> {
    let depth = bytes
        .chunks_exact(4)
        .position(|entry| be32(entry, 0).is_some_and(|entry| entry & BOTTOM_OF_STACK != 0))?;
    let payload = &bytes[4 * (depth + 1)..];
    match payload.first()? >> 4 {
        4 => Some((Layer::Ipv4, payload)),
        6 => Some((Layer::Ipv6, payload)),
        // A pseudowire's associated channel (RFC 4385, section 5).
        1 => None,
        0 if looks_like_ethernet(&payload[CONTROL_WORD.min(payload.len())..]) => {
            Some((Layer::Ethernet, &payload[CONTROL_WORD..]))
        }
        _ => Some((Layer::Ethernet, payload)),
    }
}

/// Whether a type field in the 13th byte makes sense: a length that fits, or an ether type that is in wide use.
fn looks_like_ethernet(bytes: &[u8]) -> bool {
    const IN_USE: [u16; 16] = [
        0x0800, 0x0806, 0x8035, 0x8100, 0x86dd, 0x8809, 0x8847, 0x8848, 0x8863, 0x8864, 0x888e, 0x88a8,
        0x88cc, 0x88e5, 0x8902, 0x9100,
    ];
    match be16(bytes, 12) {
        Some(length @ 0..=LARGEST_LENGTH) => usize::from(length) <= bytes.len() - 14,
        Some(ether_type) => IN_USE.contains(&ether_type),
        None => false,
    }
}
