//! Why a source gives no more frames.

use std::io;

/// What is wrong with an input, and where.
///
/// All frames before the defect have been given out.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It could not be opened or read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Reading failed in the middle: the device, or what is compressed is broken or cut short.
    #[error("reading failed at byte {offset}: {error}")]
    Broken {
        /// Offset in the (decompressed) stream.
        offset: u64,
        /// What the system or the decompressor says.
        error: io::Error,
    },
    /// There is not one byte.
    #[error("is empty, so no capture")]
    Empty,
    /// It begins like no capture.
    #[error("is no pcap or pcapng capture (it begins with {beginning})")]
    NotACapture {
        /// Its first bytes in hexadecimal digits.
        beginning: String,
    },
    /// A capture of a version that is not known.
    #[error("{format} version {major}.{minor} at byte {offset} is not supported")]
    Version {
        /// `pcap` or `pcapng`.
        format: &'static str,
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
        /// Offset of the file or section header.
        offset: u64,
    },
    /// Reserved bits of the link type field are set, so the link type cannot be told.
    #[error("the link type field is {0:#010x}, with reserved bits set")]
    ReservedLinkTypeBits(u32),
    /// The file ends inside something.
    #[error("cut short in {what} at byte {offset}: {there} of {needed} bytes are there")]
    CutShort {
        /// What it ends in.
        what: &'static str,
        /// Offset of its beginning.
        offset: u64,
        /// Bytes that are there.
        there: u64,
        /// Bytes that it should have.
        needed: u64,
    },
    /// A record claims more captured bytes than any has.
    #[error("the packet at byte {offset} claims {length} captured bytes, more than 262144")]
    TooLong {
        /// Offset of the record.
        offset: u64,
        /// The length it claims.
        length: u32,
    },
    /// A pcapng block whose lengths make no sense.
    #[error("the block of type {kind:#x} at byte {offset} has an impossible length of {length}")]
    BlockLength {
        /// Offset of the block.
        offset: u64,
        /// The block's type.
        kind: u32,
        /// The length that is wrong.
        length: u32,
    },
    /// A pcapng block with an option that does not fit into it, or is not as long as its kind always is.
    #[error("an option of the block at byte {offset} has an impossible length")]
    Options {
        /// Offset of the block.
        offset: u64,
    },
    /// A pcapng section header without a byte-order magic.
    #[error("the section header at byte {offset} has no byte-order magic")]
    ByteOrder {
        /// Offset of the block.
        offset: u64,
    },
    /// A packet on an interface that its section does not describe.
    #[error("the packet at byte {offset} is on interface {interface}, which is not described")]
    UndeclaredInterface {
        /// Offset of the block.
        offset: u64,
        /// The interface's number.
        interface: u32,
    },
}

impl SourceError {
    /// Whether the input is nothing that could be read at all: no capture, or one of another kind.
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Io(_) | Self::Empty | Self::NotACapture { .. } | Self::ReservedLinkTypeBits(_) => true,
            Self::Version { offset, .. } => *offset == 0,
            _ => false,
        }
    }
}
