//! A file of records, each of which is there whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Attempt, WriteError};

/// Bytes written at once: enough that the calls cost nothing beside the copying.
const BLOCK: usize = 256 << 10;

/// Writes whole records, many at once.
#[derive(Debug)]
pub(super) struct RecordFile {
    file: File,
    path: PathBuf,
    /// Records that are not written yet. At most a block and a record.
    buffer: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    written: u64,
}

impl RecordFile {
    /// Creates a file. One that is there is emptied, or refused if it has to be new.
    pub(super) fn create(path: &Path, is_new: bool) -> Result<Self, WriteError> {
        let mut options = OpenOptions::new();
        options.write(true);
        if is_new {
            options.create_new(true)
        } else {
            options.create(true).truncate(true)
        };
        let file = options.open(path).map_err(|error| WriteError::Io {
            attempt: Attempt::Create,
            path: path.to_owned(),
            error,
        })?;
        Ok(Self { file, path: path.to_owned(), buffer: Vec::new(), ends: Vec::new(), written: 0 })
    }

    /// Bytes of all records so far.
    pub(super) fn length(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Takes a record, which `append` adds to the bytes before it.
    pub(super) fn record(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> Result<(), WriteError> {
        append(&mut self.buffer);
        self.ends.push(self.buffer.len());
        if self.buffer.len() >= BLOCK { self.flush() } else { Ok(()) }
    }

    /// Writes all records out.
    pub(super) fn flush(&mut self) -> Result<(), WriteError> {
        let mut taken = 0;
        let result = loop {
            if taken == self.buffer.len() {
                break Ok(());
            }
            match self.file.write(&self.buffer[taken..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => taken += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        let whole = self.ends.iter().rev().copied().find(|end| *end <= taken).unwrap_or(0);
        self.written += whole as u64;
        self.buffer.clear();
        self.ends.clear();
        result.map_err(|error| {
            // Pipes and devices cannot be cut, and need not be.
            let _ = self.file.set_len(self.written);
            WriteError::Io { attempt: Attempt::Write, path: self.path.clone(), error }
        })
    }
}

impl Drop for RecordFile {
    fn drop(&mut self) {
        // Whoever wants to know flushes before.
        let _ = self.flush();
    }
}
