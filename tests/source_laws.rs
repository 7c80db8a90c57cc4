//! The laws of reading captures, on captures written here: what was written is read, wherever it is cut, in whatever
//! pieces it comes, however it is compressed; and nothing that is broken makes reading panic or loop.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{self, Cursor, Read, Write};

use portolan::net::{LinkType, Timestamp};
use portolan::source::{CaptureReader, Frame, OwnedFrame, Source, SourceError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const NANOS: i128 = 1_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, number: u16) -> [u8; 2] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn u32(self, number: u32) -> [u8; 4] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn u64(self, number: u64) -> [u8; 8] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn words(self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| self.u32(*word)).collect()
    }

    fn flipped(self) -> Self {
        if self == Self::Big { Self::Little } else { Self::Big }
    }
}

fn order() -> impl Strategy<Value = Order> {
    select(vec![Order::Little, Order::Big])
}

/// A capture, and what has to be read from it.
#[derive(Clone, Debug, Default)]
struct Written {
    bytes: Vec<u8>,
    /// Each with the offset behind it.
    frames: Vec<(usize, OwnedFrame)>,
    /// Where a file may end. It begins no capture before the first of them.
    borders: Vec<usize>,
}

impl Written {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.borders.push(self.bytes.len());
    }

    fn frames(&self) -> Vec<OwnedFrame> {
        self.frames.iter().map(|(_, frame)| frame.clone()).collect()
    }

    fn frames_before(&self, cut: usize) -> Vec<OwnedFrame> {
        self.frames.iter().filter(|(end, _)| *end <= cut).map(|(_, frame)| frame.clone()).collect()
    }
}

#[derive(Clone, Debug)]
struct Record {
    seconds: u32,
    fraction: u32,
    captured: Vec<u8>,
    not_captured: u32,
}

impl Record {
    fn captured_len(&self) -> u32 {
        u32::try_from(self.captured.len()).unwrap()
    }

    fn wire_len(&self) -> u32 {
        self.captured_len() + self.not_captured
    }

    fn frame(&self, link: u16, nanos: Option<i128>) -> OwnedFrame {
        OwnedFrame {
            link: LinkType(link),
            timestamp: nanos.map(Timestamp::from_nanos_saturating),
            captured: self.captured.clone(),
            wire_len: self.wire_len(),
        }
    }
}

fn record() -> impl Strategy<Value = Record> {
    let captured = prop_oneof![8 => vec(any::<u8>(), 0..40), 1 => vec(any::<u8>(), 1500..1600)];
    let fraction = prop_oneof![0..1_000_000_u32, any::<u32>()];
    let not_captured = prop_oneof![Just(0), 0..100_000_u32];
    (any::<u32>(), fraction, captured, not_captured).prop_map(
        |(seconds, fraction, captured, not_captured)| Record { seconds, fraction, captured, not_captured },
    )
}

/// The magic number of a pcap file, the nanoseconds of its fractions, and what its records' headers have more.
type Variant = (u32, i128, usize);

const VARIANTS: [Variant; 3] = [(0xa1b2_c3d4, 1000, 0), (0xa1b2_3c4d, 1, 0), (0xa1b2_cd34, 1000, 8)];

#[derive(Clone, Debug)]
struct Pcap {
    order: Order,
    variant: Variant,
    link: u16,
    records: Vec<Record>,
}

impl Pcap {
    fn written(&self) -> Written {
        let order = self.order;
        let (magic, fraction_nanos, more) = self.variant;
        let mut file = Written::default();
        let version = [order.u16(2), order.u16(4)].concat();
        let head = [order.u32(magic).to_vec(), version, order.words(&[0, 0, 65535, u32::from(self.link)])];
        file.add(&head.concat());
        for record in &self.records {
            let lengths = [record.captured_len(), record.wire_len()];
            let head = order.words(&[record.seconds, record.fraction, lengths[0], lengths[1]]);
            file.add(&[&head, &vec![0xee; more], &record.captured].map(Vec::as_slice).concat());
            let nanos = i128::from(record.seconds) * NANOS + i128::from(record.fraction) * fraction_nanos;
            file.frames.push((file.bytes.len(), record.frame(self.link, Some(nanos))));
        }
        file
    }
}

