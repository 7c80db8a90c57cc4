//! Keeping what is captured, beside the counting.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::builder::{PathBufValueParser, TypedValueParser as _};
use clap::{ArgGroup, Args, ValueHint};
use portolan::sink::{CaptureFiles, InterfaceDescription, Rotation, WriteError};
use portolan::source::{Drops, Frame};

use super::super::output::folder_of;
use super::super::{duration, size};
use super::clock;

/// What is younger may be lost if the program is killed.
const FLUSH_EVERY: Duration = Duration::from_millis(500);

/// What is kept, and where.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("rotation").args(["rotate_size", "rotate_time"]).multiple(true))]
pub(super) struct RecordingOptions {
    /// Keep the packets, whole unless --snaplen says less: as pcapng if the name ends in .pcapng, else as pcap. A file that is
    /// there is overwritten
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = PathBufValueParser::new().try_map(check_path), conflicts_with = "anonymize")]
    pub(super) write: Option<PathBuf>,

    /// Begin another file before one is larger than this, such as 100MB. Names get a number and a time before the extension
    #[arg(long, value_name = "BYTES", requires = "write", value_parser = size::parse_positive)]
    rotate_size: Option<u64>,

    /// Begin another file at every multiple of this time, on the clock of the capture
    #[arg(long, value_name = "TIME", requires = "write", value_parser = duration::parse_positive)]
    rotate_time: Option<u64>,

    /// Keep at most so many of these files: the oldest is removed
    #[arg(long, value_name = "N", requires = "rotation")]
    keep: Option<NonZero<usize>>,
}

impl RecordingOptions {
    /// The folder that files are made in while packets come, if there are several.
    pub(super) fn folder(&self) -> Option<&Path> {
        let rotates = self.rotate_size.is_some() || self.rotate_time.is_some();
        self.write.as_deref().filter(|_| rotates).map(folder_of)
    }
}

fn check_path(path: PathBuf) -> Result<PathBuf, String> {
    const COMPRESSED: [&str; 4] = ["gz", "zst", "lz4", "xz"];
    if path == Path::new("-") {
        return Err("takes a file or FIFO, for standard output has the records".to_owned());
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) if COMPRESSED.contains(&extension) => {
            Err(format!("does not compress, so the name should not end in .{extension}"))
        }
        _ => Ok(path),
    }
}

/// The files that packets are kept in. After an error nothing more can be kept.
#[derive(Debug)]
pub(super) struct Recording {
    files: CaptureFiles,
    flushed: Instant,
}

impl Recording {
    /// Begins the first file, if packets are to be kept. Interfaces are those that are known by now, in the order of their numbers.
    pub(super) fn open(
        options: &RecordingOptions,
        interfaces: &[InterfaceDescription],
    ) -> Result<Option<Self>, WriteError> {
        let Some(path) = &options.write else { return Ok(None) };
        let rotation =
            Rotation { size: options.rotate_size, time_ns: options.rotate_time, keep: options.keep };
        let files = CaptureFiles::create(path, rotation, interfaces, clock::now)?;
        Ok(Some(Self { files, flushed: Instant::now() }))
    }

    /// Keeps a frame of an interface.
    pub(super) fn frame(&mut self, interface: usize, frame: &Frame<'_>) -> Result<(), WriteError> {
        self.files.frame(interface, frame)
    }

    /// Takes over what was dropped of an interface since the beginning.
    pub(super) fn dropped(&mut self, interface: usize, drops: Drops) {
        self.files.dropped(interface, drops);
    }

    /// Writes out what is buffered, now and then.
    pub(super) fn flush_if_due(&mut self) -> Result<(), WriteError> {
        if self.flushed.elapsed() < FLUSH_EVERY {
            return Ok(());
        }
        self.flushed = Instant::now();
        self.files.flush()
    }

    /// Ends the last file.
    pub(super) fn finish(self) -> Result<(), WriteError> {
        self.files.finish()
    }
}
