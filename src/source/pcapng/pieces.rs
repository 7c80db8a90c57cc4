//! Reading from amid a file, for the pieces that several threads read at the same time.

use super::block::{
    BLOCK_HEADER, CUSTOM, DECRYPTION_SECRETS, ENHANCED_PACKET, LONGEST_BLOCK, NAME_RESOLUTION,
    OBSOLETE_PACKET, Order, SIMPLE_PACKET, TRAILER, is_looked_into, least_length, padded,
};
use super::interface::Interface;
use super::{BlockReader, PcapNgReader, SourceError};

/// What has to be known of the blocks before a packet in order to read it.
#[derive(Debug)]
pub(in crate::source) struct Context {
    order: Order,
    interfaces: Vec<Interface>,
    sections: u64,
}

impl PcapNgReader {
    /// Reads the blocks before the first packet, then goes on in `reader`, which may begin anywhere in the same file, at the
    /// first place from which blocks seem to follow each other. Returns whether there is one.
    pub(in crate::source) fn synchronise(&mut self, reader: BlockReader) -> Result<bool, SourceError> {
        while let Some(block) = self.next_block()? {
            if matches!(block.kind, ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET) {
                break;
            }
            self.describe(block)?;
        }
        let (order, past) = (self.order, usize::try_from(reader.offset() % 4).unwrap_or_default());
        self.reader = reader;
        // Blocks begin at multiples of four bytes.
        self.reader.has(4);
        let padding = (4 - past) % 4;
        Ok(self.reader.skip(padding as u64)
            && self.reader.synchronise(4, |bytes| seem_to_begin(bytes, order)))
    }

    /// What the blocks so far say of the packets that follow.
    pub(in crate::source) fn context(&self) -> Context {
        Context { order: self.order, interfaces: self.interfaces.clone(), sections: self.sections }
    }

    /// Whether what follows would be read as it was by one that began with that context.
    pub(in crate::source) fn is_in(&self, context: &Context) -> bool {
        let describes_same = |(one, other): (&Interface, &Interface)| one.describes_same(other);
        self.sections == context.sections
            && self.order == context.order
            && self.interfaces.len() == context.interfaces.len()
            && self.interfaces.iter().zip(&context.interfaces).all(describes_same)
    }

    /// Whether no section began since.
    pub(in crate::source) fn is_in_section_of(&self, context: &Context) -> bool {
        self.sections == context.sections
    }

    /// Adds what was dropped in an earlier part of the same section.
    pub(in crate::source) fn add_drops_of(&mut self, earlier: &Self) {
        for (interface, earlier) in self.interfaces.iter_mut().zip(&earlier.interfaces) {
            interface.add_drops_of(earlier);
        }
    }
}

/// Whether blocks follow each other from here on, as far as can be told.
fn seem_to_begin(bytes: &[u8], order: Order) -> bool {
    /// Random bytes pass for that many blocks in a row less often than once in a file.
    const ENOUGH: usize = 4;
    let mut rest = bytes;
    for seen in 0..ENOUGH {
        if rest.len() < BLOCK_HEADER {
            return seen > 0;
        }
        let (kind, length) = (order.u32(rest, 0), padded(order.u32(rest, 4)));
        let is_known = is_looked_into(kind) || matches!(kind, NAME_RESOLUTION | DECRYPTION_SECRETS | CUSTOM);
        if !is_known || length < least_length(kind) || length > LONGEST_BLOCK {
            return false;
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if rest.len() < length {
            // What is not buffered cannot speak against it.
            return seen > 0;
        }
        if padded(order.u32(rest, length - TRAILER)) != length as u64 {
            return false;
        }
        rest = &rest[length..];
    }
    true
}
