//! The laws of the capture readers: what was written is read, cuts and damage cost no more than what they hit.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{self, Cursor, Read, Write};

use portolan::net::{LinkType, Timestamp};
use portolan::source::{CaptureReader, OwnedFrame, Source, SourceError};
use proptest::prelude::*;

/// A capture file, with the offset at which each packet's record is complete.
#[derive(Clone, Debug)]
struct File {
    bytes: Vec<u8>,
    frames: Vec<OwnedFrame>,
    ends: Vec<usize>,
    /// Offsets at which a cut leaves a whole file.
    borders: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Little), Just(Order::Big)]
}

type Packet = (u32, u32, Vec<u8>, u32);

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    let packet =
        (any::<u32>(), 0..1_500_000_000_u32, prop::collection::vec(any::<u8>(), 0..70), any::<u32>());
    prop::collection::vec(packet, 0..12)
}

/// A pcap file of one of the three kinds.
fn pcap(order: Order, kind: usize, packets: &[Packet]) -> File {
    let (magic, fraction_ns) = [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1), (0xa1b2_cd34, 1000)][kind];
    let mut bytes = order.u32(magic).to_vec();
    bytes.extend([order.u16(2), order.u16(4)].concat());
    bytes.extend([0, 0, 0, 113].map(|word| order.u32(word)).concat());
    let mut file = File { bytes, frames: Vec::new(), ends: Vec::new(), borders: vec![24] };
    for (seconds, fraction, captured, wire_len) in packets {
        let length = u32::try_from(captured.len()).unwrap();
        file.bytes.extend([*seconds, *fraction, length, *wire_len].map(|word| order.u32(word)).concat());
        file.bytes.extend(vec![0; if kind == 2 { 8 } else { 0 }]);
        file.bytes.extend(captured);
        let nanos = i64::from(*seconds) * 1_000_000_000 + i64::from(*fraction) * fraction_ns;
        file.frames.push(OwnedFrame {
            link: LinkType::LINUX_SLL,
            timestamp: Some(Timestamp::from_nanos(nanos)),
            captured: captured.clone(),
            wire_len: *wire_len,
        });
        file.ends.push(file.bytes.len());
        file.borders.push(file.bytes.len());
    }
    file
}

fn block(file: &mut File, order: Order, kind: u32, body: &[u8]) {
    let padding = body.len().next_multiple_of(4) - body.len();
    let length = order.u32(u32::try_from(12 + body.len() + padding).unwrap());
    file.bytes.extend(order.u32(kind));
    file.bytes.extend(length);
    file.bytes.extend(body);
    file.bytes.extend(vec![0; padding]);
    file.bytes.extend(length);
    file.borders.push(file.bytes.len());
}

fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = [order.u16(code), order.u16(u16::try_from(value.len()).unwrap())].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A section with an Ethernet interface in microseconds and one of 802.11 in nanoseconds, five seconds early; the
/// packets come in all three kinds of blocks, with others between.
fn section(file: &mut File, order: Order, packets: &[Packet]) {
    let mut header = order.u32(0x1a2b_3c4d).to_vec();
    header.extend([order.u16(1), order.u16(0)].concat());
    header.extend([0xff; 8]);
    block(file, order, 0x0a0d_0d0a, &header);
    block(file, order, 1, &[&order.u16(1)[..], &[0; 6]].concat());
    let mut description = [&order.u16(105)[..], &[0; 6]].concat();
    description.extend(option(order, 9, &[9]));
    description.extend(option(order, 14, &order.u64((-5_i64).cast_unsigned())));
    description.extend(option(order, 0, &[]));
    block(file, order, 1, &description);
    for (number, (high, low, captured, wire_len)) in packets.iter().enumerate() {
        // Later than the offset of the second interface, and within what a time stamp holds.
        let high = 2 + high % 100_000;
        let units = u64::from(high) << 32 | u64::from(*low);
        let length = u32::try_from(captured.len()).unwrap();
        let padded =
            || [captured.clone(), vec![0; captured.len().next_multiple_of(4) - captured.len()]].concat();
        let (link, nanos) = match number % 4 {
            0 => {
                let fields = [0, high, *low, length, *wire_len].map(|word| order.u32(word)).concat();
                block(file, order, 6, &[fields, captured.clone()].concat());
                (LinkType::ETHERNET, Some(units * 1000))
            }
            1 => {
                let fields = [1, high, *low, length, *wire_len].map(|word| order.u32(word)).concat();
                let options = [option(order, 4, &order.u64(3)), option(order, 0, &[])].concat();
                block(file, order, 6, &[fields, padded(), options].concat());
                (LinkType::IEEE802_11, Some(units - 5_000_000_000))
            }
            2 => {
                let interface = [order.u16(0), order.u16(0)].concat();
                let fields = [high, *low, length, *wire_len].map(|word| order.u32(word)).concat();
                block(file, order, 2, &[interface, fields, captured.clone()].concat());
                (LinkType::ETHERNET, Some(units * 1000))
            }
            _ => {
                block(file, order, 3, &[order.u32(length).to_vec(), captured.clone()].concat());
                (LinkType::ETHERNET, None)
            }
        };
        let timestamp = nanos.map(|nanos| Timestamp::from_nanos_saturating(i128::from(nanos)));
        let wire_len = if timestamp.is_some() { *wire_len } else { length };
        file.frames.push(OwnedFrame { link, timestamp, captured: captured.clone(), wire_len });
        file.ends.push(file.bytes.len());
        block(file, order, 0x0bad_0000 + u32::from(high % 2 == 0), captured);
    }
}

