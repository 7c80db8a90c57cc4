//! The header walk, header by header: which ports or which bucket a frame gives.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use portolan::net::LinkType;
use portolan::packet::{Bucket, Packet, walk, walk_every_header};
use portolan::source::Frame;
use proptest::prelude::*;

/// What the walk says, in short: `tcp 40000 443 from 10.0.0.1`, `other-ip 1`, `malformed` …
fn found(link: LinkType, captured: &[u8]) -> String {
    let frame = Frame { link, timestamp: None, captured, wire_len: 100 };
    let packet = walk(&frame);
    assert_eq!(packet, walk_every_header(&frame), "the shortcut differs");
    match packet {
        Packet::Ports(meta) => {
            let source = meta.addresses.source();
            format!("{} {} {} from {source}", meta.transport, meta.source_port, meta.destination_port)
        }
        Packet::NoPorts(Bucket::OtherIp(protocol)) => format!("other-ip {}", protocol.0),
        Packet::NoPorts(bucket) => format!("{bucket:?}").to_lowercase(),
    }
}

fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&[2; 12], &ether_type.to_be_bytes()[..], payload].concat()
}

fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let header = [0x45, 0, length[0], length[1], 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    [&header, payload].concat()
}

fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut header = vec![0x60, 0, 0, 0, length[0], length[1], next, 64];
    for host in [1, 2] {
        header.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
    }
    [&header, payload].concat()
}

fn ports(source: u16, destination: u16) -> Vec<u8> {
    [source.to_be_bytes(), destination.to_be_bytes()].concat()
}

fn tcp() -> Vec<u8> {
    [&ports(40000, 443)[..], &[0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]].concat()
}

fn udp(destination: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    [&ports(40000, destination)[..], &length, &[0, 0], payload].concat()
}

const INNER: &str = "tcp 40000 443 from 10.0.0.1";
const INNER_6: &str = "tcp 40000 443 from fd00::1";

/// TCP in IPv4: what most headers are put around.
fn inner() -> Vec<u8> {
    v4(6, &tcp())
}

fn inner_6() -> Vec<u8> {
    v6(6, &tcp())
}

fn on_ethernet(ether_type: u16, payload: &[u8]) -> String {
    found(LinkType::ETHERNET, &ethernet(ether_type, payload))
}

fn in_v4(protocol: u8, payload: &[u8]) -> String {
    on_ethernet(0x0800, &v4(protocol, payload))
}

fn in_v6(next: u8, payload: &[u8]) -> String {
    on_ethernet(0x86dd, &v6(next, payload))
}

fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn ethernet_and_tags() {
    assert_eq!(on_ethernet(0x0800, &inner()), INNER);
    assert_eq!(on_ethernet(0x86dd, &inner_6()), INNER_6);
    for tag in [0x8100, 0x88a8, 0x9100] {
        assert_eq!(on_ethernet(tag, &bytes(&[&[0, 1, 8, 0], &inner()])), INNER);
    }
    let many = bytes(&[&[0, 1, 0x81, 0].repeat(9), &[0, 1, 8, 0], &inner()]);
    assert_eq!(on_ethernet(0x8100, &many), INNER);
    assert_eq!(on_ethernet(0x6558, &ethernet(0x0800, &inner())), INNER);
    for unopened in [0x0806, 0x88e5, 0x88e7, 0x8926, 0x893f, 0x8909, 0x8903, 0x894f, 1501] {
        assert_eq!(on_ethernet(unopened, &inner()), "nonip", "{unopened:#x}");
    }
    assert_eq!(found(LinkType::ETHERNET, &[0; 13]), "nonip");
    assert_eq!(found(LinkType(147), &ethernet(0x0800, &inner())), "nonip");
}

