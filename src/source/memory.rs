//! Frames that are in memory already.

use super::{Frame, Source, SourceError};
use crate::net::{LinkType, Timestamp};

/// A frame with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedFrame {
    /// How the captured bytes begin.
    pub link: LinkType,
    /// When it was captured.
    pub timestamp: Option<Timestamp>,
    /// The bytes that were captured.
    pub captured: Vec<u8>,
    /// The length on the wire in bytes.
    pub wire_len: u32,
}

impl OwnedFrame {
    /// The frame, borrowed.
    pub fn as_frame(&self) -> Frame<'_> {
        Frame {
            link: self.link,
            timestamp: self.timestamp,
            captured: &self.captured,
            wire_len: self.wire_len,
        }
    }
}

impl From<Frame<'_>> for OwnedFrame {
    fn from(frame: Frame<'_>) -> Self {
        Self {
            link: frame.link,
            timestamp: frame.timestamp,
            captured: frame.captured.to_vec(),
            wire_len: frame.wire_len,
        }
    }
}

/// Gives out frames from memory.
#[derive(Clone, Debug)]
pub struct MemorySource {
    frames: Vec<OwnedFrame>,
    next: usize,
}

impl MemorySource {
    /// Frames to give out in this order.
    pub const fn new(frames: Vec<OwnedFrame>) -> Self {
        Self { frames, next: 0 }
    }
}

impl Source for MemorySource {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        self.next += 1;
        Ok(self.frames.get(self.next - 1).map(OwnedFrame::as_frame))
    }
}
