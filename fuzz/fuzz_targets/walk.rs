//! The first byte picks the link type, the rest is a frame: the shortcut for plain frames has to say the same as
//! the full walk.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan::net::LinkType;
use portolan::packet::{walk, walk_every_header};
use portolan::source::Frame;

fuzz_target!(|input: &[u8]| {
    let Some((&link, captured)) = input.split_first() else { return };
    let link = LinkType::OPENED[usize::from(link) % LinkType::OPENED.len()];
    let frame = Frame { link, timestamp: None, captured, wire_len: 0 };
    assert_eq!(walk(&frame), walk_every_header(&frame));
});