#[test]
fn llc_and_snap() {
    let llc = |header: &[u8]| on_ethernet(60, &bytes(&[header, &inner()]));
    assert_eq!(llc(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), INNER);
    assert_eq!(llc(&[0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0]), INNER);
    assert_eq!(llc(&[0xaa, 0xaa, 3, 0, 0, 0xc, 8, 0]), "nonip");
    assert_eq!(llc(&[6, 6, 3]), INNER);
    assert_eq!(llc(&[0x42, 0x42, 3]), "nonip");
    let tagged = bytes(&[&[0, 1, 0, 60, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner()]);
    assert_eq!(on_ethernet(0x8100, &tagged), INNER);
}

#[test]
fn links_of_loopback_and_raw_ip() {
    for (link, family, expected) in [
        (LinkType::NULL, [2, 0, 0, 0], INNER),
        (LinkType::NULL, [0, 0, 0, 2], INNER),
        (LinkType::LOOP, [0, 0, 0, 2], INNER),
        (LinkType::NULL, [24, 0, 0, 0], INNER_6),
        (LinkType::NULL, [0, 0, 0, 28], INNER_6),
        (LinkType::LOOP, [0, 0, 0, 30], INNER_6),
        (LinkType::NULL, [7, 0, 0, 0], "nonip"),
    ] {
        let payload = if expected == INNER_6 { inner_6() } else { inner() };
        assert_eq!(found(link, &bytes(&[&family, &payload])), expected, "{family:?}");
    }
    for link in [LinkType::RAW, LinkType::RAW_12, LinkType::RAW_14] {
        assert_eq!(found(link, &inner()), INNER);
        assert_eq!(found(link, &inner_6()), INNER_6);
        assert_eq!(found(link, &[0x50; 60]), "nonip");
        assert_eq!(found(link, &[]), "nonip");
    }
    assert_eq!(found(LinkType::IPV4, &inner()), INNER);
    assert_eq!(found(LinkType::IPV4, &inner_6()), "nonip");
    assert_eq!(found(LinkType::IPV6, &inner_6()), INNER_6);
}

#[test]
fn ppp_and_cisco_hdlc() {
    for header in [&[0xff, 3, 0, 0x21][..], &[0, 0x21], &[0x21], &[0xff, 3, 0x21]] {
        for link in [LinkType::PPP, LinkType::PPP_HDLC] {
            assert_eq!(found(link, &bytes(&[header, &inner()])), INNER, "{header:?}");
        }
    }
    assert_eq!(found(LinkType::PPP, &bytes(&[&[0, 0x57], &inner_6()])), INNER_6);
    assert_eq!(found(LinkType::PPP, &bytes(&[&[2, 0x81, 0, 1, 1, 0xff], &inner()])), INNER);
    assert_eq!(found(LinkType::PPP, &[0xc0, 0x21, 1, 1]), "nonip");
    for address in [0x0f, 0x8f] {
        let frame = bytes(&[&[address, 0, 8, 0], &inner()]);
        assert_eq!(found(LinkType::PPP_HDLC, &frame), INNER);
        assert_eq!(found(LinkType::C_HDLC, &frame), INNER);
    }
    let tagged = bytes(&[&[0x0f, 0, 0x81, 0, 0, 1, 8, 0], &inner()]);
    assert_eq!(found(LinkType::C_HDLC, &tagged), "nonip");
    let session = bytes(&[&[0x11, 0, 0, 1, 0, 42, 0, 0x21], &inner()]);
    assert_eq!(found(LinkType::PPPOE, &session), INNER);
    assert_eq!(on_ethernet(0x8864, &session), INNER);
    assert_eq!(on_ethernet(0x8863, &session), "nonip");
}

#[test]
fn cooked_and_pflog() {
    for (protocol, payload, expected) in [
        ([8, 0], inner(), INNER),
        ([0x86, 0xdd], inner_6(), INNER_6),
        ([0x81, 0], bytes(&[&[0, 1, 8, 0], &inner()]), INNER),
        ([0, 4], bytes(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &inner()]), INNER),
        ([0, 1], inner(), "nonip"),
    ] {
        assert_eq!(found(LinkType::LINUX_SLL, &bytes(&[&[0; 14], &protocol, &payload])), expected);
        assert_eq!(found(LinkType::LINUX_SLL2, &bytes(&[&protocol, &[0; 18], &payload])), expected);
    }
    assert_eq!(found(LinkType::PFLOG, &bytes(&[&[61, 2], &[0; 62], &inner()])), INNER);
    assert_eq!(found(LinkType::PFLOG, &bytes(&[&[64, 24], &[0; 62], &inner_6()])), INNER_6);
}

/// An 802.11 data frame with what its control bytes ask for, around TCP in LLC.
fn wifi(control: u8, flags: u8, more_header: &[u8]) -> Vec<u8> {
    bytes(&[
        &[control, flags, 0, 0],
        &[2; 18],
        &[0x10, 0],
        more_header,
        &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
        &inner(),
    ])
}

