//! Classic pcap files (draft-ietf-opsawg-pcap).

use super::block_reader::BlockReader;
use super::frame::hand_out;
use super::{Frame, SourceError};
use crate::net::{LinkType, Timestamp};

const FILE_HEADER: usize = 24;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// What the magic number tells, read least significant byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Magic {
    big_endian: bool,
    /// Nanoseconds in a unit of the time stamps' fractions.
    fraction_ns: i64,
    record_header: usize,
}

impl Magic {
    /// The magic number that a file begins with.
    pub(super) fn of(beginning: [u8; 4]) -> Option<Self> {
        let of = |number: u32, big_endian| match number {
            0xa1b2_c3d4 => Some(Self { big_endian, fraction_ns: 1000, record_header: 16 }),
            0xa1b2_3c4d => Some(Self { big_endian, fraction_ns: 1, record_header: 16 }),
            // Kuznetzov's variant: eight more bytes with interface, protocol and packet type.
            0xa1b2_cd34 => Some(Self { big_endian, fraction_ns: 1000, record_header: 24 }),
            _ => None,
        };
        of(u32::from_le_bytes(beginning), false).or_else(|| of(u32::from_be_bytes(beginning), true))
    }

    #[inline]
    fn u32(self, word: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
    }

    fn u16(self, half: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(half) } else { u16::from_le_bytes(half) }
    }
}

/// Whether captured and original length stand the other way round, as they did before version 2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    InOrder,
    Swapped,
    /// Version 2.3 was written both ways: swapped where more would have been captured than there was.
    SwappedIfAbsurd,
}

/// What a record's header tells.
#[derive(Clone, Copy, Debug)]
struct Record {
    seconds: u32,
    fraction: u32,
    captured: u32,
    wire_len: u32,
}

/// The fields of every record's header; the variant's longer one has more behind them.
const FIELDS: usize = 16;

/// How the records of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Format {
    magic: Magic,
    lengths: Lengths,
}

impl Format {
    /// The format that nearly all files have, but for the fractions of their time stamps.
    const fn usual(fraction_ns: i64) -> Self {
        Self {
            magic: Magic { big_endian: false, fraction_ns, record_header: FIELDS },
            lengths: Lengths::InOrder,
        }
    }

    fn is_usual(self) -> bool {
        self == Self::usual(self.magic.fraction_ns)
    }

    #[inline]
    fn record(self, header: [u8; FIELDS]) -> Record {
        let [s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, w0, w1, w2, w3] = header;
        let words = [[s0, s1, s2, s3], [f0, f1, f2, f3], [c0, c1, c2, c3], [w0, w1, w2, w3]];
        let [seconds, fraction, mut captured, mut wire_len] = words.map(|word| self.magic.u32(word));
        let is_swapped = match self.lengths {
            Lengths::InOrder => false,
            Lengths::Swapped => true,
            Lengths::SwappedIfAbsurd => captured > wire_len,
        };
        if is_swapped {
            (captured, wire_len) = (wire_len, captured);
        }
        Record { seconds, fraction, captured, wire_len }
    }

    /// Header and data of a record, in bytes.
    #[inline]
    const fn length(self, record: Record) -> usize {
        self.magic.record_header + record.captured as usize
    }

    #[inline]
    fn time(self, record: Record) -> Timestamp {
        let (seconds, fraction) = (i64::from(record.seconds), i64::from(record.fraction));
        Timestamp::from_nanos(seconds * NANOS_PER_SECOND + fraction * self.magic.fraction_ns)
    }
}

/// Reads the records of a pcap file.
#[derive(Debug)]
pub(super) struct PcapReader {
    reader: BlockReader,
    format: Format,
    link: LinkType,
}

impl PcapReader {
    /// Reads the file header, which has to be of this magic.
    pub(super) fn new(mut reader: BlockReader, magic: Magic) -> Result<Self, SourceError> {
        if !reader.has(FILE_HEADER) {
            return Err(cut_short(&mut reader, "the file header", FILE_HEADER));
        }
        let &[_, _, _, _, m0, m1, n0, n1, .., l0, l1, l2, l3] =
            reader.take(FILE_HEADER).first_chunk::<FILE_HEADER>().expect("as many bytes as were asked for");
        let (major, minor) = (magic.u16([m0, m1]), magic.u16([n0, n1]));
        if major != 2 {
            return Err(SourceError::Version { format: "pcap", major, minor, offset: 0 });
        }
        let link = magic.u32([l0, l1, l2, l3]);
        if link >> 16 & 0x3ff != 0 {
            return Err(SourceError::ReservedLinkTypeBits(link));
        }
        let lengths = match minor {
            0..=2 => Lengths::Swapped,
            3 => Lengths::SwappedIfAbsurd,
            _ => Lengths::InOrder,
        };
        let link = LinkType(u16::try_from(link & 0xffff).unwrap_or_default());
        Ok(Self { reader, format: Format { magic, lengths }, link })
    }

