//! Keeping what is captured, beside the counting.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::builder::{PathBufValueParser, TypedValueParser as _};
use clap::{ArgGroup, Args, ValueHint};
use portolan::sink::{CaptureFiles, InterfaceDescription, Rotation, WriteError};
use portolan::source::{Drops, Frame};

use super::super::{duration, size};
use super::{clock, source};

/// What is younger may be lost if the program is killed.
const FLUSH_EVERY: Duration = Duration::from_millis(500);

/// What is kept, and where.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("rotation").args(["rotate_size", "rotate_time"]).multiple(true))]
pub(super) struct RecordingOptions {
    /// Keep the packets, whole unless --snaplen says less: as pcapng if the name ends in .pcapng, else as pcap. A file that is
    /// there is overwritten
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = PathBufValueParser::new().try_map(check_path))]
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

/// The files that packets are kept in, if any are.
#[derive(Debug)]
pub(super) struct Recording {
    /// None without `--write`, and once writing failed.
    files: Option<CaptureFiles>,
    flushed: Instant,
    is_whole: bool,
}

impl Recording {
    /// Begins the first file. Interfaces are those that are known by now, in the order of their numbers.
    pub(super) fn open(
        options: &RecordingOptions,
        interfaces: &[InterfaceDescription],
    ) -> Result<Self, WriteError> {
        let rotation =
            Rotation { size: options.rotate_size, time_ns: options.rotate_time, keep: options.keep };
        let create = |path: &PathBuf| CaptureFiles::create(path, rotation, interfaces, clock::now);
        let files = options.write.as_ref().map(create).transpose()?;
        Ok(Self { files, flushed: Instant::now(), is_whole: true })
    }

    /// Keeps a frame of an interface.
    pub(super) fn frame(&mut self, interface: usize, frame: &Frame<'_>) {
        if let Some(files) = &mut self.files {
            let written = files.frame(interface, frame);
            self.check(written);
        }
    }

    /// Takes over what was dropped of an interface since the beginning.
    pub(super) fn dropped(&mut self, interface: usize, drops: Drops) {
        if let Some(files) = &mut self.files {
            files.dropped(interface, drops);
        }
    }

    /// Writes out what is buffered, now and then.
    pub(super) fn flush_if_due(&mut self) {
        if let Some(files) = &mut self.files
            && self.flushed.elapsed() >= FLUSH_EVERY
        {
            let written = files.flush();
            self.flushed = Instant::now();
            self.check(written);
        }
    }

    /// Ends the last file. Returns whether all frames are kept that should be.
    pub(super) fn finish(mut self) -> bool {
        if let Some(files) = self.files.take() {
            let written = files.finish();
            self.check(written);
        }
        self.is_whole
    }

    /// After an error the counting goes on alone.
    fn check(&mut self, written: Result<(), WriteError>) {
        if let Err(error) = written {
            source::tell(
                false,
                "--write",
                &format!("{error}; from here on packets are counted and not kept"),
            );
            self.files = None;
            self.is_whole = false;
        }
    }
}
