//! Large plain reads into one buffer, and slices out of it.

use std::fmt;
use std::io::{self, Read};

/// Bytes asked for at once. 256 to 512 KiB is where copying out of the page cache is fastest: larger blocks fall
/// out of the processor's caches before they are walked.
const BLOCK: usize = 512 * 1024;

/// How far a record is looked for: several of the largest ones.
const FAR: u64 = 4 << 20;

/// Reads ahead in blocks. A record that crosses the end of a block is moved to the front; nothing else is copied.
pub(super) struct BlockReader {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What is buffered and not yet taken.
    start: usize,
    end: usize,
    /// Offset in the stream of `buffer[0]`.
    base: u64,
    ended: bool,
    /// Why reading ended, if not at the end of the stream.
    failure: Option<io::Error>,
}

impl BlockReader {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input, buffer: vec![0; BLOCK], start: 0, end: 0, base: 0, ended: false, failure: None }
    }

    /// The same for a stream that begins at an offset of the whole.
    pub(super) fn at(input: Box<dyn Read + Send>, offset: u64) -> Self {
        Self { base: offset, ..Self::new(input) }
    }

    /// Passes to the next place, of those so many bytes apart, for which `is_it` holds of the bytes there. Returns whether one
    /// was found within [`FAR`] bytes.
    pub(super) fn synchronise(&mut self, step: usize, is_it: impl Fn(&[u8]) -> bool) -> bool {
        let begin = self.offset();
        while self.offset() - begin < FAR {
            let is_end = !self.has(BLOCK);
            let ahead = self.ahead();
            // In the second half there is too little behind a place to tell.
            let looked_at = if is_end { ahead.len() } else { (ahead.len() / 2).next_multiple_of(step) };
            let found = (0..looked_at).step_by(step).find(|&place| is_it(&ahead[place..]));
            self.start += found.unwrap_or(looked_at);
            if found.is_some() || is_end {
                return found.is_some();
            }
        }
        false
    }

    /// The offset in the stream of the next byte.
    pub(super) const fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Bytes that are buffered.
    pub(super) const fn buffered(&self) -> usize {
        self.end - self.start
    }

    /// Whether the next `length` bytes are there, after reading on if need be. The buffer grows as bytes arrive,
    /// so a length that lies costs no memory.
    #[inline]
    pub(super) fn has(&mut self, length: usize) -> bool {
        self.buffered() >= length || self.fill(length)
    }

    /// All bytes that are buffered.
    #[inline]
    pub(super) fn ahead(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The next `length` bytes, without taking them. They have to be there.
    #[inline]
    pub(super) fn peek(&self, length: usize) -> &[u8] {
        &self.buffer[self.start..self.start + length]
    }

    /// Takes the next `length` bytes. They have to be there.
    #[inline]
    pub(super) fn take(&mut self, length: usize) -> &[u8] {
        let start = self.start;
        self.start += length;
        &self.buffer[start..start + length]
    }

    /// Passes over bytes without keeping them. Returns whether all of them were there.
    pub(super) fn skip(&mut self, mut length: u64) -> bool {
        loop {
            let step = usize::try_from(length).unwrap_or(usize::MAX).min(self.buffered());
            self.start += step;
            length -= step as u64;
            if length == 0 {
                return true;
            }
            if !self.has(1) {
                return false;
            }
        }
    }

    /// Why reading ended, if not at the end of the stream.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    #[cold]
    fn fill(&mut self, length: usize) -> bool {
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        while self.end < length && !self.ended {
            if self.end == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            self.read_once();
        }
        self.end >= length
    }

    fn read_once(&mut self) {
        match self.input.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(length) => self.end += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.failure = Some(error);
                self.ended = true;
            }
        }
    }
}

impl fmt::Debug for BlockReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockReader")
            .field("offset", &self.offset())
            .field("buffered", &self.buffered())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn records_larger_than_a_block_and_across_blocks_are_whole() {
        let bytes: Vec<u8> = (0..=250).cycle().take(3 * BLOCK + 77).collect();
        let mut reader = BlockReader::new(Box::new(Cursor::new(bytes.clone())));
        let mut taken = Vec::new();
        for length in [10, BLOCK - 5, BLOCK + 1, 7] {
            assert_eq!(reader.offset(), taken.len() as u64);
            assert!(reader.has(length));
            taken.extend_from_slice(reader.take(length));
        }
        assert!(reader.skip(100));
        taken.extend_from_slice(&bytes[taken.len()..taken.len() + 100]);
        let rest = bytes.len() - taken.len();
        assert!(!reader.has(rest + 1));
        assert_eq!(reader.buffered(), rest);
        taken.extend_from_slice(reader.take(rest));
        assert_eq!(taken, bytes);
        assert!(!reader.skip(1));
    }

    #[test]
    fn a_length_that_lies_costs_no_memory() {
        let mut reader = BlockReader::new(Box::new(Cursor::new(vec![1; 100])));
        assert!(!reader.has(usize::MAX / 2));
        assert_eq!(reader.buffer.len(), BLOCK);
    }
}