    /// The offset in the file of the next record.
    #[inline]
    pub(super) const fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// The next record; `None` at the end of the file.
    #[inline]
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let format = self.format;
        let ahead = self.reader.ahead();
        let record = match ahead.first_chunk().map(|header| format.record(*header)) {
            Some(record)
                if format.length(record) <= ahead.len() && record.captured <= Frame::MAX_CAPTURED =>
            {
                record
            }
            _ => match self.fetch()? {
                Some(record) => record,
                None => return Ok(None),
            },
        };
        Ok(Some(Frame {
            link: self.link,
            timestamp: Some(format.time(record)),
            captured: &self.reader.take(format.length(record))[format.magic.record_header..],
            wire_len: record.wire_len,
        }))
    }

    /// Hands at most so many frames that begin before an offset to `each`, many at once. Returns whether there may be more.
    #[inline]
    pub(super) fn frames(
        &mut self,
        most: usize,
        until: u64,
        mut each: impl FnMut(&[Frame<'_>]),
    ) -> Result<bool, SourceError> {
        let mut left = most;
        while left > 0 {
            if self.offset() >= until {
                return Ok(false);
            }
            let handed_out = self.buffered_frames(left, until, &mut each);
            left -= handed_out;
            if handed_out == 0 && self.fetch()?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Hands out frames that are wholly buffered. Returns how many.
    #[inline]
    fn buffered_frames(&mut self, most: usize, until: u64, each: &mut impl FnMut(&[Frame<'_>])) -> usize {
        let format = self.format;
        if format.is_usual() {
            // With what it tells of each record known, nothing of it is asked again.
            self.buffered_frames_of(Format::usual(format.magic.fraction_ns), most, until, each)
        } else {
            self.buffered_frames_of(format, most, until, each)
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn buffered_frames_of(
        &mut self,
        format: Format,
        most: usize,
        until: u64,
        each: &mut impl FnMut(&[Frame<'_>]),
    ) -> usize {
        let link = self.link;
        let before_until = usize::try_from(until - self.offset()).unwrap_or(usize::MAX);
        let ahead = self.reader.ahead();
        let (mut rest, mut place) = (ahead, 0);
        let next = || {
            let record = format.record(*rest.first_chunk()?);
            if record.captured > Frame::MAX_CAPTURED || place >= before_until {
                return None;
            }
            let (whole, behind) = rest.split_at_checked(format.length(record))?;
            place += whole.len();
            rest = behind;
            let captured = &whole[format.magic.record_header..];
            Some(Frame { link, timestamp: Some(format.time(record)), captured, wire_len: record.wire_len })
        };
        let handed_out = hand_out(most, next, each);
        self.reader.take(place);
        handed_out
    }

    /// Reads on until the next record is there; `None` at the end of the file.
    #[cold]
    fn fetch(&mut self) -> Result<Option<Record>, SourceError> {
        let header_length = self.format.magic.record_header;
        if !self.reader.has(header_length) {
            return end(&mut self.reader, "a packet's header", header_length).map(|()| None);
        }
        let header = self.reader.ahead().first_chunk().expect("no record header is shorter");
        let record = self.format.record(*header);
        if record.captured > Frame::MAX_CAPTURED {
            return Err(SourceError::TooLong { offset: self.reader.offset(), length: record.captured });
        }
        let length = self.format.length(record);
        if !self.reader.has(length) {
            return end(&mut self.reader, "a packet", length).map(|()| None);
        }
        Ok(Some(record))
    }

    /// Goes on in `reader`, which may begin anywhere in the same file, at the first place from which records seem to follow
    /// each other. Returns whether there is one.
    pub(super) fn synchronise(&mut self, reader: BlockReader) -> bool {
        let format = self.format;
        self.reader = reader;
        self.reader.synchronise(1, |bytes| format.seems_to_begin(bytes))
    }
}

impl Format {
    /// Whether records follow each other from here on, as far as can be told.
    fn seems_to_begin(self, bytes: &[u8]) -> bool {
        /// Random bytes pass for that many records in a row less often than once in a file.
        const ENOUGH: usize = 6;
        /// Neighbours in a capture are not further apart.
        const SECONDS: u32 = 7 * 86_400;
        let mut rest = bytes;
        let mut before: Option<Record> = None;
        for seen in 0..ENOUGH {
            let Some(header) = rest.first_chunk() else { return seen > 0 };
            let record = self.record(*header);
            let is_near = before.is_none_or(|before| before.seconds.abs_diff(record.seconds) <= SECONDS);
            let is_fraction = i64::from(record.fraction) * self.magic.fraction_ns < NANOS_PER_SECOND;
            let is_length =
                record.captured <= Frame::MAX_CAPTURED && record.captured <= record.wire_len.max(1);
            if !(is_near && is_fraction && is_length) {
                return false;
            }
            before = Some(record);
            rest = match rest.get(self.length(record)..) {
                Some(rest) => rest,
                // What is not buffered cannot speak against it.
                None => return seen > 0,
            };
        }
        true
    }
}

/// What the end of the stream means where `needed` bytes of something should follow.
pub(super) fn end(reader: &mut BlockReader, what: &'static str, needed: usize) -> Result<(), SourceError> {
    let offset = reader.offset() + reader.buffered() as u64;
    match reader.take_failure() {
        Some(error) => Err(SourceError::Broken { offset, error }),
        None if reader.buffered() == 0 => Ok(()),
        None => Err(cut_short(reader, what, needed)),
    }
}

pub(super) fn cut_short(reader: &mut BlockReader, what: &'static str, needed: usize) -> SourceError {
    let (offset, there) = (reader.offset(), reader.buffered() as u64);
    match reader.take_failure() {
        Some(error) => SourceError::Broken { offset: offset + there, error },
        None => SourceError::CutShort { what, offset, there, needed: needed as u64 },
    }
}