fn pcapng(sections: &[(Order, Vec<Packet>)]) -> File {
    let mut file = File { bytes: Vec::new(), frames: Vec::new(), ends: Vec::new(), borders: Vec::new() };
    for (order, packets) in sections {
        section(&mut file, *order, packets);
    }
    file
}

fn file() -> impl Strategy<Value = File> {
    let pcaps =
        (order(), 0..3_usize, packets()).prop_map(|(order, kind, packets)| pcap(order, kind, &packets));
    let sections = prop::collection::vec((order(), packets()), 1..4);
    prop_oneof![pcaps, sections.prop_map(|sections| pcapng(&sections))]
}

fn read(input: impl Read + Send + 'static) -> (Vec<OwnedFrame>, Option<SourceError>) {
    let mut capture = match CaptureReader::from_reader(input) {
        Ok(capture) => capture,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut frames = Vec::new();
    loop {
        match capture.next_frame() {
            Ok(Some(frame)) => frames.push(frame.into()),
            Ok(None) => return (frames, None),
            Err(error) => {
                assert!(matches!(capture.next_frame(), Ok(None)), "goes on after an error");
                return (frames, Some(error));
            }
        }
    }
}

/// Gives out a few bytes at a time.
struct Trickle(Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

fn compressed(bytes: &[u8], how: usize) -> Vec<u8> {
    let (one, other) = bytes.split_at(bytes.len() / 2);
    let gzip = |bytes: &[u8]| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let lz4 = |bytes: &[u8]| {
        let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let xz = |bytes: &[u8]| {
        let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 0);
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    match how {
        0 => gzip(bytes),
        1 => [gzip(one), gzip(other)].concat(),
        2 => zstd(bytes),
        3 => [zstd(one), zstd(other)].concat(),
        4 => lz4(bytes),
        5 => [lz4(one), lz4(other)].concat(),
        6 => xz(bytes),
        _ => [xz(one), xz(other)].concat(),
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read(file in file(), step in 1..100_usize) {
        let (frames, error) = read(Cursor::new(file.bytes.clone()));
        prop_assert!(error.is_none(), "{:?}", error);
        prop_assert_eq!(&frames, &file.frames);
        let (trickled, error) = read(Trickle(Cursor::new(file.bytes), step));
        prop_assert!(error.is_none());
        prop_assert_eq!(trickled, file.frames);
    }

    #[test]
    fn a_cut_leaves_all_packets_before_it(file in file(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(file.bytes.len());
        let (frames, error) = read(Cursor::new(file.bytes[..cut].to_vec()));
        let whole = file.ends.iter().filter(|&&end| end <= cut).count();
        prop_assert_eq!(&frames[..], &file.frames[..whole]);
        prop_assert_eq!(error.is_none(), file.borders.contains(&cut), "{:?} at {}", error, cut);
    }

    #[test]
    fn compression_changes_nothing(file in file(), how in 0..8_usize, cut in any::<prop::sample::Index>()) {
        let bytes = compressed(&file.bytes, how);
        let (frames, error) = read(Cursor::new(bytes.clone()));
        prop_assert!(error.is_none(), "{:?} in {}", error, how);
        prop_assert_eq!(&frames, &file.frames);
        let (frames, error) = read(Cursor::new(bytes[..cut.index(bytes.len())].to_vec()));
        prop_assert!(frames.len() <= file.frames.len());
        prop_assert_eq!(&frames[..], &file.frames[..frames.len()]);
// Between two members it may be a whole file.
        prop_assert!(error.is_some() || how % 2 == 1, "{} frames, no error, by {}", frames.len(), how);
    }

    #[test]
    fn damage_never_panics_and_always_ends(
        file in file(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = file.bytes;
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let most = bytes.len() / 16;
        prop_assert!(read(Cursor::new(bytes)).0.len() <= most);
    }

    #[test]
    fn noise_never_panics(magic in 0..8_usize, noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let magics: [&[u8]; 8] = [
            &[0xd4, 0xc3, 0xb2, 0xa1], &[0xa1, 0xb2, 0x3c, 0x4d], &[0x34, 0xcd, 0xb2, 0xa1],
            &[0x0a, 0x0d, 0x0d, 0x0a], &[0x1f, 0x8b, 8], &[0x28, 0xb5, 0x2f, 0xfd],
            &[0x04, 0x22, 0x4d, 0x18], &[0xfd, b'7', b'z', b'X', b'Z', 0],
        ];
        let bytes = [magics[magic], &noise].concat();
        prop_assert!(read(Cursor::new(bytes)).0.len() <= noise.len() / 16);
    }
}
