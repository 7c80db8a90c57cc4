//! The bytes of a packet.

use super::flows::Packet;

/// What a packet stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrap {
    Nothing,
    /// Two VLAN tags.
    Qinq,
    /// Ethernet, IPv4, UDP and VXLAN.
    Vxlan,
    /// A Linux cooked header instead of Ethernet's.
    Cooked,
}

impl Wrap {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "qinq" => Some(Self::Qinq),
            "vxlan" => Some(Self::Vxlan),
            "cooked" => Some(Self::Cooked),
            _ => None,
        }
    }

    pub(crate) const fn link_type(self) -> u16 {
        if matches!(self, Self::Cooked) { 113 } else { 1 }
    }
}

const ETHERNET: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

/// Appends the frame of a packet.
pub(crate) fn write(packet: &Packet, wrap: Wrap, payload: &[u8], out: &mut Vec<u8>) {
    let ip_length = usize::try_from(packet.length).unwrap().max(64) - 14;
    let ethertype: u16 = if packet.is_v6 { 0x86dd } else { 0x0800 };
    match wrap {
        Wrap::Nothing => out.extend(ETHERNET),
        Wrap::Qinq => {
            out.extend(ETHERNET);
            out.extend([0x88, 0xa8, 0, 100, 0x81, 0, 0, 10]);
        }
        Wrap::Vxlan => {
            out.extend(ETHERNET);
            out.extend([0x08, 0x00]);
            ipv4([0xc000_0201, 0xc000_0202], 17, 20 + 8 + 8 + 14 + ip_length, out);
            out.extend(50_000_u16.to_be_bytes());
            out.extend(4789_u16.to_be_bytes());
            out.extend(u16::try_from(8 + 8 + 14 + ip_length).unwrap().to_be_bytes());
            out.extend([0, 0, 8, 0, 0, 0, 0, 0, 42, 0]);
            out.extend(ETHERNET);
        }
        Wrap::Cooked => out.extend([0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]),
    }
    out.extend(ethertype.to_be_bytes());
    ip(packet, ip_length, payload, out);
}

fn ip(packet: &Packet, length: usize, payload: &[u8], out: &mut Vec<u8>) {
    let turned = |pair: [u32; 2]| if packet.is_answer { [pair[1], pair[0]] } else { pair };
    let addresses = turned(packet.addresses);
    let protocol = if packet.is_udp { 17 } else { 6 };
    let header = if packet.is_v6 {
        let length = length.max(40 + 20);
        out.extend([0x60, 0, 0, 0]);
        out.extend(u16::try_from(length - 40).unwrap().to_be_bytes());
        out.extend([protocol, 64]);
        for address in addresses {
            out.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0]);
            out.extend(address.to_be_bytes());
        }
        40
    } else {
        ipv4(addresses, protocol, length, out);
        20
    };
    let length = if packet.is_v6 { length.max(60) } else { length };
    transport(packet, length - header, out);
    let rest = length - header - if packet.is_udp { 8 } else { 20 };
    out.extend(&payload[..rest]);
}

fn ipv4(addresses: [u32; 2], protocol: u8, length: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0x45, 0]);
    out.extend(u16::try_from(length).unwrap().to_be_bytes());
    out.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
    out.extend(addresses.iter().flat_map(|address| address.to_be_bytes()));
    let words = out[start..].chunks_exact(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !u16::try_from(folded % 0xffff).unwrap();
    out[start + 10..start + 12].copy_from_slice(&checksum.to_be_bytes());
}

fn transport(packet: &Packet, length: usize, out: &mut Vec<u8>) {
    let ports = if packet.is_answer { [packet.ports[1], packet.ports[0]] } else { packet.ports };
    out.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    if packet.is_udp {
        out.extend(u16::try_from(length).unwrap().to_be_bytes());
        out.extend([0, 0]);
    } else {
        out.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, packet.tcp_flags, 0xff, 0xff, 0, 0, 0, 0]);
    }
}
