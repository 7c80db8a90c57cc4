//! pcapng files (draft-ietf-opsawg-pcapng).

mod block;
mod interface;
mod options;
mod pieces;

use super::block_reader::BlockReader;
use super::frame::hand_out;
use super::pcap::{cut_short, end};
use super::{Drops, Frame, SourceError};
use crate::net::LinkType;
pub(super) use block::SECTION_HEADER;
use block::{
    BLOCK_HEADER, BYTE_ORDER_MAGIC, ENHANCED_PACKET, EPB_DROP_COUNT, INTERFACE_DESCRIPTION,
    INTERFACE_STATISTICS, LONGEST_BLOCK, OBSOLETE_PACKET, Order, SECTION_HEADER_TYPE, SIMPLE_PACKET, TRAILER,
    has_length, is_looked_into, least_length, padded,
};
use interface::Interface;
use options::{each_option, u64_of};
pub(super) use pieces::Context;

const ISB_IF_DROP: u16 = 5;
const ISB_OS_DROP: u16 = 7;

/// Reads the packets of a pcapng file.
#[derive(Debug)]
pub(super) struct PcapNgReader {
    reader: BlockReader,
    order: Order,
    interfaces: Vec<Interface>,
    /// Drops of the sections before this one.
    drops: Drops,
    /// Sections begun.
    sections: u64,
}

/// A block that lies wholly in the buffer.
#[derive(Clone, Copy, Debug)]
struct Block {
    kind: u32,
    offset: u64,
    /// With header, trailer and padding.
    length: usize,
}

/// What stands before the data of an enhanced packet block.
const PLAIN_HEADER: usize = 28;

/// An enhanced packet block without options.
#[derive(Clone, Copy, Debug)]
struct PlainPacket {
    /// Of the block.
    length: usize,
    interface: u32,
    high: u32,
    low: u32,
    captured: usize,
    wire_len: u32,
}

impl PlainPacket {
    /// What nearly all blocks are. `None` if the bytes do not begin with one, or it is not all there.
    #[inline]
    fn of(ahead: &[u8], word: impl Fn([u8; 4]) -> u32) -> Option<Self> {
        let header: &[u8; PLAIN_HEADER] = ahead.first_chunk()?;
        let (words, _) = header.as_chunks::<4>();
        let words: &[[u8; 4]; PLAIN_HEADER / 4] = words.first_chunk()?;
        let [kind, length, interface, high, low, captured, wire_len] = words.map(&word);
        let block = length as usize;
        let trailer = ahead.get(..block)?.last_chunk()?;
        let (captured, is_short) = (captured as usize, captured <= Frame::MAX_CAPTURED);
        let is_plain = kind == ENHANCED_PACKET
            && is_short
            && PLAIN_HEADER + captured.next_multiple_of(4) + TRAILER == block
            && word(*trailer) == length;
        is_plain.then_some(Self { length: block, interface, high, low, captured, wire_len })
    }

    /// Its frame, of the bytes that the block begins.
    #[inline]
    fn frame<'a>(&self, interface: &Interface, bytes: &'a [u8]) -> Frame<'a> {
        Frame {
            link: interface.link,
            timestamp: Some(interface.time(self.high, self.low)),
            captured: &bytes[PLAIN_HEADER..PLAIN_HEADER + self.captured],
            wire_len: self.wire_len,
        }
    }
}

/// Where a packet block has what.
#[derive(Clone, Copy, Debug)]
struct Layout {
    interface: u32,
    /// The upper and the lower half of the time stamp.
    time: Option<(u32, u32)>,
    captured: u32,
    wire_len: u32,
    data: usize,
}

impl PcapNgReader {
    /// Reads the first section header.
    pub(super) fn new(reader: BlockReader) -> Result<Self, SourceError> {
        let (order, interfaces, drops) = (Order::Little, Vec::new(), Drops::default());
        let mut file = Self { reader, order, interfaces, drops, sections: 0 };
        match file.next_block()? {
            Some(block) => {
                file.section(block)?;
                file.reader.take(block.length);
            }
            None => return Err(cut_short(&mut file.reader, "the section header", BLOCK_HEADER)),
        }
        Ok(file)
    }

    /// What was dropped, as far as the blocks read so far tell.
    pub(super) fn drops(&self) -> Drops {
        self.interfaces.iter().fold(self.drops, |drops, interface| drops + interface.drops())
    }

