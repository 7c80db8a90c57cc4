//! Reading in a thread of its own, so that unpacking and counting happen at the same time.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Bytes that are handed over at once.
const BLOCK: usize = 256 * 1024;
/// Blocks that are ready at most: a bound on memory.
const READY: usize = 4;

/// What a thread reads ahead. It ends with its input, or when this is dropped.
pub(super) struct ReadAhead {
    filled: Receiver<io::Result<Vec<u8>>>,
    emptied: Sender<Vec<u8>>,
    block: Vec<u8>,
    taken: usize,
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
        Ok(Self { filled, emptied, block: Vec::new(), taken: 0 })
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.block.len() {
            // Without the thread there is nothing more to come: it has told why.
            let Ok(next) = self.filled.recv() else { return Ok(0) };
            let used = std::mem::replace(&mut self.block, next?);
            self.taken = 0;
            // The thread may have ended, and need no more blocks.
            let _ = self.emptied.send(used);
        }
        let length = (&self.block[self.taken..]).read(buffer)?;
        self.taken += length;
        Ok(length)
    }
}

/// Fills blocks until the input ends, or nobody wants them. What was read before an error comes before it.
fn fill(
    mut input: Box<dyn Read + Send>,
    filling: &SyncSender<io::Result<Vec<u8>>>,
    empty: &Receiver<Vec<u8>>,
) {
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.clear();
        let read = input.by_ref().take(BLOCK as u64).read_to_end(&mut block);
        let is_last = block.len() < BLOCK;
        if !block.is_empty() && filling.send(Ok(block)).is_err() {
            return;
        }
        if let Err(error) = read {
            // If nobody is there to hear of it, nobody needs to.
            let _ = filling.send(Err(error));
            return;
        }
        if is_last {
            return;
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

    #[test]
    fn what_was_read_before_an_error_comes_before_it() {
        let mut read = Vec::new();
        let mut ahead = ReadAhead::new(Box::new(Failing(0))).expect("a thread");
        let error = ahead.read_to_end(&mut read).expect_err("it fails");
        assert_eq!((read.len(), error.to_string().as_str()), (3 * BLOCK + 7, "broken"));
        assert_eq!(ahead.read(&mut [0; 10]).expect("nothing more"), 0);
    }

    #[test]
    fn all_comes_in_order_and_an_early_end_hangs_nobody() {
        let bytes: Vec<u8> = (0..=250).cycle().take(20 * BLOCK + 1).collect();
        let mut read = Vec::new();
        let open = || ReadAhead::new(Box::new(io::Cursor::new(bytes.clone()))).expect("a thread");
        open().read_to_end(&mut read).expect("all of it");
        assert!(read == bytes);
        let mut early = open();
        early.read_exact(&mut [0; 10]).expect("so many are there");
        drop(early);
    }
}
