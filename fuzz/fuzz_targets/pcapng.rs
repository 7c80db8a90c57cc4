//! The first byte says what stands before the rest of the input: bit 0 is the byte order; with bit 1 not more than
//! the first block's type, without it a whole section header and an Ethernet interface.
#![no_main]

use libfuzzer_sys::fuzz_target;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
/// Type, length, byte-order magic, version 1.0 (its halves follow), section length, length; then an interface.
const BEFORE_VERSION: [u32; 3] = [SECTION_HEADER, 28, 0x1a2b_3c4d];
const BEHIND_VERSION: [u32; 5] = [u32::MAX, u32::MAX, 28, 1, 20];
const BEHIND_LINK_TYPE: [u32; 2] = [0, 20];

fuzz_target!(|input: &[u8]| {
    let Some((&variant, rest)) = input.split_first() else { return };
    let big_endian = variant & 1 != 0;
    let word = |word: u32| if big_endian { word.to_be_bytes() } else { word.to_le_bytes() };
    let half = |half: u16| if big_endian { half.to_be_bytes() } else { half.to_le_bytes() };
    let mut capture = Vec::new();
    if variant & 2 == 0 {
        capture.extend(BEFORE_VERSION.into_iter().flat_map(word));
        capture.extend([1, 0].into_iter().flat_map(half));
        capture.extend(BEHIND_VERSION.into_iter().flat_map(word));
        capture.extend([1, 0].into_iter().flat_map(half));
        capture.extend(BEHIND_LINK_TYPE.into_iter().flat_map(word));
    } else {
        capture.extend(word(SECTION_HEADER));
    }
    capture.extend_from_slice(rest);
    portolan_fuzz::drain(capture);
});
