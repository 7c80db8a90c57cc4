//! Counting the frames of a capture.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::classify::PortTable;
#[cfg(feature = "capture")]
use crate::filter::Filter;
use crate::flow::FlowOptions;
use crate::meter::Meter;
use crate::source::{CaptureReader, SourceError};

/// Frames between two looks at whether to go on.
pub(super) const LOOK_EVERY: usize = 4096;

/// A meter, and what passes to it.
pub(super) struct Counting<'a> {
    pub(super) meter: Meter<'a>,
    #[cfg(feature = "capture")]
    pub(super) filter: Option<Filter>,
}

/// How the reading of a capture, or of a piece of one, ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// At its end.
    Whole,
    /// At the end of the piece.
    Paused,
    /// `look` broke it off.
    Stopped,
    /// At something that cannot be read.
    Broken(SourceError),
}

impl Counting<'_> {
    pub(super) fn new(table: Arc<PortTable>, options: &FlowOptions) -> Self {
        Self {
            meter: Meter::new(table, options),
            #[cfg(feature = "capture")]
            filter: None,
        }
    }

    /// Counts frames and adds them to `packets`. `look` is called every few thousand of them, with the bytes of the file that
    /// were read and the meter's load, and may break off.
    pub(super) fn frames(
        &mut self,
        capture: &mut CaptureReader,
        packets: &mut u64,
        look: &mut dyn FnMut(u64, usize) -> ControlFlow<()>,
    ) -> Ended {
        match self.frames_to_end(capture, packets, look) {
            Ended::Whole if capture.is_paused() => Ended::Paused,
            ended => ended,
        }
    }

    fn frames_to_end(
        &mut self,
        capture: &mut CaptureReader,
        packets: &mut u64,
        look: &mut dyn FnMut(u64, usize) -> ControlFlow<()>,
    ) -> Ended {
        loop {
            let goes_on = capture.frames(LOOK_EVERY, |frames| {
                *packets += frames.len() as u64;
                #[cfg(feature = "capture")]
                if let Some(filter) = &mut self.filter {
                    let passing = frames.iter().filter(|frame| filter.passes(frame));
                    return passing.for_each(|frame| self.meter.frame(frame));
                }
                self.meter.frames(frames);
            });
            match goes_on {
                Ok(true) => {}
                Ok(false) => return Ended::Whole,
                Err(error) => return Ended::Broken(error),
            }
            if look(capture.bytes_read(), self.meter.load()).is_break() || self.meter.has_failed() {
                return Ended::Stopped;
            }
        }
    }

    /// Takes over what another one has counted.
    pub(super) fn absorb(&mut self, other: Counting<'_>) {
        self.meter.merge(other.meter);
        #[cfg(feature = "capture")]
        if let (Some(filter), Some(other)) = (&mut self.filter, other.filter) {
            filter.absorb(other);
        }
    }
}
