//! Classic pcap files (draft-ietf-opsawg-pcap).

use super::block_reader::BlockReader;
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

/// Reads the records of a pcap file.
#[derive(Debug)]
pub(super) struct PcapReader {
    reader: BlockReader,
    magic: Magic,
    lengths: Lengths,
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
        Ok(Self { reader, magic, lengths, link })
    }

    /// The next record; `None` at the end of the file.
    #[inline]
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let header_length = self.magic.record_header;
        if !self.reader.has(header_length) {
            return self.end(header_length, "a packet's header");
        }
        let magic = self.magic;
        let (words, _) = self.reader.peek(header_length).as_chunks::<4>();
        let words: [[u8; 4]; 4] = *words.first_chunk().expect("no record header is shorter");
        let [seconds, fraction, mut captured, mut wire_len] = words.map(|word| magic.u32(word));
        if self.lengths != Lengths::InOrder && (self.lengths == Lengths::Swapped || captured > wire_len) {
            (captured, wire_len) = (wire_len, captured);
        }
        if captured > Frame::MAX_CAPTURED {
            let offset = self.reader.offset();
            return Err(SourceError::TooLong { offset, length: captured });
        }
        let length = header_length + captured as usize;
        if !self.reader.has(length) {
            return self.end(length, "a packet");
        }
        let nanos = i64::from(seconds) * NANOS_PER_SECOND + i64::from(fraction) * magic.fraction_ns;
        Ok(Some(Frame {
            link: self.link,
            timestamp: Some(Timestamp::from_nanos(nanos)),
            captured: &self.reader.take(length)[header_length..],
            wire_len,
        }))
    }

    #[cold]
    fn end(&mut self, needed: usize, what: &'static str) -> Result<Option<Frame<'_>>, SourceError> {
        end(&mut self.reader, what, needed).map(|()| None)
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
