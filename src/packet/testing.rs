//! Frames for the tests, built from the inside out, and in a word what the walk finds in them.

use super::{Bucket, Packet, walk, walk_every_header};
use crate::net::LinkType;
use crate::source::Frame;

/// What is found where the frame of a test is walked down to [`tcp`].
pub(super) const INSIDE: &str = "tcp 1111 2222";

/// Bytes by their hexadecimal digits, with blanks between, and something behind them.
pub(super) fn behind(digits: &str, payload: &[u8]) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    assert_eq!(digits.len() % 2, 0, "half a byte");
    let bytes = digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap_or_default());
    bytes.chain(payload.iter().copied()).collect()
}

/// Bytes by their hexadecimal digits.
pub(super) fn hex(digits: &str) -> Vec<u8> {
    behind(digits, &[])
}

/// A TCP header with SYN set.
pub(super) fn tcp() -> Vec<u8> {
    hex("0457 08ae 00000001 00000000 5002 ffff 0000 0000")
}

/// A UDP datagram.
pub(super) fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap_or_default();
    behind(&format!("{source:04x} {destination:04x} {length:04x} 0000"), payload)
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2.
pub(super) fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = 20 + payload.len();
    behind(&format!("4500 {length:04x} 0001 0000 40 {protocol:02x} 0000 0a000001 0a000002"), payload)
}

/// An IPv6 packet from `fd00::1` to `fd00::2`.
pub(super) fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let address = |host| format!("fd00 0000 0000 0000 0000 0000 0000 {host:04x}");
    let length = payload.len();
    behind(&format!("60000000 {length:04x} {next:02x} 40 {} {}", address(1), address(2)), payload)
}

/// An Ethernet frame.
pub(super) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    behind(&format!("020000000001 020000000002 {ether_type:04x}"), payload)
}

/// TCP in IPv4 in Ethernet.
pub(super) fn plain() -> Vec<u8> {
    ethernet(0x0800, &v4(6, &tcp()))
}

/// What the walk finds: transport and ports, or the bucket.
pub(super) fn found(link: LinkType, captured: &[u8]) -> String {
    let frame = Frame { link, timestamp: None, captured, wire_len: 1500 };
    let packet = walk(&frame);
    assert_eq!(packet, walk_every_header(&frame), "the shortcut differs");
    match packet {
        Packet::Ports(meta) => {
            format!("{} {} {}", meta.transport.name(), meta.source_port, meta.destination_port)
        }
        Packet::NoPorts(Bucket::Fragment) => "fragment".to_owned(),
        Packet::NoPorts(Bucket::Malformed) => "malformed".to_owned(),
        Packet::NoPorts(Bucket::OtherIp(protocol)) => format!("other_ip {}", protocol.0),
        Packet::NoPorts(Bucket::NonIp) => "non_ip".to_owned(),
    }
}

/// Whether a frame of a link type is walked down to [`tcp`].
pub(super) fn opens(link: LinkType, captured: &[u8]) -> bool {
    found(link, captured) == INSIDE
}
