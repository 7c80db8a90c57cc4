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
