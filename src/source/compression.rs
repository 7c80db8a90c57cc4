//! Compression around a capture, told by its magic number.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use lz4_flex::frame::FrameDecoder;

/// Compressed bytes read at once.
const BLOCK: usize = 256 * 1024;
/// The largest zstd window taken, as `zstd --long` writes it: 128 MiB.
const ZSTD_WINDOW_LOG: u32 = 27;
/// What unpacking xz may take; `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

/// How an input is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip (RFC 1952), of one or more members.
    Gzip,
    /// Zstandard (RFC 8878), of one or more frames.
    Zstd,
    /// LZ4 frames.
    Lz4,
    /// xz, of one or more streams.
    Xz,
}

impl Compression {
    /// The longest magic number.
    pub(super) const MAGIC: usize = 6;

    /// The compression of a stream that begins so.
    pub(super) fn of(beginning: &[u8]) -> Option<Self> {
        match *beginning {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    /// The name of its program: `gzip`, `zstd`, `lz4` or `xz`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
        }
    }

    /// What is compressed.
    pub(super) fn unpack(self, input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        let input = BufReader::with_capacity(BLOCK, input);
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(input)),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(input)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
            Self::Lz4 => Box::new(Lz4Frames::new(input)),
            Self::Xz => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(input, stream))
            }
        })
    }
}

/// LZ4 frames one after the other. The decoder says 0 at the end of each, but also where the stream breaks off between
/// two blocks of a frame, which is told apart here.
struct Lz4Frames<R: Read> {
    decoder: FrameDecoder<Watched<R>>,
    /// Whether the last frame has ended, and no other has begun.
    is_between: bool,
}

/// Notes what one call of the decoder took.
struct Watched<R> {
    input: R,
    taken: usize,
    at_end: bool,
}

impl<R: Read> Lz4Frames<R> {
    fn new(input: R) -> Self {
        Self { decoder: FrameDecoder::new(Watched { input, taken: 0, at_end: false }), is_between: false }
    }
}

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let watched = self.decoder.get_mut();
            (watched.taken, watched.at_end) = (0, false);
            let length = self.decoder.read(buffer)?;
            let watched = self.decoder.get_ref();
            if length > 0 || buffer.is_empty() {
                self.is_between = false;
                return Ok(length);
            }
            if !watched.at_end {
                self.is_between = true;
            } else if self.is_between && watched.taken == 0 {
                return Ok(0);
            } else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.taken += length;
        self.at_end |= length == 0 && !buffer.is_empty();
        Ok(length)
    }
}
