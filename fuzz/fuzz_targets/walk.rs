//! Any bytes as a frame: the first picks the link type. The shortcut for plain frames has to say what the full walk
//! says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan::net::LinkType;
use portolan::packet::{walk, walk_every_header};
use portolan::source::Frame;

/// Ethernet more often than the others: it has the most behind it.
const LINKS: [LinkType; 24] = [
    LinkType::ETHERNET,
    LinkType::ETHERNET,
    LinkType::ETHERNET,
    LinkType::NULL,
    LinkType::PPP,
    LinkType::RAW_12,
    LinkType::RAW_14,
    LinkType::PPP_HDLC,
    LinkType::PPPOE,
    LinkType::RAW,
    LinkType::C_HDLC,
    LinkType::IEEE802_11,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::PFLOG,
    LinkType::PRISM,
    LinkType::RADIOTAP,
    LinkType::AVS,
    LinkType::PPI,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::LINUX_SLL2,
    LinkType(147),
    LinkType(u16::MAX),
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, captured)) = bytes.split_first() else { return };
    let link = LINKS[usize::from(which) % LINKS.len()];
    let frame = Frame { link, timestamp: None, captured, wire_len: 1500 };
    assert_eq!(walk(&frame), walk_every_header(&frame));
});
