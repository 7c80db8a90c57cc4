//! The laws of reading captures, on captures written here: what was written is read, wherever it is cut, in whatever
//! pieces it comes, however it is compressed; and nothing that is broken makes reading panic or loop.
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
        let head = [self.order.u32(0x1a2b_3c4d), [self.order.u16(1), self.order.u16(self.minor)].concat().try_into().unwrap()];
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
    let resolution = prop::option::of(prop_oneof![select(vec![0, 3, 6, 9, 12, 0x80, 0x8a, 0xbf]), any::<u8>()]);
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
        (any::<Index>(), record(), comment)
            .prop_map(|(on, record, comment)| Item::Enhanced { on, record, comment }),
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
        let captured = (0..length).map(|place| (place * 7 + number as usize) as u8).collect();
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
            prop_assert!(error.is_some(), "{} cut at {} of {}", with, cut, whole.len());
            prop_assert!(written.frames().starts_with(&frames));
        }
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
