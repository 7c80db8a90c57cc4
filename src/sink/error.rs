//! Why frames can no longer be kept.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::net::LinkType;

/// Why a frame could not be written. The file ends with the last frame that was written whole.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system does not do it.
    #[error("cannot {attempt} {}: {error}", path.display())]
    Io {
        /// What was tried.
        attempt: Attempt,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A pcap file has one link type, in its header.
    #[error("a pcap file has one link type, not {0} and {1}: use a name that ends in .pcapng")]
    LinkTypes(LinkType, LinkType),
    /// A time stamp before 1970, or in pcap after 2106.
    #[error("a packet's time stamp, {0} s since 1970, is none that the file could hold")]
    Time(i64),
}

/// What was tried with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// To open it, anew or emptied.
    Create,
    /// To write to it.
    Write,
    /// To remove it, because newer ones are kept.
    Remove,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Write => "write",
            Self::Remove => "remove",
        })
    }
}