fn pcap() -> impl Strategy<Value = Pcap> {
    (order(), select(VARIANTS.to_vec()), any::<u16>(), vec(record(), 0..8))
        .prop_map(|(order, variant, link, records)| Pcap { order, variant, link, records })
}

#[derive(Clone, Debug)]
struct Interface {
    link: u16,
    snap_length: u32,
    resolution: Option<u8>,
    offset_seconds: Option<i64>,
}

impl Interface {
    fn nanos(&self, units: u64) -> i128 {
        let (resolution, units) = (self.resolution.unwrap_or(6), i128::from(units));
        let exponent = u32::from(resolution & 0x7f);
        let nanos = if resolution & 0x80 != 0 {
            units * NANOS / 1_i128.checked_shl(exponent).filter(|unit| *unit > 0).unwrap_or(i128::MAX)
        } else {
            // 10^38 is the largest power there is room for, and far more than makes 0 of any time stamp.
            units * NANOS / 10_i128.pow(exponent.min(38))
        };
        nanos + i128::from(self.offset_seconds.unwrap_or(0)) * NANOS
    }
}

#[derive(Clone, Debug)]
enum Item {
    Interface(Interface),
    Enhanced { on: Index, record: Record, comment: Option<Vec<u8>> },
    Obsolete { on: Index, record: Record },
    Simple(Record),
    Unknown { kind: u32, body: Vec<u8> },
    Statistics { on: u32, dropped: u64 },
}

#[derive(Clone, Debug)]
struct Section {
    order: Order,
    minor: u16,
    first: Interface,
    items: Vec<Item>,
}

impl Section {
    fn block(&self, kind: u32, body: &[u8]) -> Vec<u8> {
        let padding = body.len().next_multiple_of(4) - body.len();
        let length = self.order.u32(u32::try_from(12 + body.len() + padding).unwrap());
        [&self.order.u32(kind), &length, body, &vec![0; padding], &length].concat()
    }

    fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        let padding = value.len().next_multiple_of(4) - value.len();
        let length = u16::try_from(value.len()).unwrap();
        [&self.order.u16(code), &self.order.u16(length), value, &vec![0; padding]].concat()
    }

    fn interface(&self, interface: &Interface) -> Vec<u8> {
        let mut body = [self.order.u16(interface.link), self.order.u16(0)].concat();
        body.extend(self.order.u32(interface.snap_length));
        body.extend(self.option(2, b"eth0"));
        if let Some(resolution) = interface.resolution {
            body.extend(self.option(9, &[resolution]));
        }
        if let Some(offset) = interface.offset_seconds {
            body.extend(self.option(14, &self.order.u64(offset.cast_unsigned())));
        }
        body.extend(self.option(0, &[]));
        self.block(1, &body)
    }

    /// A packet block with its data and options behind these fields.
    fn packet(&self, kind: u32, interface: &[u8], record: &Record, options: &[u8]) -> Vec<u8> {
        let fields = [record.seconds, record.fraction, record.captured_len(), record.wire_len()];
        let padding = vec![0xee; record.captured.len().next_multiple_of(4) - record.captured.len()];
        let body = [interface, &self.order.words(&fields), &record.captured, &padding, options].concat();
        self.block(kind, &body)
    }

    fn write(&self, file: &mut Written) {
        let head = [
            self.order.u32(0x1a2b_3c4d),
            [self.order.u16(1), self.order.u16(self.minor)].concat().try_into().unwrap(),
        ];
        file.add(&self.block(0x0a0d_0d0a, &[&head.concat(), &self.order.u64(u64::MAX)[..]].concat()));
        file.add(&self.interface(&self.first));
        let mut interfaces = vec![&self.first];
        let units = |record: &Record| u64::from(record.seconds) << 32 | u64::from(record.fraction);
        for item in &self.items {
            let frame = match item {
                Item::Interface(interface) => {
                    file.add(&self.interface(interface));
                    interfaces.push(interface);
                    None
                }
                Item::Enhanced { on, record, comment } => {
                    let number = on.index(interfaces.len());
                    let options = comment.as_ref().map(|comment| self.option(1, comment)).unwrap_or_default();
                    let field = self.order.u32(u32::try_from(number).unwrap());
                    file.add(&self.packet(6, &field, record, &options));
                    let interface = interfaces[number];
                    Some(record.frame(interface.link, Some(interface.nanos(units(record)))))
                }
                Item::Obsolete { on, record } => {
                    let number = on.index(interfaces.len());
                    let fields = [self.order.u16(u16::try_from(number).unwrap()), self.order.u16(0xffff)];
                    file.add(&self.packet(2, &fields.concat(), record, &[]));
                    let interface = interfaces[number];
                    Some(record.frame(interface.link, Some(interface.nanos(units(record)))))
                }
                Item::Simple(record) => {
                    let mut record = Record { not_captured: 0, ..record.clone() };
                    let whole = record.captured.len();
                    if self.first.snap_length > 0 {
                        record.captured.truncate(self.first.snap_length as usize);
                    }
                    record.not_captured = u32::try_from(whole - record.captured.len()).unwrap();
                    let body = [self.order.u32(record.wire_len()).to_vec(), record.captured.clone()].concat();
                    file.add(&self.block(3, &body));
                    Some(record.frame(self.first.link, None))
                }
                Item::Unknown { kind, body } => {
                    file.add(&self.block(*kind, body));
                    None
                }
                Item::Statistics { on, dropped } => {
                    let options = self.option(5, &self.order.u64(*dropped));
                    file.add(&self.block(5, &[self.order.words(&[*on, 0, 0]), options].concat()));
                    None
                }
            };
            file.frames.extend(frame.map(|frame| (file.bytes.len(), frame)));
        }
    }
}

