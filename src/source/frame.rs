//! What a source delivers.

use crate::net::{LinkType, Timestamp};

/// One record of a capture, borrowed from its source until the next one is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// How the captured bytes begin.
    pub link: LinkType,
    /// When it was captured; `None` where the format has no time (pcapng simple packet blocks).
    pub timestamp: Option<Timestamp>,
    /// The bytes that were captured, at most [`Frame::MAX_CAPTURED`].
    pub captured: &'a [u8],
    /// The length on the wire in bytes, as the record states it.
    pub wire_len: u32,
}

impl Frame<'_> {
    /// The most bytes that a record may hold; a larger one is a defect of the file.
    pub const MAX_CAPTURED: u32 = 262_144;
}