#[test]
fn wireless() {
    let open = |frame: &[u8]| found(LinkType::IEEE802_11, frame);
    assert_eq!(open(&wifi(0x08, 0x01, &[])), INNER);
    assert_eq!(open(&wifi(0x08, 0x03, &[2; 6])), INNER);
    assert_eq!(open(&wifi(0x88, 0x01, &[0, 0])), INNER);
    assert_eq!(open(&wifi(0x88, 0x83, &[2, 2, 2, 2, 2, 2, 0, 0, 9, 9, 9, 9])), INNER);
    let (aggregated, null, beacon, protected) =
        (wifi(0x88, 1, &[0x80, 0]), wifi(0x48, 1, &[]), wifi(0x80, 0, &[]), wifi(0x08, 0x41, &[]));
    for frame in [aggregated, null, beacon, protected] {
        assert_eq!(open(&frame), "nonip");
    }
    let mut second_fragment = wifi(0x08, 1, &[]);
    second_fragment[22] = 0x11;
    assert_eq!(open(&second_fragment), "nonip");
}

#[test]
fn headers_before_wireless() {
    let plain = wifi(0x08, 1, &[]);
    let short = [0, 0, 8, 0, 0, 0, 0, 0];
    assert_eq!(found(LinkType::RADIOTAP, &bytes(&[&short, &plain])), INNER);
    // Two bit maps, a timer on its boundary, and the flag that the 802.11 header is padded.
    let padded = [0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20];
    assert_eq!(found(LinkType::RADIOTAP, &bytes(&[&padded, &wifi(0x88, 1, &[0, 0, 0, 0])])), INNER);
    let prism = bytes(&[&[0x44, 0, 0, 0, 144, 0, 0, 0], &[0; 136], &plain]);
    assert_eq!(found(LinkType::PRISM, &prism), INNER);
    let avs = bytes(&[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64], &[0; 56], &plain]);
    assert_eq!(found(LinkType::AVS, &avs), INNER);
    assert_eq!(found(LinkType::PRISM, &avs), INNER);
    assert_eq!(found(LinkType::PPI, &bytes(&[&[0, 0, 12, 0, 105, 0, 0, 0, 0, 0, 0, 0], &plain])), INNER);
}

#[test]
fn mpls() {
    let labels = |below: &[u8]| on_ethernet(0x8847, &bytes(&[&[0, 1, 0, 64, 0, 2, 1, 64], below]));
    assert_eq!(labels(&inner()), INNER);
    assert_eq!(labels(&inner_6()), INNER_6);
    // An associated channel is none, though it reads like Ethernet from its first byte on.
    let channel = bytes(&[&[0x10, 0, 0, 0x21, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], &inner()]);
    assert_eq!(labels(&channel), "nonip");
    assert_eq!(labels(&ethernet(0x0800, &inner())), INNER);
    let addressed_so_that_nibble_is_0 = bytes(&[&[0, 2, 2, 2, 2, 2, 0, 2, 2, 2, 2, 2, 8, 0], &inner()]);
    assert_eq!(labels(&addressed_so_that_nibble_is_0), INNER);
    assert_eq!(labels(&bytes(&[&[0; 4], &ethernet(0x0800, &inner())])), INNER);
    assert_eq!(on_ethernet(0x8847, &[0, 1, 0, 64]), "nonip");
}

#[test]
fn bad_ip_headers() {
    let header = inner();
    assert_eq!(on_ethernet(0x0800, &header[..19]), "malformed");
    assert_eq!(on_ethernet(0x0800, &[]), "nonip");
    assert_eq!(on_ethernet(0x0800, &inner_6()), "nonip");
    assert_eq!(on_ethernet(0x86dd, &inner_6()[..39]), "malformed");
    let with = |place: usize, value: u8| {
        let mut header = inner();
        header[place] = value;
        on_ethernet(0x0800, &header)
    };
    assert_eq!(with(0, 0x44), "malformed");
    assert_eq!(with(3, 19), "malformed");
    assert_eq!(with(3, 0), INNER);
    assert_eq!(with(3, 23), "malformed", "three bytes of ports");
    assert_eq!(with(3, 24), INNER, "four bytes of ports");
    assert_eq!(with(2, 0xff), INNER, "a length that promises more");
    assert_eq!(with(0, 0x4f), "malformed", "options up to the end and no ports");
}

