//! What was read of an input, and how it goes on.

use std::ops::ControlFlow;

use super::counting::{Counting, Ended, LOOK_EVERY};
use super::plan::Job;
use super::workers::Done;
use crate::source::{CaptureReader, Drops, Input, Source, SourceError};

/// What was read of an input so far.
pub(super) struct Part {
    pub(super) format: String,
    pub(super) packets: u64,
    pub(super) ended: Ended,
    pub(super) drops: Drops,
    /// Where reading may go on.
    capture: Option<CaptureReader>,
}

impl Default for Part {
    /// An input that is not even opened.
    fn default() -> Self {
        Self {
            format: String::new(),
            packets: 0,
            ended: Ended::Stopped,
            drops: Drops::default(),
            capture: None,
        }
    }
}

impl Part {
    /// An input of which nothing has been read.
    pub(super) fn of(capture: Result<CaptureReader, SourceError>) -> Self {
        match capture {
            Ok(capture) => Self { format: format_of(&capture), capture: Some(capture), ..Self::default() },
            Err(error) => Self { ended: Ended::Broken(error), ..Self::default() },
        }
    }

    /// Makes one of the pieces of an input. What no thread has read, or not as it has to be, is read now. `None` if there is no
    /// room for its flows besides those of pieces that are `pending`.
    pub(super) fn put_together(
        input: &Input,
        pieces: impl IntoIterator<Item = (Job, Option<Done>)>,
        counting: &mut Counting<'_>,
        (room, pending): (usize, &mut usize),
        open: &dyn Fn(&Input) -> Result<CaptureReader, SourceError>,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Option<Self> {
        let mut pieces = pieces.into_iter();
        let mut part = match pieces.next() {
            Some((_, Some(done))) => Self::from(done),
            _ if watch(0).is_break() => return Some(Self::default()),
            _ => Self::of(open(input)),
        };
        part.go_on(counting, room.saturating_sub(*pending), watch)?;
        for (job, done) in pieces {
            *pending -= done.as_ref().map_or(0, Done::load);
            if !part.is_paused() {
                continue;
            }
            if let Some(counted) = part.join(done) {
                counting.absorb(counted);
            } else if let Some(capture) = &mut part.capture {
                capture.read_until(job.piece.end);
            }
            part.go_on(counting, room.saturating_sub(*pending), watch)?;
        }
        Some(part)
    }

    /// Reads the rest of a part, if there is any. `None` if there is no room for its flows.
    pub(super) fn go_on(
        &mut self,
        counting: &mut Counting<'_>,
        room: usize,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Option<()> {
        let capture = match (&mut self.capture, &self.ended) {
            (Some(capture), Ended::Paused | Ended::Stopped) => capture,
            // The opening of a pipe ends so when the user interrupts.
            (None, Ended::Broken(_)) if self.packets == 0 && watch(0).is_break() => {
                self.ended = Ended::Stopped;
                return Some(());
            }
            _ => return Some(()),
        };
        let is_full = |load: usize| load.saturating_add(2 * LOOK_EVERY) > room;
        if is_full(counting.meter.load()) {
            return None;
        }
        let mut was_full = false;
        let ended = counting.frames(capture, &mut self.packets, &mut |bytes, load| {
            was_full = is_full(load);
            if was_full { ControlFlow::Break(()) } else { watch(bytes) }
        });
        if was_full {
            return None;
        }
        self.ended = match ended {
            // A pipe tells of an interrupt by an error.
            Ended::Broken(_) if watch(capture.bytes_read()).is_break() => Ended::Stopped,
            ended => ended,
        };
        self.drops = capture.drops();
        Some(())
    }

    fn is_paused(&self) -> bool {
        matches!(self.ended, Ended::Paused)
    }

    /// Adds the next piece, if it began where this part ended, and hands out what it counted.
    fn join(&mut self, next: Option<Done>) -> Option<Counting<'static>> {
        let Done { packets, ended, capture, guessed, .. } = next?;
        let reader = self.capture.as_mut()?;
        reader.join(capture?).ok()?;
        self.drops = reader.drops();
        self.packets += packets;
        self.ended = ended;
        guessed
    }
}

impl From<Done> for Part {
    fn from(done: Done) -> Self {
        let Done { format, packets, ended, drops, capture, .. } = done;
        Self { format, packets, ended, drops, capture }
    }
}

/// `pcap`, or with what is around it `pcap+gzip`.
pub(super) fn format_of(capture: &CaptureReader) -> String {
    match capture.compression() {
        Some(compression) => format!("{}+{}", capture.format(), compression.name()),
        None => capture.format().to_owned(),
    }
}