    /// The offset in the file of the next block.
    #[inline]
    pub(super) const fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// The next packet; `None` at the end of the file.
    #[inline]
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let Some(packet) = PlainPacket::of(self.reader.ahead(), |word| self.order.word(word)) else {
            return self.next_in_full();
        };
        let Some(interface) = self.interfaces.get(packet.interface as usize) else {
            return self.next_in_full();
        };
        Ok(Some(packet.frame(interface, self.reader.take(packet.length))))
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
            let handed_out = match self.order {
                Order::Little => self.plain_frames(left, until, u32::from_le_bytes, &mut each),
                Order::Big => self.plain_frames(left, until, u32::from_be_bytes, &mut each),
            };
            left -= handed_out;
            if handed_out == 0 {
                match self.next_in_full()? {
                    Some(frame) => each(&[frame]),
                    None => return Ok(false),
                }
                left -= 1;
            }
        }
        Ok(true)
    }

    /// Hands out plain packets that are wholly buffered, up to the first other block. Returns how many.
    #[inline]
    fn plain_frames(
        &mut self,
        most: usize,
        until: u64,
        word: impl Fn([u8; 4]) -> u32,
        each: &mut impl FnMut(&[Frame<'_>]),
    ) -> usize {
        let before_until = usize::try_from(until - self.offset()).unwrap_or(usize::MAX);
        let ahead = self.reader.ahead();
        let mut place = 0;
        let next = || {
            let rest = &ahead[place..];
            let packet = PlainPacket::of(rest, &word).filter(|_| place < before_until)?;
            let interface = self.interfaces.get(packet.interface as usize)?;
            place += packet.length;
            Some(packet.frame(interface, rest))
        };
        let handed_out = hand_out(most, next, each);
        self.reader.take(place);
        handed_out
    }

    #[inline(never)]
    fn next_in_full(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        while let Some(block) = self.next_block()? {
            if matches!(block.kind, ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET) {
                return self.packet(block).map(Some);
            }
            self.describe(block)?;
        }
        Ok(None)
    }

    /// Takes a block that is no packet.
    #[cold]
    fn describe(&mut self, block: Block) -> Result<(), SourceError> {
        match block.kind {
            SECTION_HEADER_TYPE => self.section(block)?,
            INTERFACE_DESCRIPTION => self.interface(block)?,
            INTERFACE_STATISTICS => self.statistics(block)?,
            _ => {}
        }
        if is_looked_into(block.kind) {
            self.reader.take(block.length);
        }
        Ok(())
    }

    /// Buffers the next block, or skips it if it is of no interest.
    #[inline]
    fn next_block(&mut self) -> Result<Option<Block>, SourceError> {
        if !self.reader.has(BLOCK_HEADER) {
            return end(&mut self.reader, "a block's header", BLOCK_HEADER).map(|()| None);
        }
        let offset = self.reader.offset();
        let header = self.reader.peek(BLOCK_HEADER);
        if header[..4] == SECTION_HEADER {
            self.order = self.section_order(offset)?;
        }
        let header = self.reader.peek(BLOCK_HEADER);
        let (kind, length) = (self.order.u32(header, 0), self.order.u32(header, 4));
        let wrong = SourceError::BlockLength { offset, kind, length };
        let padded = padded(length);
        if padded < least_length(kind) || padded > LONGEST_BLOCK {
            return Err(wrong);
        }
        if !is_looked_into(kind) {
            self.skip_block(padded, wrong)?;
            return Ok(Some(Block { kind, offset, length: 0 }));
        }
        let whole = usize::try_from(padded).unwrap_or(usize::MAX);
        if !self.reader.has(whole) {
            return Err(cut_short(&mut self.reader, "a block", whole));
        }
        let trailer = self.order.u32(self.reader.peek(whole), whole - TRAILER);
        if self::padded(trailer) == padded {
            Ok(Some(Block { kind, offset, length: whole }))
        } else {
            Err(wrong)
        }
    }

    #[cold]
    fn skip_block(&mut self, length: u64, wrong: SourceError) -> Result<(), SourceError> {
        let offset = self.reader.offset();
        if !self.reader.skip(length - TRAILER as u64) || !self.reader.has(TRAILER) {
            let there = self.reader.offset() + self.reader.buffered() as u64 - offset;
            return Err(match self.reader.take_failure() {
                Some(error) => SourceError::Broken { offset: offset + there, error },
                None => SourceError::CutShort { what: "a block", offset, there, needed: length },
            });
        }
        if padded(self.order.u32(self.reader.take(TRAILER), 0)) == length { Ok(()) } else { Err(wrong) }
    }

    /// The byte order that a section header states in the bytes behind its length.
    #[cold]
    fn section_order(&mut self, offset: u64) -> Result<Order, SourceError> {
        let needed = BLOCK_HEADER + 4;
        if !self.reader.has(needed) {
            return Err(cut_short(&mut self.reader, "a section header", needed));
        }
        let header = self.reader.peek(needed);
        [Order::Little, Order::Big]
            .into_iter()
            .find(|order| order.u32(header, BLOCK_HEADER) == BYTE_ORDER_MAGIC)
            .ok_or(SourceError::ByteOrder { offset })
    }

    #[cold]
    fn section(&mut self, block: Block) -> Result<(), SourceError> {
        let bytes = self.reader.peek(block.length);
        let (major, minor) = (self.order.u16(bytes, 12), self.order.u16(bytes, 14));
        if !matches!((major, minor), (1, 0 | 2)) {
            return Err(SourceError::Version { format: "pcapng", major, minor, offset: block.offset });
        }
        if !each_option(&bytes[24..block.length - TRAILER], self.order, |_, _| ()) {
            return Err(SourceError::Options { offset: block.offset });
        }
        self.drops = self.drops();
        self.interfaces.clear();
        self.sections += 1;
        Ok(())
    }

    #[cold]
    fn interface(&mut self, block: Block) -> Result<(), SourceError> {
        let bytes = self.reader.peek(block.length);
        if self.interfaces.len() == Interface::MOST {
            return Err(SourceError::BlockLength {
                offset: block.offset,
                kind: block.kind,
                length: u32::try_from(block.length).unwrap_or(u32::MAX),
            });
        }
        let link = LinkType(self.order.u16(bytes, 8));
        let mut interface = Interface::new(link, self.order.u32(bytes, 12));
        let options = &bytes[16..block.length - TRAILER];
        if !each_option(options, self.order, |code, value| interface.option(code, value, self.order)) {
            return Err(SourceError::Options { offset: block.offset });
        }
        self.interfaces.push(interface);
        Ok(())
    }

    #[cold]
    fn statistics(&mut self, block: Block) -> Result<(), SourceError> {
        let bytes = self.reader.peek(block.length);
        let number = self.order.u32(bytes, 8);
        let mut interface = self.interfaces.get_mut(number as usize);
        let options = &bytes[20..block.length - TRAILER];
        let fit = each_option(options, self.order, |code, value| match (code, &mut interface) {
            (ISB_IF_DROP, Some(interface)) => interface.note_interface_drops(u64_of(value, self.order)),
            (ISB_OS_DROP, Some(interface)) => interface.note_kernel_drops(u64_of(value, self.order)),
            _ => {}
        });
        if fit { Ok(()) } else { Err(SourceError::Options { offset: block.offset }) }
    }

    #[inline]
    fn packet(&mut self, block: Block) -> Result<Frame<'_>, SourceError> {
        let layout = self.layout(block)?;
        let captured = layout.captured as usize;
        if layout.captured > Frame::MAX_CAPTURED {
            return Err(SourceError::TooLong { offset: block.offset, length: layout.captured });
        }
        let end = layout.data + captured;
        // Behind a simple packet there is nothing that could have options.
        let is_simple = block.kind == SIMPLE_PACKET;
        if end + TRAILER > block.length || (is_simple && end.next_multiple_of(4) + TRAILER < block.length) {
            return Err(SourceError::BlockLength {
                offset: block.offset,
                kind: block.kind,
                length: layout.captured,
            });
        }
        if !is_simple && end.next_multiple_of(4) + TRAILER < block.length {
            self.packet_options(block, layout.interface, end.next_multiple_of(4))?;
        }
        let interface = &self.interfaces[layout.interface as usize];
        Ok(Frame {
            link: interface.link,
            timestamp: layout.time.map(|(high, low)| interface.time(high, low)),
            captured: &self.reader.take(block.length)[layout.data..end],
            wire_len: layout.wire_len,
        })
    }

    #[inline]
    fn layout(&self, block: Block) -> Result<Layout, SourceError> {
        let bytes = self.reader.peek(block.length);
        let word = |offset| self.order.u32(bytes, offset);
        let interface = match block.kind {
            ENHANCED_PACKET => word(8),
            OBSOLETE_PACKET => u32::from(self.order.u16(bytes, 8)),
            _ => 0,
        };
        let Some(described) = self.interfaces.get(interface as usize) else {
            return Err(SourceError::UndeclaredInterface { offset: block.offset, interface });
        };
        if block.kind != SIMPLE_PACKET {
            let time = Some((word(12), word(16)));
            return Ok(Layout { interface, time, captured: word(20), wire_len: word(24), data: 28 });
        }
        // Its captured length is not stated: what the snap length left.
        let wire_len = word(8);
        let captured =
            if described.snap_length == 0 { wire_len } else { wire_len.min(described.snap_length) };
        Ok(Layout { interface, time: None, captured, wire_len, data: 12 })
    }

    #[cold]
    fn packet_options(&mut self, block: Block, interface: u32, begin: usize) -> Result<(), SourceError> {
        let interface = &mut self.interfaces[interface as usize];
        let options = &self.reader.peek(block.length)[begin..block.length - TRAILER];
        let mut sound = true;
        let fit = each_option(options, self.order, |code, value| {
            sound &= has_length(code, value);
            if code == EPB_DROP_COUNT && block.kind == ENHANCED_PACKET {
                interface.note_packet_drops(u64_of(value, self.order));
            }
        });
        if fit && sound { Ok(()) } else { Err(SourceError::Options { offset: block.offset }) }
    }
}
