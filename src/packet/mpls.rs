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

#[cfg(test)]
mod tests {
    use super::super::testing::{INSIDE, behind, ethernet, found, plain, tcp, v4, v6};
    use crate::net::LinkType;

    fn labelled(stack: &str, payload: &[u8]) -> String {
        found(LinkType::ETHERNET, &ethernet(0x8847, &behind(stack, payload)))
    }

    #[test]
    fn the_bottom_of_the_stack_is_found() {
        for stack in ["00010140", "00010040 00020140", "00010040 00020040 00030040 00040140"] {
            assert_eq!(labelled(stack, &v4(6, &tcp())), INSIDE);
            assert_eq!(labelled(stack, &v6(6, &tcp())), INSIDE);
        }
        assert_eq!(labelled("00010040", &[0; 40]), "non_ip", "no bottom");
        assert_eq!(labelled("00010140", &[]), "non_ip", "nothing below it");
        assert_eq!(labelled("000101", &[]), "non_ip", "half a label");
    }

    #[test]
    fn what_is_not_ip_is_an_ethernet_frame() {
        assert_eq!(labelled("00010140", &plain()), INSIDE);
        assert_eq!(labelled("00010140 00000007", &plain()), INSIDE, "behind a control word");
        let in_llc = ethernet(48, &behind("aaaa03 000000 0800", &v4(6, &tcp())));
        assert_eq!(labelled("00010140 00000000", &in_llc), INSIDE, "a length behind a control word");
        let to_a_zero_address = behind("000000000001 020000000002 0800", &v4(6, &tcp()));
        assert_eq!(
            labelled("00010140", &to_a_zero_address),
            INSIDE,
            "no control word, though it begins with 0"
        );
        let channel = behind("100000210001 020000000002 0800", &v4(6, &tcp()));
        assert_eq!(labelled("00010140", &channel), "non_ip", "associated channel, that reads like Ethernet");
        assert_eq!(labelled("00010140 0000", &[]), "non_ip");
    }
}
