//! What several threads read at the same time: files, and pieces of large ones.

use std::fs;
use std::path::{Path, PathBuf};

use crate::source::{CaptureReader, Input, Piece};

/// A file, or a piece of one, for a thread to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// The number of the input.
    pub(super) input: usize,
    pub(super) path: PathBuf,
    pub(super) piece: Piece,
    /// About how many bytes there are to read.
    pub(super) bytes: u64,
}

/// Pieces that each thread has to read: one that is done with its own can take some of those of another.
const PIECES_PER_THREAD: u64 = 16;

/// The files among the inputs, in pieces so long that each of so many threads has a few to read, but no shorter than `shortest`
/// bytes. `None` if that makes one job, or there are inputs that can be read only once.
pub(super) fn jobs(inputs: &[Input], threads: usize, shortest: u64) -> Option<Vec<Job>> {
    let lengths: Vec<u64> = inputs.iter().map(length).collect::<Option<_>>()?;
    let total: u64 = lengths.iter().sum();
    let longest = total.div_ceil(threads.max(1) as u64 * PIECES_PER_THREAD).max(shortest).max(1);
    let mut jobs = Vec::new();
    for (number, (input, length)) in inputs.iter().zip(lengths).enumerate() {
        if let Input::Path(path) = input {
            let pieces = pieces(path, length, longest);
            let bytes = length / pieces.len() as u64;
            let job = |piece| Job { input: number, path: path.clone(), piece, bytes };
            jobs.extend(pieces.into_iter().map(job));
        }
    }
    (jobs.len() > 1).then_some(jobs)
}

fn length(input: &Input) -> Option<u64> {
    match input {
        // What is not there can be tried again as well.
        Input::Path(path) => match fs::metadata(path) {
            Ok(found) => found.is_file().then_some(found.len()),
            Err(_) => Some(0),
        },
        Input::Stdin => None,
    }
}

fn pieces(path: &Path, length: u64, longest: u64) -> Vec<Piece> {
    // To the nearest number: a file that is a little longer stays whole.
    let count = ((length + longest / 2) / longest).max(1);
    if count == 1 || CaptureReader::open(path).is_ok_and(|capture| capture.compression().is_some()) {
        return vec![Piece::WHOLE];
    }
    let bound = |piece: u64| if piece == count { Piece::WHOLE.end } else { length / count * piece };
    (0..count).map(|piece| Piece { begin: bound(piece), end: bound(piece + 1) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_a_file_without_gap() {
        for (length, longest) in [(0, 7), (1000, 7), (1001, 1000), (1501, 1000), (99, 33)] {
            let pieces = pieces(Path::new("none"), length, longest);
            assert_eq!((pieces[0].begin, pieces[pieces.len() - 1].end), (0, u64::MAX));
            assert!(
                pieces.windows(2).all(|pair| pair[0].end == pair[1].begin && pair[0].begin < pair[0].end)
            );
        }
        assert_eq!(pieces(Path::new("none"), 1000, 500).len(), 2);
    }
}
