//! 802.11 data frames, and the headers that capturing puts before them.

use super::bytes::{array, be32, le16};
use super::ethernet;
use super::walk::{Layer, Next};

/// The upper 20 bits of the magic number that begins an AVS header.
const AVS_MAGIC: u32 = 0x8021_1000;

/// An 802.11 header (IEEE 802.11, clause 9.2.4), walked if it is the start of an open data frame.
pub(super) fn header(bytes: &[u8], padded: bool) -> Next<'_> {
    let [control, flags] = array(bytes, 0)?;
    let is_data_with_data = control & 0b0100_1111 == 0b0000_1000;
    let has_qos = control & 0x80 != 0;
    let four_addresses = flags & 0x03 == 0x03;
    let protected = flags & 0x40 != 0;
    let has_ht_control = has_qos && flags & 0x80 != 0;
    let fragment_number = le16(bytes, 22)? & 0x0f;
    if !is_data_with_data || protected || fragment_number != 0 {
        return None;
    }
    let mut length = 24 + if four_addresses { 6 } else { 0 };
    if has_qos {
        let aggregated = bytes.get(length)? & 0x80 != 0;
        if aggregated {
            return None;
        }
        length += 2;
    }
    length += if has_ht_control { 4 } else { 0 };
    if padded {
        length = length.next_multiple_of(4);
    }
    let llc = bytes.get(length..)?;
    llc.starts_with(&[0xaa, 0xaa, 0x03]).then(|| ethernet::snap(llc)).flatten()
}

/// A radiotap header: its length, and of its fields only the flags, which tell of padding.
pub(super) fn radiotap(bytes: &[u8]) -> Next<'_> {
    const DATA_PADDED: u8 = 0x20;
    let length = usize::from(le16(bytes, 2)?);
    let header = bytes.get(..length)?;
    if length < 8 {
        return None;
    }
    let padded = radiotap_flags(header).is_some_and(|flags| flags & DATA_PADDED != 0);
    Some((Layer::Wifi { padded }, &bytes[length..]))
}

/// The flags field: the first one after the bit maps but for the eight bytes of the TSF timer, on their boundary.
fn radiotap_flags(header: &[u8]) -> Option<u8> {
    const TSFT: u8 = 0x01;
    const FLAGS: u8 = 0x02;
    const MORE_BIT_MAPS: u8 = 0x80;
    let present = *header.get(4)?;
    let maps = header.get(4..)?.chunks_exact(4).position(|map| map[3] & MORE_BIT_MAPS == 0)? + 1;
    let mut offset = 4 + 4 * maps;
    if present & TSFT != 0 {
        offset = offset.next_multiple_of(8) + 8;
    }
    if present & FLAGS != 0 { header.get(offset).copied() } else { None }
}

/// A Prism header: message code and length, in the byte order of the host that captured; or an AVS header, which
/// some drivers deliver as this link type.
pub(super) fn prism(bytes: &[u8]) -> Next<'_> {
    let code = be32(bytes, 0)?;
    if code & 0xffff_f000 == AVS_MAGIC {
        return avs(bytes);
    }
    let length = be32(bytes, 4)?;
    let length = if code > 0xffff { length.swap_bytes() } else { length };
    skip(bytes, length)
}

/// An AVS header: magic number and length in network byte order.
pub(super) fn avs(bytes: &[u8]) -> Next<'_> {
    skip(bytes, be32(bytes, 4)?)
}

