//! Where frames come from: capture files of any kind, streams, memory.
//!
//! [`CaptureReader`] reads pcap and pcapng, compressed or not, told by content. Inside, `block_reader` reads ahead,
//! `pcap` and `pcapng` follow the records, `compression` unpacks, `read_ahead` in a thread of its own, and `input` finds what to read,
//! `live` listens to interfaces.

mod block_reader;
mod capture_reader;
mod compression;
mod error;
mod frame;
mod input;
#[cfg(feature = "capture")]
mod live;
mod memory;
mod pcap;
mod pcapng;
mod read_ahead;

pub use capture_reader::{CaptureReader, Piece};
pub use compression::Compression;
pub use error::SourceError;
pub use frame::Frame;
pub use input::{DirectoryError, Input, captures_in};
#[cfg(feature = "capture")]
pub use live::{CaptureError, CaptureOptions, Interface, LiveCapture, interfaces};
pub use memory::{MemorySource, OwnedFrame};

/// Gives out frames, one after the other.
pub trait Source {
    /// The next frame; `None` at the end, and after an error.
    ///
    /// # Errors
    /// What is wrong with the input. All frames before that have been given out.
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError>;

    /// What was dropped before it could be captured, as far as is known by now.
    fn drops(&self) -> Drops {
        Drops::default()
    }
}

/// Packets dropped before they could be captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// By the kernel, for want of room.
    pub kernel: u64,
    /// By the interface or its driver.
    pub interface: u64,
}

impl std::ops::Add for Drops {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            kernel: self.kernel.saturating_add(other.kernel),
            interface: self.interface.saturating_add(other.interface),
        }
    }
}
