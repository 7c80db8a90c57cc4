//! Any capture file or stream, told by its content.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::block_reader::BlockReader;
use super::pcap::{Magic, PcapReader, end};
use super::pcapng::{self, PcapNgReader};
use super::{Compression, Drops, Frame, Source, SourceError};

/// Reads frames from a capture: pcap or pcapng, compressed or not.
///
/// ```no_run
/// use portolan::source::{CaptureReader, Source};
///
/// let mut capture = CaptureReader::open("office.pcapng")?;
/// while let Some(frame) = capture.next_frame()? {
///     println!("{} bytes", frame.wire_len);
/// }
/// # Ok::<(), portolan::source::SourceError>(())
/// ```
#[derive(Debug)]
pub struct CaptureReader {
    records: Records,
    compression: Option<Compression>,
    bytes_read: Arc<AtomicU64>,
    has_ended: bool,
}

#[derive(Debug)]
enum Records {
    Pcap(PcapReader),
    PcapNg(PcapNgReader),
}

impl CaptureReader {
    /// Opens a capture file.
    ///
    /// # Errors
    /// If it cannot be opened, or is no capture.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory).into());
        }
        Self::from_reader(file)
    }

    /// Reads a capture from a stream.
    ///
    /// # Errors
    /// If it is no capture.
    pub fn from_reader(input: impl Read + Send + 'static) -> Result<Self, SourceError> {
        let bytes_read = Arc::new(AtomicU64::new(0));
        let mut input = Counted { input, bytes_read: Arc::clone(&bytes_read) };
        let mut beginning = Vec::with_capacity(Compression::MAGIC);
        input.by_ref().take(Compression::MAGIC as u64).read_to_end(&mut beginning)?;
        let compression = Compression::of(&beginning);
        let is_empty = beginning.is_empty();
        let whole = Cursor::new(beginning).chain(input);
        let stream: Box<dyn Read + Send> = match compression {
            Some(compression) => compression.unpack(Box::new(whole))?,
            None => Box::new(whole),
        };
        if is_empty {
            return Err(SourceError::Empty);
        }
        let records = Records::new(BlockReader::new(stream))?;
        Ok(Self { records, compression, bytes_read, has_ended: false })
    }

    /// `pcap` or `pcapng`.
    pub const fn format(&self) -> &'static str {
        match self.records {
            Records::Pcap(_) => "pcap",
            Records::PcapNg(_) => "pcapng",
        }
    }

    /// How the capture is compressed.
    pub const fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// Bytes taken from the file or stream so far, as they are there: compressed if they are.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }
}

impl Source for CaptureReader {
    #[inline]
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        if self.has_ended {
            return Ok(None);
        }
        let next = match &mut self.records {
            Records::Pcap(records) => records.next_frame(),
            Records::PcapNg(records) => records.next_frame(),
        };
        if !matches!(next, Ok(Some(_))) {
            self.has_ended = true;
        }
        next
    }

    fn drops(&self) -> Drops {
        match &self.records {
            Records::Pcap(_) => Drops::default(),
            Records::PcapNg(records) => records.drops(),
        }
    }
}

impl Records {
    fn new(mut reader: BlockReader) -> Result<Self, SourceError> {
        const MAGIC: usize = 4;
        if !reader.has(MAGIC) {
            end(&mut reader, "the file header", MAGIC).map_err(|error| match error {
                SourceError::CutShort { .. } => not_a_capture(&reader),
                other => other,
            })?;
            return Err(SourceError::Empty);
        }
        let beginning: [u8; MAGIC] = std::array::from_fn(|place| reader.peek(MAGIC)[place]);
        if beginning == pcapng::SECTION_HEADER {
            return PcapNgReader::new(reader).map(Self::PcapNg);
        }
        match Magic::of(beginning) {
            Some(magic) => PcapReader::new(reader, magic).map(Self::Pcap),
            None => Err(not_a_capture(&reader)),
        }
    }
}

fn not_a_capture(reader: &BlockReader) -> SourceError {
    let shown = reader.peek(reader.buffered().min(8));
    let beginning: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    SourceError::NotACapture { beginning: beginning.join(" ") }
}

/// Counts what is read.
struct Counted<R> {
    input: R,
    bytes_read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.bytes_read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}