#[test]
fn fragments_and_other_protocols() {
    let mut later = inner();
    later[7] = 1;
    assert_eq!(on_ethernet(0x0800, &later), "fragment");
    let mut first = inner();
    first[6] = 0x20;
    assert_eq!(on_ethernet(0x0800, &first), INNER);
    for protocol in [0, 43, 44, 50, 60, 97, 108, 115, 136, 33, 103, 255] {
        assert_eq!(in_v4(protocol, &tcp()), format!("other-ip {protocol}"));
    }
    let quoting = bytes(&[&[3, 3, 0, 0, 0, 0, 0, 0], &inner()]);
    assert_eq!(in_v4(1, &quoting), "other-ip 1");
    assert_eq!(in_v6(58, &quoting), "other-ip 58");
    assert_eq!(in_v4(132, &ports(1, 2)), "sctp 1 2 from 10.0.0.1");
}

#[test]
fn ipv6_extension_headers() {
    let options = |next: u8| [next, 0, 1, 4, 0, 0, 0, 0];
    let chain = bytes(&[&options(43), &options(60), &options(44), &[6, 0, 0, 1, 0, 0, 0, 0], &tcp()]);
    assert_eq!(in_v6(0, &chain), INNER_6);
    assert_eq!(in_v6(44, &bytes(&[&[6, 0, 0, 8, 0, 0, 0, 0], &tcp()])), "fragment");
    assert_eq!(in_v6(0, &options(59)), "other-ip 59");
    assert_eq!(in_v6(0, &options(6)[..7]), "malformed");
    assert_eq!(in_v6(44, &[6, 0, 0, 0, 0, 0, 0]), "malformed");
    assert_eq!(in_v6(6, &[0; 3]), "malformed");
}

#[test]
fn ip_in_ip_and_ah() {
    assert_eq!(in_v4(4, &inner()), INNER);
    assert_eq!(in_v4(41, &inner_6()), INNER_6);
    assert_eq!(in_v6(4, &inner()), INNER);
    assert_eq!(in_v4(4, &inner_6()), "other-ip 4", "no IP header, and the walk ends before it");
    assert_eq!(in_v4(4, &inner()[..10]), "malformed");
    let ah = |next: u8| bytes(&[&[next, 4], &[0; 22]]);
    assert_eq!(in_v4(51, &bytes(&[&ah(6), &tcp()])), INNER);
    assert_eq!(in_v6(51, &bytes(&[&ah(60), &[6, 0, 0, 0, 0, 0, 0, 0], &tcp()])), INNER_6);
    assert_eq!(in_v4(51, &bytes(&[&ah(50), &tcp()])), "other-ip 50");
}