/// An 802.11 header behind a capture header of `length` bytes.
fn skip(bytes: &[u8], length: u32) -> Next<'_> {
    let length = usize::try_from(length).ok().filter(|&length| length >= 8)?;
    Some((Layer::Wifi { padded: false }, bytes.get(length..)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{behind, hex, opens, tcp, v4};
    use crate::net::LinkType;

    const SNAP: &str = "aaaa03 000000 0800";

    /// A frame with so much between the 24 bytes that each has and SNAP.
    fn wifi(control: &str, sequence: &str, between: &str) -> Vec<u8> {
        let addresses = "00".repeat(18);
        behind(&format!("{control} 0000 {addresses} {sequence} {between} {SNAP}"), &v4(6, &tcp()))
    }

    fn opened(control: &str, sequence: &str, between: &str) -> bool {
        opens(LinkType::IEEE802_11, &wifi(control, sequence, between))
    }

    #[test]
    fn headers_of_every_length_are_passed() {
        assert!(opened("0800", "0000", ""));
        assert!(opened("0801", "f0ff", ""), "any sequence number");
        assert!(opened("2800", "0000", ""), "data with CF-Poll");
        assert!(opened("0803", "0000", "000000000000"), "address 4");
        assert!(opened("8801", "0000", "0000"), "QoS");
        assert!(opened("8803", "0000", "000000000000 0700"), "address 4 and QoS");
        assert!(opened("8881", "0000", "0000 00000000"), "QoS and HT control");
        assert!(opened("0880", "0000", ""), "the order bit means HT control with QoS only");
    }

    #[test]
    fn only_the_start_of_an_open_data_frame_is_walked() {
        assert!(!opened("8000", "0000", ""), "beacon");
        assert!(!opened("d400", "0000", ""), "acknowledgement");
        assert!(!opened("4800", "0000", ""), "no data");
        assert!(!opened("c800", "0000", "0000"), "QoS without data");
        assert!(!opened("0840", "0000", ""), "protected");
        assert!(!opened("0804", "0100", ""), "a later fragment");
        assert!(opened("0804", "0000", ""), "the first fragment");
        assert!(!opened("8800", "0000", "8000"), "A-MSDU");
        assert!(!opens(LinkType::IEEE802_11, &behind("0800 0000", &[6; 60])), "no SNAP");
        assert!(!opens(LinkType::IEEE802_11, &hex("8800 0000")), "cut short");
    }

    /// A `QoS` frame as drivers deliver it that pad the header to four bytes.
    fn padded() -> Vec<u8> {
        wifi("8801", "0000", "0000 0000")
    }

    #[test]
    fn radiotap_flags_are_found_behind_bit_maps_and_timer() {
        let timer = "1111111111111111";
        for (what, header) in [
            ("flags alone", "00 00 0900 02000000 FLAGS".to_owned()),
            ("timer before it", format!("00 00 1100 03000000 {timer} FLAGS")),
            ("two bit maps", "00 00 0d00 02000080 00000000 FLAGS".to_owned()),
            (
                "two bit maps, timer on its boundary",
                format!("00 00 1900 03000080 00000000 00000000 {timer} FLAGS"),
            ),
            ("three bit maps", "00 00 1100 020000a0 000000a0 00000000 FLAGS".to_owned()),
            ("three bit maps and timer", format!("00 00 1900 030000a0 000000a0 00000000 {timer} FLAGS")),
            ("more fields", "00 00 0c00 06000000 FLAGS 0200 00".to_owned()),
        ] {
            let with = |flags: &str, frame: &[u8]| {
                opens(LinkType::RADIOTAP, &behind(&header.replace("FLAGS", flags), frame))
            };
            assert!(with("20", &padded()) && with("30", &padded()), "{what}");
            assert!(with("10", &wifi("8801", "0000", "0000")), "{what}");
            assert!(!with("10", &padded()) && !with("20", &wifi("8801", "0000", "0000")), "{what}");
        }
    }

    #[test]
    fn radiotap_without_flags_is_not_padded() {
        let frame = wifi("8801", "0000", "0000");
        for header in ["00 00 0800 00000000", "00 00 1000 01000000 2020202020202020", "00 00 0800 02000000"] {
            assert!(opens(LinkType::RADIOTAP, &behind(header, &frame)), "{header}");
        }
        assert!(!opens(LinkType::RADIOTAP, &behind("00 00 0700 000000", &frame)), "shorter than itself");
        assert!(!opens(LinkType::RADIOTAP, &behind("00 00 ffff 00000000", &frame)), "longer than all");
    }

    #[test]
    fn prism_and_avs_headers_state_their_length() {
        let (frame, rest) = (wifi("0801", "0000", ""), "00".repeat(136));
        assert!(opens(LinkType::PRISM, &behind(&format!("44000000 90000000 {rest}"), &frame)));
        assert!(opens(LinkType::PRISM, &behind(&format!("00000044 00000090 {rest}"), &frame)));
        let avs = behind(&format!("80211001 00000040 {}", &rest[..112]), &frame);
        assert!(opens(LinkType::AVS, &avs));
        assert!(opens(LinkType::PRISM, &avs), "as some drivers deliver it");
        for link in [LinkType::PRISM, LinkType::AVS] {
            assert!(!opens(link, &behind("80211001 00000007", &frame)));
            assert!(!opens(link, &behind("80211001 ffffffff", &frame)));
        }
    }
}
