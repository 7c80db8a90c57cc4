//! Any capture file or stream, told by its content.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::block_reader::BlockReader;
use super::pcap::{Magic, PcapReader, end};
use super::pcapng::{self, PcapNgReader};
use super::read_ahead::ReadAhead;
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
    /// Records that begin from here on belong to another piece.
    until: u64,
    /// Where a piece that is not the first one of its file began.
    began: Option<Beginning>,
    has_ended: bool,
}

#[derive(Debug)]
enum Records {
    Pcap(PcapReader),
    PcapNg(PcapNgReader),
}

/// The records of a capture file that begin in a range of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The first offset.
    pub begin: u64,
    /// The offset behind the last one.
    pub end: u64,
}

impl Piece {
    /// A whole file.
    pub const WHOLE: Self = Self { begin: 0, end: u64::MAX };
}

/// What a piece took for granted when it began.
#[derive(Debug)]
struct Beginning {
    offset: u64,
    context: Option<pcapng::Context>,
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
        let reader = match compression {
            Some(compression) => {
                BlockReader::ahead_of(ReadAhead::of_unpacked(compression.unpack(Box::new(whole))?)?)
            }
            None => BlockReader::new(Box::new(whole)),
        };
        if is_empty {
            return Err(SourceError::Empty);
        }
        let records = Records::new(reader)?;
        Ok(Self { records, compression, bytes_read, until: u64::MAX, began: None, has_ended: false })
    }

    /// Opens a piece of a capture file. Where it begins is found by what follows: whether that was right,
    /// [`CaptureReader::join`] tells. `None` if the file is compressed, or no record was found there.
    ///
    /// # Errors
    /// If it cannot be opened, or is no capture.
    pub fn open_piece(path: impl AsRef<Path>, piece: Piece) -> Result<Option<Self>, SourceError> {
        let mut capture = Self::open(&path)?;
        if piece == Piece::WHOLE {
            return Ok(Some(capture));
        }
        if capture.compression.is_some() {
            return Ok(None);
        }
        if piece.begin > 0 {
            capture.bytes_read.store(0, Ordering::Relaxed);
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(piece.begin))?;
            let input = Counted { input: file, bytes_read: Arc::clone(&capture.bytes_read) };
            if !capture.records.synchronise(BlockReader::at(Box::new(input), piece.begin))? {
                return Ok(None);
            }
            capture.began = Some(capture.records.beginning());
        }
        capture.until = piece.end;
        Ok(Some(capture))
    }

    /// Goes on as the reader of the next piece of the same file, if this one ended where that one began, and what that one
    /// took for granted of the file was right. Gives that one back if not: its piece has to be read again, by
    /// [`CaptureReader::read_until`].
    ///
    /// # Errors
    /// The reader of the next piece.
    pub fn join(&mut self, mut next: Self) -> Result<(), Box<Self>> {
        let is_next = next.began.as_ref().is_some_and(|beginning| {
            self.is_paused() && self.records.is_at(beginning) && next.records.is_in_section_of(beginning)
        });
        if !is_next {
            return Err(Box::new(next));
        }
        next.records.add_drops_of(&self.records);
        *self = next;
        Ok(())
    }

    /// Goes on with the records that begin before an offset: the file's next piece.
    pub fn read_until(&mut self, end: u64) {
        self.until = end;
    }

    /// Hands at most so many frames to `each`, many at once: the same as [`Source::next_frame`] as often, but faster. Returns whether there
    /// may be more.
    ///
    /// # Errors
    /// What is wrong with the input. All frames before that have been handed out.
    #[inline]
    pub fn frames(&mut self, most: usize, each: impl FnMut(&[Frame<'_>])) -> Result<bool, SourceError> {
        if self.has_ended {
            return Ok(false);
        }
        let frames = match &mut self.records {
            Records::Pcap(records) => records.frames(most, self.until, each),
            Records::PcapNg(records) => records.frames(most, self.until, each),
        };
        self.has_ended = !matches!(frames, Ok(true)) && !self.is_paused();
        frames
    }

    /// Whether the piece ended where another one begins, rather than the file or what can be read of it.
    pub const fn is_paused(&self) -> bool {
        self.records.offset() >= self.until
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
        if self.has_ended || self.is_paused() {
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
    #[inline]
    const fn offset(&self) -> u64 {
        match self {
            Self::Pcap(records) => records.offset(),
            Self::PcapNg(records) => records.offset(),
        }
    }

    fn synchronise(&mut self, reader: BlockReader) -> Result<bool, SourceError> {
        match self {
            Self::Pcap(records) => Ok(records.synchronise(reader)),
            Self::PcapNg(records) => records.synchronise(reader),
        }
    }

    fn beginning(&self) -> Beginning {
        let context = match self {
            Self::Pcap(_) => None,
            Self::PcapNg(records) => Some(records.context()),
        };
        Beginning { offset: self.offset(), context }
    }

    fn is_at(&self, beginning: &Beginning) -> bool {
        let is_in_context = match (self, &beginning.context) {
            (Self::PcapNg(records), Some(context)) => records.is_in(context),
            (Self::Pcap(_), None) => true,
            _ => false,
        };
        is_in_context && self.offset() == beginning.offset
    }

    /// Whether no section of the file began since: the drops of one before would no longer be told apart.
    fn is_in_section_of(&self, beginning: &Beginning) -> bool {
        match (self, &beginning.context) {
            (Self::PcapNg(records), Some(context)) => records.is_in_section_of(context),
            _ => true,
        }
    }

    fn add_drops_of(&mut self, earlier: &Self) {
        if let (Self::PcapNg(later), Self::PcapNg(earlier)) = (self, earlier) {
            later.add_drops_of(earlier);
        }
    }

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
