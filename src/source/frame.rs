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

/// Frames that are handed out at once.
const BATCH: usize = 32;

/// Hands out what `next` gives, at most so many frames. Returns how many.
#[inline(always)]
#[allow(clippy::inline_always)] // `next` is a few instructions for each record
pub(super) fn hand_out<'a>(
    most: usize,
    mut next: impl FnMut() -> Option<Frame<'a>>,
    each: &mut impl FnMut(&[Frame<'_>]),
) -> usize {
    let mut batch = [Frame { link: LinkType::NULL, timestamp: None, captured: &[], wire_len: 0 }; BATCH];
    let mut handed_out = 0;
    loop {
        let mut filled = 0;
        for (place, _) in batch.iter_mut().zip(handed_out..most) {
            let Some(frame) = next() else { break };
            *place = frame;
            filled += 1;
        }
        if filled == 0 {
            return handed_out;
        }
        each(&batch[..filled]);
        handed_out += filled;
    }
}

impl Frame<'_> {
    /// The most bytes that a record may hold; a larger one is a defect of the file.
    pub const MAX_CAPTURED: u32 = 262_144;
}
