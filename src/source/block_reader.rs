//! Large plain reads into one buffer, and slices out of it.

use std::fmt;
use std::io::{self, Read};

use super::read_ahead::{Block, HEADROOM, ReadAhead};

/// Bytes asked for at once. 256 to 512 KiB is where copying out of the page cache is fastest: larger blocks fall
/// out of the processor's caches before they are walked.
const BLOCK: usize = 256 * 1024;

/// How far a record is looked for: several of the largest ones.
const FAR: u64 = 4 << 20;

/// Reads ahead in blocks. A record that crosses the end of a block is moved to the front; nothing else is copied.
pub(super) struct BlockReader {
    input: Input,
    buffer: Vec<u8>,
    /// What is buffered and not yet taken.
    start: usize,
    end: usize,
    /// Offset in the stream of `buffer[0]`, which may lie before the stream: it wraps around.
    base: u64,
    ended: bool,
    /// Why reading ended, if not at the end of the stream.
    failure: Option<io::Error>,
}

/// Where blocks come from.
enum Input {
    Stream(Box<dyn Read + Send>),
    Ahead(ReadAhead),
}

impl BlockReader {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self::of(Input::Stream(input), vec![0; BLOCK])
    }

    /// The same for what another thread reads.
    pub(super) fn ahead_of(input: ReadAhead) -> Self {
        Self::of(Input::Ahead(input), Vec::new())
    }

    fn of(input: Input, buffer: Vec<u8>) -> Self {
        Self { input, buffer, start: 0, end: 0, base: 0, ended: false, failure: None }
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
        self.base.wrapping_add(self.start as u64)
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
        while self.buffered() < length && !self.ended {
            match self.read_once() {
                Ok(true) => {}
                Ok(false) => self.ended = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    self.ended = true;
                }
            }
        }
        self.buffered() >= length
    }

    /// Returns whether there was anything.
    fn read_once(&mut self) -> io::Result<bool> {
        if matches!(self.input, Input::Stream(_)) {
            self.move_to_front();
            if self.end == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        match &mut self.input {
            Input::Ahead(ahead) => {
                let next = ahead.next()?;
                let is_there = next.is_some();
                if let Some(block) = next {
                    self.take_over(block);
                }
                Ok(is_there)
            }
            Input::Stream(input) => {
                let length = input.read(&mut self.buffer[self.end..])?;
                self.end += length;
                Ok(length > 0)
            }
        }
    }

    /// Goes on in a block, with what is left of the one before put in front of it; only that is copied.
    fn take_over(&mut self, mut block: Block) {
        let left = self.buffered();
        let used = if left <= HEADROOM {
            let start = HEADROOM - left;
            block.buffer[start..HEADROOM].copy_from_slice(self.ahead());
            self.base = self.offset().wrapping_sub(start as u64);
            (self.start, self.end) = (start, block.end);
            std::mem::replace(&mut self.buffer, block.buffer)
        } else {
            self.move_to_front();
            self.buffer.truncate(self.end);
            self.buffer.extend_from_slice(&block.buffer[HEADROOM..block.end]);
            self.end = self.buffer.len();
            block.buffer
        };
        if let Input::Ahead(ahead) = &self.input {
            ahead.give_back(used);
        }
    }

    fn move_to_front(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base = self.offset();
            self.end -= self.start;
            self.start = 0;
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
        let stream = || Box::new(Cursor::new(bytes.clone()));
        are_whole(BlockReader::new(stream()), &bytes);
        are_whole(BlockReader::ahead_of(ReadAhead::of_unpacked(stream()).expect("a thread")), &bytes);
    }

    fn are_whole(mut reader: BlockReader, bytes: &[u8]) {
        let mut taken = Vec::new();
        for length in [10, BLOCK / 2 - 15, BLOCK / 2 + 10, BLOCK + 1, 7] {
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
