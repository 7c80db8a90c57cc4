//! Finding what to read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{CaptureReader, SourceError};

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file, device or FIFO.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

impl Input {
    /// How it is called: its path, or `-`.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
        }
    }
}

/// Why a directory gives nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It cannot be listed.
    #[error("cannot list it: {0}")]
    Io(#[from] io::Error),
    /// None of its files is a capture.
    #[error("has no captures in it")]
    NoCaptures,
}

/// The captures in a directory, by content, in the order of their names; and its regular files that are none.
///
/// Directories inside it are left alone.
///
/// # Errors
/// If it cannot be listed, or has no captures.
pub fn captures_in(directory: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DirectoryError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if fs::metadata(&path).is_ok_and(|found| found.is_file()) {
            files.push(path);
        }
    }
    files.sort();
    let (captures, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| is_capture(path));
    if captures.is_empty() { Err(DirectoryError::NoCaptures) } else { Ok((captures, others)) }
}

/// Whether a file begins as a capture does. One that cannot be read is kept, for the reading to report it.
fn is_capture(path: &Path) -> bool {
    !matches!(CaptureReader::open(path), Err(SourceError::Empty | SourceError::NotACapture { .. }))
}
