//! The first byte picks variant and byte order of the magic number; the rest is a pcap file from there on.
#![no_main]

use libfuzzer_sys::fuzz_target;

const MAGICS: [u32; 3] = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34];

fuzz_target!(|input: &[u8]| {
    let Some((&variant, rest)) = input.split_first() else { return };
    let magic = MAGICS[usize::from(variant >> 1) % MAGICS.len()];
    let magic = if variant & 1 == 0 { magic.to_le_bytes() } else { magic.to_be_bytes() };
    portolan_fuzz::drain([&magic, rest].concat());
});