#[test]
fn gre_and_erspan() {
    let gre = |header: &[u8], payload: &[u8]| in_v4(47, &bytes(&[header, payload]));
    assert_eq!(gre(&[0, 0, 8, 0], &inner()), INNER);
    assert_eq!(gre(&[0, 0, 0x86, 0xdd], &inner_6()), INNER_6);
    for flag in [0x80, 0x20, 0x10] {
        assert_eq!(gre(&[flag, 0, 8, 0, 9, 9, 9, 9], &inner()), INNER, "{flag:#x}");
    }
    let routed = [0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0];
    assert_eq!(gre(&routed, &inner()), INNER);
    let point_to_point = [0x30, 0x81, 0x88, 0x0b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0x21];
    assert_eq!(gre(&point_to_point, &inner()), INNER);
    assert_eq!(gre(&[0, 2, 8, 0], &inner()), "other-ip 47");
    assert_eq!(gre(&[0, 0, 8, 6], &[0; 28]), "other-ip 47");
    assert_eq!(gre(&[0, 0, 8, 0], &v4(1, &[8, 0, 0, 0])), "other-ip 1");
    assert_eq!(gre(&[0, 0, 0x88, 0xbe], &ethernet(0x0800, &inner())), INNER);
    let sequenced = [0x10, 0, 0x88, 0xbe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(gre(&sequenced, &ethernet(0x0800, &inner())), INNER);
    for (flag, more) in [(0, 0), (1, 8)] {
        let header = bytes(&[&[0x10, 0, 0x22, 0xeb], &[0; 15], &[flag], &vec![0; more]]);
        assert_eq!(gre(&header, &ethernet(0x0800, &inner())), INNER);
    }
}

#[test]
fn tunnels_over_udp() {
    let vxlan = |inside: &[u8]| udp(4789, &bytes(&[&[0; 8], inside]));
    assert_eq!(in_v4(17, &vxlan(&ethernet(0x0800, &inner()))), INNER);
    assert_eq!(in_v4(17, &vxlan(&ethernet(0x0806, &[0; 28]))), "udp 40000 4789 from 10.0.0.1");
    assert_eq!(in_v4(17, &vxlan(&ethernet(0x0800, &inner()[..10]))), "udp 40000 4789 from 10.0.0.1");
    let geneve = bytes(&[&[1, 0, 0x65, 0x58, 0, 0, 0, 0, 9, 9, 9, 9], &ethernet(0x86dd, &inner_6())]);
    assert_eq!(in_v4(17, &udp(6081, &geneve)), INNER_6);
    assert_eq!(in_v4(17, &udp(6081, &[&[0x40], &geneve[1..]].concat())), "udp 40000 6081 from 10.0.0.1");
    let gtp = |header: &[u8]| in_v4(17, &udp(2152, &bytes(&[header, &inner()])));
    assert_eq!(gtp(&[0x30, 255, 0, 0, 0, 0, 0, 0]), INNER);
    assert_eq!(gtp(&[0x32, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x85]), INNER);
    assert_eq!(gtp(&[0x34, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x85, 1, 0, 0, 0x40, 1, 0, 0, 0]), INNER);
    for other in [[0x30, 1], [0x20, 255], [0x50, 255]] {
        assert_eq!(gtp(&bytes(&[&other, &[0; 6]])), "udp 40000 2152 from 10.0.0.1");
    }
    let authentication = bytes(&[&[0, 1, 2, 3], &[7; 5], &[0; 9]]);
    let origin = [0, 0, 1, 1, 1, 1, 1, 1];
    for header in [&[][..], &authentication, &origin, &bytes(&[&authentication, &origin])] {
        assert_eq!(in_v4(17, &udp(3544, &bytes(&[header, &inner_6()]))), INNER_6);
    }
    let from_the_port = bytes(&[&ports(4789, 9)[..], &[0, 70, 0, 0], &[0; 8], &ethernet(0x0800, &inner())]);
    assert_eq!(in_v4(17, &from_the_port), INNER);
}

#[test]
fn udp_lengths() {
    let with_length = |length: u8| {
        let mut datagram = udp(4789, &bytes(&[&[0; 8], &ethernet(0x0800, &inner())]));
        datagram[4..6].copy_from_slice(&[0, length]);
        datagram
    };
    assert_eq!(in_v4(17, &with_length(7)), "udp 40000 4789 from 10.0.0.1");
    assert_eq!(in_v4(17, &with_length(0)), "udp 40000 4789 from 10.0.0.1");
    assert_eq!(in_v6(17, &with_length(0)), INNER);
    assert_eq!(in_v4(17, &ports(5, 6)), "udp 5 6 from 10.0.0.1");
    assert_eq!(in_v4(17, &ports(5, 6)[..3]), "malformed");
}

proptest! {
    #[test]
    fn the_shortcut_says_what_the_full_walk_says(
        kind in 0..6_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let tagged = bytes(&[&[0, 1, 0x81, 0, 0, 2, 8, 0], &inner()]);
        let mut frame = match kind {
            0 => ethernet(0x0800, &inner()),
            1 => ethernet(0x86dd, &inner_6()),
            2 => ethernet(0x88a8, &tagged),
            3 => ethernet(0x0800, &v4(17, &udp(53, &[0; 30]))),
            4 => ethernet(0x86dd, &v6(17, &udp(4789, &bytes(&[&[0; 8], &ethernet(0x0800, &inner())])))),
            _ => ethernet(0x0800, &v4(4, &inner())),
        };
        for (place, value) in damage {
            let place = place.index(frame.len());
            frame[place] = value;
        }
        frame.truncate(cut.index(frame.len() * 2).max(frame.len() / 2));
        let frame = Frame { link: LinkType::ETHERNET, timestamp: None, captured: &frame, wire_len: 9 };
        prop_assert_eq!(walk(&frame), walk_every_header(&frame));
    }

    #[test]
    fn noise_is_walked_to_an_end(link in any::<u8>(), noise in prop::collection::vec(any::<u8>(), 0..200)) {
        for link in [LinkType(u16::from(link)), LinkType::ETHERNET, LinkType::LINUX_SLL2] {
            let frame = Frame { link, timestamp: None, captured: &noise, wire_len: 9 };
            prop_assert_eq!(walk(&frame), walk_every_header(&frame));
        }
    }
}
