//! Compression around a capture, told by its magic number.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use lz4_flex::frame::FrameDecoder;

use super::read_ahead::CompressedAhead;

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

    /// What is compressed. Another thread reads that from `input`.
    pub(super) fn unpack(self, input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        let input = CompressedAhead::new(Box::new(Uninterrupted(input)))?;
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

/// LZ4 frames one after the other, each with a decoder of its own: that of a frame with large blocks does not take one
/// with smaller ones. A decoder says 0 at the end of its frame.
struct Lz4Frames<R: BufRead> {
    /// `None` past the last frame, or after an error.
    frame: Option<FrameDecoder<WithinFrame<R>>>,
}

impl<R: BufRead> Lz4Frames<R> {
    fn new(input: R) -> Self {
        Self { frame: Some(FrameDecoder::new(WithinFrame(input))) }
    }
}

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(frame) = self.frame.as_mut().filter(|_| !buffer.is_empty()) {
            match frame.read(buffer)? {
                0 => {
                    let mut rest = self.frame.take().map(FrameDecoder::into_inner);
                    let is_more =
                        |input: &mut WithinFrame<R>| input.0.fill_buf().map(|bytes| !bytes.is_empty());
                    if rest.as_mut().map_or(Ok(false), is_more)? {
                        self.frame = rest.map(FrameDecoder::new);
                    }
                }
                length => return Ok(length),
            }
        }
        Ok(0)
    }
}

/// What the decoder reads from. It takes the end of its input for the end of a frame, so it never meets that.
struct WithinFrame<R>(R);

impl<R: Read> Read for WithinFrame<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the lz4 frame is cut short"))
            }
            length => Ok(length),
        }
    }
}

/// Reads again where reading is interrupted: a decoder may lose its place there.
struct Uninterrupted<R>(R);

impl<R: Read> Read for Uninterrupted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};
    use std::io::Write;

    #[test]
    fn lz4_frames_may_have_blocks_of_any_size() {
        let content: Vec<u8> =
            (0..600_000_u32).map(|byte| u8::try_from(byte % 251).expect("below 251")).collect();
        let mut compressed = Vec::new();
        for size in [BlockSize::Max4MB, BlockSize::Max64KB, BlockSize::Max1MB] {
            let info = FrameInfo::new().block_size(size);
            let mut encoder = FrameEncoder::with_frame_info(info, &mut compressed);
            encoder.write_all(&content).expect("memory takes everything");
            encoder.finish().expect("memory takes everything");
        }
        let mut unpacked = Vec::new();
        let mut reader = Compression::Lz4.unpack(Box::new(io::Cursor::new(compressed))).expect("lz4");
        reader.read_to_end(&mut unpacked).expect("whole frames");
        assert!(unpacked == content.repeat(3));
    }
}
