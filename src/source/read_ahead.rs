//! Reading in a thread of its own, so that unpacking and counting happen at the same time.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Bytes that are handed over at once.
pub(super) const BLOCK: usize = 1024 * 1024;
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
    /// Begins to read.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(super) fn new(input: Box<dyn Read + Send>) -> io::Result<Self> {
        let (filling, filled) = sync_channel(READY);
        let (emptied, empty) = channel();
        thread::Builder::new().name("unpack".to_owned()).spawn(move || fill(input, &filling, &empty))?;
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
fn fill(mut input: Box<dyn Read + Send>, filling: &SyncSender<io::Result<Block>>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut buffer = empty.try_recv().unwrap_or_default();
        buffer.resize(HEADROOM + BLOCK, 0);
        let mut end = HEADROOM;
        let mut read = Ok(1);
        while matches!(read, Ok(1..)) && end < buffer.len() {
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
        let ahead = ReadAhead::new(Box::new(Failing(0))).expect("a thread");
        let (read, error) = read_all(&ahead);
        assert_eq!((read.len(), error.expect("it fails").to_string().as_str()), (3 * BLOCK + 7, "broken"));
        assert!(ahead.next().expect("nothing more").is_none());
    }

    #[test]
    fn all_comes_in_order_and_an_early_end_hangs_nobody() {
        let bytes: Vec<u8> = (0..=250).cycle().take(20 * BLOCK + 1).collect();
        let open = || ReadAhead::new(Box::new(io::Cursor::new(bytes.clone()))).expect("a thread");
        let (read, error) = read_all(&open());
        assert!(error.is_none() && read == bytes);
        let early = open();
        assert!(early.next().expect("a block").is_some());
        drop(early);
    }
}