fn written(sections: &[Section]) -> Written {
    let mut file = Written::default();
    for section in sections {
        section.write(&mut file);
    }
    file
}

fn interface() -> impl Strategy<Value = Interface> {
    let resolution =
        prop::option::of(prop_oneof![select(vec![0, 3, 6, 9, 12, 0x80, 0x8a, 0xbf]), any::<u8>()]);
    let offset = prop::option::of(prop_oneof![-4_000_000_000..4_000_000_000_i64, any::<i64>()]);
    (any::<u16>(), prop_oneof![Just(0), 1..50_u32], resolution, offset).prop_map(
        |(link, snap_length, resolution, offset_seconds)| Interface {
            link,
            snap_length,
            resolution,
            offset_seconds,
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    let comment = prop::option::of(vec(any::<u8>(), 0..10));
    // Types that nobody has been given yet, and local ones.
    let kind = prop_oneof![100..200_u32, 0x8000_0000..=u32::MAX];
    prop_oneof![
        interface().prop_map(Item::Interface),
        (any::<Index>(), record(), comment).prop_map(|(on, record, comment)| Item::Enhanced {
            on,
            record,
            comment
        }),
        (any::<Index>(), record()).prop_map(|(on, record)| Item::Obsolete { on, record }),
        record().prop_map(Item::Simple),
        (kind, vec(any::<u8>(), 0..30)).prop_map(|(kind, body)| Item::Unknown { kind, body }),
        (0..3_u32, any::<u64>()).prop_map(|(on, dropped)| Item::Statistics { on, dropped }),
    ]
}

fn sections() -> impl Strategy<Value = Vec<Section>> {
    let section = (order(), select(vec![0, 2]), interface(), vec(item(), 0..10))
        .prop_map(|(order, minor, first, items)| Section { order, minor, first, items });
    vec(section, 1..4)
}

fn capture() -> impl Strategy<Value = Written> {
    prop_oneof![pcap().prop_map(|file| file.written()), sections().prop_map(|sections| written(&sections))]
}

/// More than is read at once, with the longest record that there may be.
fn large() -> Written {
    let record = |number: u32| {
        let length = if number == 1500 { Frame::MAX_CAPTURED as usize } else { number as usize % 1400 };
        let captured = (number..).map(|place| place.to_le_bytes()[0]).take(length).collect();
        Record { seconds: number, fraction: number, captured, not_captured: number % 3 }
    };
    let records = (0..3000).map(record).collect();
    Pcap { order: Order::Little, variant: VARIANTS[0], link: 1, records }.written()
}

/// All frames, and what ended them if not the end of the capture.
fn read(input: impl Read + Send + 'static) -> (Vec<OwnedFrame>, Option<SourceError>) {
    let mut frames = Vec::new();
    let mut reader = match CaptureReader::from_reader(input) {
        Ok(reader) => reader,
        Err(error) => return (frames, Some(error)),
    };
    let error = loop {
        match reader.next_frame() {
            Ok(Some(frame)) => frames.push(frame.into()),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(matches!(reader.next_frame(), Ok(None)), "more after the end");
    (frames, error)
}

fn read_bytes(bytes: &[u8]) -> (Vec<OwnedFrame>, Option<SourceError>) {
    read(Cursor::new(bytes.to_vec()))
}

/// Gives out bytes in pieces of these sizes, over and over; 0 is an interrupted call.
struct Pieces {
    bytes: Cursor<Vec<u8>>,
    sizes: Vec<usize>,
    next: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.next % self.sizes.len()];
        self.next += 1;
        if size == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = size.min(buffer.len());
        self.bytes.read(&mut buffer[..length])
    }
}

const COMPRESSIONS: [&str; 4] = ["gzip", "zstd", "lz4", "xz"];

fn compressed(with: &str, bytes: &[u8]) -> Vec<u8> {
    match with {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(bytes, 1).unwrap(),
        "lz4" => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        "xz" => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        other => panic!("{other}"),
    }
}

#[track_caller]
fn assert_whole(input: impl Read + Send + 'static, written: &Written) {
    let (frames, error) = read(input);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(frames, written.frames());
}

proptest! {
    #[test]
    fn what_was_written_is_read(written in capture()) {
        assert_whole(Cursor::new(written.bytes.clone()), &written);
    }

    #[test]
    fn both_byte_orders_say_the_same(pcap in pcap(), sections in sections()) {
        let flipped = Pcap { order: pcap.order.flipped(), ..pcap.clone() };
        prop_assert_eq!(read_bytes(&pcap.written().bytes).0, read_bytes(&flipped.written().bytes).0);
        let flip = |section: &Section| Section { order: section.order.flipped(), ..section.clone() };
        let flipped: Vec<Section> = sections.iter().map(flip).collect();
        prop_assert_eq!(read_bytes(&written(&sections).bytes).0, read_bytes(&written(&flipped).bytes).0);
    }

    #[test]
    fn cut_anywhere_all_records_before_the_cut_are_read(written in capture()) {
        // Every byte of small captures, and of large ones those around the borders.
        let near_border = |cut: &usize| written.borders.iter().any(|border| border.abs_diff(*cut) <= 5);
        let all = written.bytes.len() < 400;
        for cut in (0..=written.bytes.len()).filter(|cut| all || near_border(cut)) {
            let (frames, error) = read_bytes(&written.bytes[..cut]);
            prop_assert_eq!(&frames, &written.frames_before(cut), "cut at {}", cut);
            prop_assert_eq!(error.is_none(), written.borders.contains(&cut), "cut at {}: {:?}", cut, error);
        }
    }

    #[test]
    fn pieces_of_any_size_say_the_same(written in capture(), sizes in vec(0..30_usize, 1..8)) {
        prop_assume!(sizes.iter().any(|size| *size > 0));
        assert_whole(Pieces { bytes: Cursor::new(written.bytes.clone()), sizes, next: 0 }, &written);
        assert_whole(Pieces { bytes: Cursor::new(written.bytes.clone()), sizes: vec![1], next: 0 }, &written);
    }

    #[test]
    fn compressed_captures_say_the_same(written in capture(), split in any::<Index>()) {
        let (first, second) = written.bytes.split_at(split.index(written.bytes.len() + 1));
        for with in COMPRESSIONS {
            assert_whole(Cursor::new(compressed(with, &written.bytes)), &written);
            let two = [compressed(with, first), compressed(with, second)].concat();
            assert_whole(Cursor::new(two.clone()), &written);
            assert_whole(Pieces { bytes: Cursor::new(two), sizes: vec![1, 3, 0, 7], next: 0 }, &written);
        }
    }

    #[test]
    fn compressed_captures_cut_short_say_so(written in capture(), cut in any::<Index>()) {
        for with in COMPRESSIONS {
            let whole = compressed(with, &written.bytes);
            let cut = cut.index(whole.len());
            let (frames, error) = read_bytes(&whole[..cut]);
            prop_assert!(error.is_some(), "{with} cut at {cut} of {}", whole.len());
            prop_assert!(written.frames().starts_with(&frames));
        }
    }

    #[test]
    fn noise_neither_panics_nor_loops(
        magic in select(vec![
            &[][..], &[0xd4, 0xc3, 0xb2, 0xa1], &[0x0a, 0x0d, 0x0d, 0x0a], &[0x1f, 0x8b, 8], &[0x28, 0xb5, 0x2f, 0xfd],
            &[0x04, 0x22, 0x4d, 0x18], &[0xfd, b'7', b'z', b'X', b'Z', 0],
        ]),
        noise in vec(any::<u8>(), 0..4000),
    ) {
        let (frames, _) = read_bytes(&[magic, &noise[..]].concat());
        let is_pcap = magic.first() == Some(&0xd4);
        prop_assert!(!is_pcap || frames.len() <= noise.len() / 16, "a record takes 16 bytes at least");
    }

    #[test]
    fn broken_captures_neither_panic_nor_loop(
        written in capture(),
        flips in vec((any::<Index>(), any::<u8>()), 1..20),
        doubled in any::<Index>(),
        with in prop::option::of(select(COMPRESSIONS.to_vec())),
    ) {
        let mut bytes = written.bytes;
        let whole = bytes.len();
        bytes.extend_from_within(doubled.index(whole)..);
        let most = bytes.len() / 16;
        let mut bytes = with.map_or(bytes.clone(), |with| compressed(with, &bytes));
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let (frames, _) = read_bytes(&bytes);
        prop_assert!(frames.len() <= most, "{} frames", frames.len());
    }
}

#[test]
fn large_captures_are_read_whole_however_they_come() {
    let written = large();
    assert_whole(Cursor::new(written.bytes.clone()), &written);
    for sizes in [vec![1], vec![65_537, 3, 0, 500_000], vec![usize::MAX]] {
        assert_whole(Pieces { bytes: Cursor::new(written.bytes.clone()), sizes, next: 0 }, &written);
    }
    let (first, second) = written.bytes.split_at(written.bytes.len() / 2);
    for with in COMPRESSIONS {
        assert_whole(Cursor::new(compressed(with, &written.bytes)), &written);
        let two = [compressed(with, first), compressed(with, second)].concat();
        let (frames, error) = read_bytes(&two[..two.len() - 5]);
        assert!(error.is_some(), "{with}");
        assert!(frames.len() > 1000 && written.frames().starts_with(&frames), "{with}: {}", frames.len());
        assert_whole(Cursor::new(two), &written);
    }
}

/// A section with one interface and one packet of four bytes, blocks of these kinds and bodies, and the packet again.
fn around(blocks: &[u8]) -> Vec<u8> {
    let section = plain_section();
    let packet = section.packet(6, &[0; 4], &short_record(), &[]);
    let mut file = Written::default();
    section.write(&mut file);
    [&file.bytes[..], &packet, blocks, &packet].concat()
}

fn plain_section() -> Section {
    let first = Interface { link: 1, snap_length: 0, resolution: None, offset_seconds: None };
    Section { order: Order::Little, minor: 0, first, items: Vec::new() }
}

fn short_record() -> Record {
    Record { seconds: 1, fraction: 2, captured: vec![1, 2, 3, 4], not_captured: 0 }
}

/// The frames of a capture with these blocks between two packets, and whether it is whole.
#[track_caller]
fn assert_between(blocks: &[u8], expected: (usize, bool), what: &str) {
    let (frames, error) = read_bytes(&around(blocks));
    assert_eq!((frames.len(), error.is_none()), expected, "{what}: {error:?}");
}

/// A block of a kind with a body of whole words, whose lengths say something else.
fn block_saying(first: u32, kind: u32, body: &[u32], last: u32) -> Vec<u8> {
    Order::Little.words(&[&[kind, first], body, &[last]].concat())
}

#[test]
fn lengths_of_blocks_may_leave_out_the_padding() {
    for (first, last) in [(16, 16), (13, 13), (13, 16), (16, 15), (15, 13)] {
        assert_between(&block_saying(first, 0x77, &[0], last), (2, true), "unknown block");
    }
    for (first, last) in [(36, 36), (34, 34), (33, 36), (36, 33)] {
        let packet = block_saying(first, 6, &[0, 0, 0, 2, 2, 0], last);
        assert_between(&packet, (3, true), "packet");
    }
    for (first, last) in [(16, 20), (16, 12), (16, 0), (20, 16)] {
        assert_between(&block_saying(first, 0x77, &[0], last), (1, false), "lengths that differ");
    }
}

#[test]
fn impossible_lengths_end_reading() {
    for length in [0, 1, 4, 8, 134_348_836, u32::MAX] {
        assert_between(&block_saying(length, 0x77, &[], length), (1, false), "unknown block");
    }
    for (kind, least) in
        [(1, 20), (2, 32), (3, 16), (4, 16), (5, 24), (6, 32), (10, 20), (0xbad, 16), (0x4000_0bad, 16)]
    {
        let words = vec![0; (least - 16) / 4];
        let length = u32::try_from(least - 4).unwrap();
        assert_between(&block_saying(length, kind, &words, length), (1, false), &format!("type {kind:#x}"));
    }
}

#[test]
fn blocks_longer_than_any_packet_are_skipped() {
    let section = plain_section();
    assert_between(&section.block(0x77, &vec![0; 17 << 20]), (2, true), "17 MiB");
    let interface =
        [vec![1, 0, 0, 0, 0, 0, 0, 0], section.option(2, &vec![b'e'; 60_000]).repeat(300)].concat();
    assert_between(&section.block(1, &interface), (2, true), "an interface with 17 MiB of options");
}

#[test]
fn captured_lengths_fit_into_their_blocks() {
    let packet = |kind, captured| block_saying(36, kind, &[0, 0, 0, captured, captured, 0], 36);
    for kind in [2, 6] {
        for captured in [0, 1, 4] {
            assert_between(&packet(kind, captured), (3, true), "fits");
        }
        for captured in [5, 8, 262_144, 262_145, u32::MAX] {
            assert_between(&packet(kind, captured), (1, false), "does not fit");
        }
    }
    let simple = |wire_len| block_saying(24, 3, &[wire_len, 0, 0], 24);
    for wire_len in [5, 8] {
        assert_between(&simple(wire_len), (3, true), "fits");
    }
    for wire_len in [0, 4, 9, u32::MAX] {
        assert_between(&simple(wire_len), (1, false), "does not fill its block");
    }
    let section = plain_section();
    let longest = Record { captured: vec![0; 262_144], ..short_record() };
    let longer = Record { captured: vec![0; 262_145], ..short_record() };
    assert_between(&section.packet(6, &[0; 4], &longest, &[]), (3, true), "the longest packet");
    assert_between(&section.packet(6, &[0; 4], &longer, &[]), (1, false), "longer than any");
}

#[test]
fn options_that_do_not_fit_end_reading() {
    let section = plain_section();
    let head: [(u32, usize); 4] = [(0x0a0d_0d0a, 16), (1, 8), (5, 12), (6, 20)];
    for (kind, fields) in head {
        let fields = if kind == 0x0a0d_0d0a {
            [0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0].into_iter().chain([0xff; 8]).collect()
        } else {
            vec![0; fields]
        };
        // A new section has no interface for the packet behind it.
        let whole = if kind == 0x0a0d_0d0a { (1, false) } else { (if kind == 6 { 3 } else { 2 }, true) };
        let with = |options: &[u8]| section.block(kind, &[&fields, options].concat());
        assert_between(&with(&section.option(1, b"ends with the block")), whole, "no end of options");
        assert_between(&with(&[0, 0, 0, 0, 9, 9, 9, 9]), whole, "rubbish behind the end of options");
        for options in [[1, 0, 5, 0, 0, 0, 0, 0], [1, 0, 0xff, 0xff, 0, 0, 0, 0], [0, 0, 5, 0, 0, 0, 0, 0]] {
            assert_between(&with(&options), (1, false), "longer than the block");
            let (_, error) = read_bytes(&around(&with(&options)));
            assert!(matches!(error, Some(SourceError::Options { .. })), "{kind}: {error:?}");
        }
    }
}

#[test]
fn options_of_packets_have_the_length_of_their_kind() {
    let section = plain_section();
    let with = |code, length| {
        let options = section.option(code, &vec![1; length]);
        section.packet(6, &[0; 4], &short_record(), &options)
    };
    let sound =
        [(1, 0), (2, 4), (3, 0), (4, 8), (5, 8), (6, 4), (7, 9), (8, 0), (2988, 4), (19373, 5), (999, 0)];
    for (code, length) in sound {
        assert_between(&with(code, length), (3, true), &format!("option {code} of {length} bytes"));
    }
    let unsound = [
        (2, 3),
        (2, 8),
        (4, 4),
        (5, 4),
        (6, 8),
        (7, 0),
        (7, 4),
        (2988, 3),
        (2989, 0),
        (19372, 1),
        (19373, 0),
    ];
    for (code, length) in unsound {
        assert_between(&with(code, length), (1, false), &format!("option {code} of {length} bytes"));
    }
}

#[test]
fn packets_need_a_described_interface() {
    let packet = |kind, interface| block_saying(32, kind, &[interface, 0, 0, 0, 0], 32);
    for (kind, interface) in [(6, 1), (6, u32::MAX), (2, 1), (2, 0xffff)] {
        assert_between(&packet(kind, interface), (1, false), "not described");
    }
    let new_section =
        plain_section().block(0x0a0d_0d0a, &[&[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0][..], &[0xff; 8]].concat());
    assert_between(&new_section, (1, false), "the last section's interface");
    assert_between(&[new_section, block_saying(16, 3, &[0], 16)].concat(), (1, false), "a simple packet");
    assert_between(&block_saying(24, 5, &[7, 0, 0], 24), (2, true), "statistics of none are let pass");
}

#[test]
fn sections_of_other_versions_end_reading() {
    for (major, minor, known) in
        [(1, 0, true), (1, 2, true), (1, 1, false), (1, 3, false), (0, 1, false), (2, 0, false)]
    {
        let mut section = Written::default();
        Section { minor, ..plain_section() }.write(&mut section);
        section.bytes[12] = major;
        assert_between(
            &section.bytes,
            if known { (2, true) } else { (1, false) },
            &format!("{major}.{minor}"),
        );
        let (_, error) = read_bytes(&section.bytes);
        assert_eq!(error.is_none(), known);
        assert!(error.is_none_or(|error| error.is_refusal()), "it is the first section");
    }
    let no_byte_order = block_saying(28, 0x0a0d_0d0a, &[0, 1, 0, 0], 28);
    assert_between(&no_byte_order, (1, false), "no byte-order magic");
}

/// A pcap file of a version, with these words for captured and original length of one packet of four bytes.
fn pcap_of_version(major: u16, minor: u16, lengths: [u32; 2]) -> Vec<u8> {
    let order = Order::Big;
    let version = [order.u16(major), order.u16(minor)].concat();
    let head = [order.u32(0xa1b2_c3d4).to_vec(), version, order.words(&[0, 0, 65535, 1])].concat();
    [head, order.words(&[1, 2]), order.words(&lengths), vec![1, 2, 3, 4]].concat()
}

#[test]
fn lengths_stood_the_other_way_round_before_version_2_4() {
    for (minor, lengths) in [(4, [4, 9]), (3, [4, 9]), (3, [9, 4]), (2, [9, 4]), (0, [9, 4]), (99, [4, 9])] {
        let (frames, error) = read_bytes(&pcap_of_version(2, minor, lengths));
        assert!(error.is_none(), "2.{minor}: {error:?}");
        assert_eq!((frames[0].captured.len(), frames[0].wire_len), (4, 9), "2.{minor}");
    }
}

#[test]
fn what_is_no_capture_is_refused() {
    let mut reserved = pcap_of_version(2, 4, [4, 4]);
    reserved[21] = 1;
    let mut checksums = pcap_of_version(2, 4, [4, 4]);
    checksums[20] = 0x44;
    assert!(read_bytes(&checksums).1.is_none(), "the upper bits tell of frame check sequences");
    for bytes in [&b""[..], b"\xa1", b"no capture", &[0; 100], &reserved, &pcap_of_version(1, 4, [4, 4])] {
        let (frames, error) = read_bytes(bytes);
        assert!(frames.is_empty() && error.is_some_and(|error| error.is_refusal()), "{bytes:?}");
    }
    for with in COMPRESSIONS {
        let (frames, error) = read_bytes(&compressed(with, b""));
        assert!(frames.is_empty() && error.is_some_and(|error| error.is_refusal()), "nothing, by {with}");
    }
}

#[test]
fn records_longer_than_any_end_reading() {
    let whole = pcap_of_version(2, 4, [4, 4]);
    for captured in [262_145, u32::MAX] {
        let long = [whole.clone(), Order::Big.words(&[1, 2, captured, captured]), vec![0; 300_000]].concat();
        let (frames, error) = read_bytes(&long);
        assert_eq!(frames.len(), 1);
        assert!(matches!(error, Some(SourceError::TooLong { offset: 44, length }) if length == captured));
    }
}
