//! Reading in threads of their own, so that reading, unpacking and counting happen at the same time.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Unpacked bytes that are handed over at once: each time wakes a thread, and those of larger blocks leave the processor's caches
/// on the way.
pub(super) const BLOCK: usize = 256 * 1024;
/// Compressed bytes that are handed over at once, at most: what there is of a pipe is not kept back.
const COMPRESSED_BLOCK: usize = 256 * 1024;
/// Room before them, for what is left of the block before.
pub(super) const HEADROOM: usize = 64 * 1024;
/// Blocks that are ready at most: a bound on memory.
const READY: usize = 4;

/// What a thread reads ahead. It ends with its input, or when this is dropped.
pub(super) struct ReadAhead {
    filled: Receiver<io::Result<Block>>,
    emptied: Sender<Vec<u8>>,
}

/// Bytes behind [`HEADROOM`], up to `end`.
pub(super) struct Block {
    pub(super) buffer: Vec<u8>,
    pub(super) end: usize,
}

impl ReadAhead {
    /// Begins to unpack.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(super) fn of_unpacked(input: Box<dyn Read + Send>) -> io::Result<Self> {
        Self::begin("unpack", input, BLOCK, BLOCK)
    }

    /// Begins to read blocks of `most` bytes, which are handed over once they have `enough`.
    fn begin(name: &str, input: Box<dyn Read + Send>, most: usize, enough: usize) -> io::Result<Self> {
        let (filling, filled) = sync_channel(READY);
        let (emptied, empty) = channel();
        let work = move || fill(input, (most, enough), &filling, &empty);
        thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { filled, emptied })
    }

    /// The next block; `None` at the end, and after an error.
    pub(super) fn next(&self) -> io::Result<Option<Block>> {
        // Without the thread there is nothing more to come: it has told why.
        self.filled.recv().ok().transpose()
    }

    /// Gives back the buffer of a block.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        // The thread may have ended, and need no more of them.
        let _ = self.emptied.send(buffer);
    }
}

/// Fills blocks until the input ends, or nobody wants them. What was read before an error comes before it.
fn fill(
    mut input: Box<dyn Read + Send>,
    (most, enough): (usize, usize),
    filling: &SyncSender<io::Result<Block>>,
    empty: &Receiver<Vec<u8>>,
) {
    loop {
        let mut buffer = empty.try_recv().unwrap_or_default();
        buffer.resize(HEADROOM + most, 0);
        let mut end = HEADROOM;
        let mut read = Ok(1);
        while matches!(read, Ok(1..)) && end < HEADROOM + enough {
            read = input.read(&mut buffer[end..]);
            end += read.as_ref().map_or(0, |&length| length);
        }
        if end > HEADROOM && filling.send(Ok(Block { buffer, end })).is_err() {
            return;
        }
        match read {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                // If nobody is there to hear of it, nobody needs to.
                let _ = filling.send(Err(error));
                return;
            }
        }
    }
}

/// Compressed bytes, for a decoder that need not wait until they are copied.
pub(super) struct CompressedAhead {
    ahead: ReadAhead,
    /// The block at hand, and how much of it is taken.
    block: Block,
    taken: usize,
}

impl CompressedAhead {
    /// Begins to read. The input must not give up where it is interrupted.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(super) fn new(input: Box<dyn Read + Send>) -> io::Result<Self> {
        let ahead = ReadAhead::begin("read", input, COMPRESSED_BLOCK, 1)?;
        Ok(Self { ahead, block: Block { buffer: Vec::new(), end: 0 }, taken: 0 })
    }
}

impl BufRead for CompressedAhead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.block.end
            && let Some(next) = self.ahead.next()?
        {
            let last = std::mem::replace(&mut self.block, next);
            self.ahead.give_back(last.buffer);
            self.taken = HEADROOM;
        }
        Ok(&self.block.buffer[self.taken..self.block.end])
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount;
    }
}

impl Read for CompressedAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives three blocks and a bit, then fails.
    struct Failing(usize);

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let left = (3 * BLOCK + 7).saturating_sub(self.0);
            if left == 0 {
                return Err(io::Error::other("broken"));
            }
            let length = buffer.len().min(left).min(1000);
            buffer[..length].fill(1);
            self.0 += length;
            Ok(length)
        }
    }

    /// All bytes, and the error behind them.
    fn read_all(ahead: &ReadAhead) -> (Vec<u8>, Option<io::Error>) {
        let mut read = Vec::new();
        loop {
            match ahead.next() {
                Ok(Some(block)) => {
                    read.extend_from_slice(&block.buffer[HEADROOM..block.end]);
                    ahead.give_back(block.buffer);
                }
                Ok(None) => return (read, None),
                Err(error) => return (read, Some(error)),
            }
        }
    }

    #[test]
    fn what_was_read_before_an_error_comes_before_it() {
        let ahead = ReadAhead::of_unpacked(Box::new(Failing(0))).expect("a thread");
        let (read, error) = read_all(&ahead);
        assert_eq!((read.len(), error.expect("it fails").to_string().as_str()), (3 * BLOCK + 7, "broken"));
        assert!(ahead.next().expect("nothing more").is_none());
    }

    #[test]
    fn all_comes_in_order_and_an_early_end_hangs_nobody() {
        let bytes: Vec<u8> = (0..=250).cycle().take(20 * BLOCK + 1).collect();
        let open = || ReadAhead::of_unpacked(Box::new(io::Cursor::new(bytes.clone()))).expect("a thread");
        let (read, error) = read_all(&open());
        assert!(error.is_none() && read == bytes);
        let early = open();
        assert!(early.next().expect("a block").is_some());
        drop(early);
    }

    #[test]
    fn compressed_bytes_come_as_they_are_read_and_errors_stay_in_place() {
        let mut input = CompressedAhead::new(Box::new(Failing(0))).expect("a thread");
        assert_eq!(input.fill_buf().expect("bytes").len(), 1000);
        input.consume(999);
        let mut bytes = vec![0; 3 * BLOCK + 7 - 999];
        input.read_exact(&mut bytes).expect("bytes");
        assert!(bytes.iter().all(|&byte| byte == 1));
        assert_eq!(input.read(&mut bytes).expect_err("it fails").to_string(), "broken");
        assert_eq!(input.read(&mut bytes).expect("nothing more"), 0);
    }
}
