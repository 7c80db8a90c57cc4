//! Where frames are kept: pcap and pcapng files, one or, under a [`Rotation`], many.
//!
//! [`CaptureFiles`] is what programs use. Inside, `writer` writes one file of either format, `pcap` and `pcapng` know what
//! their records look like, `record_file` keeps records whole on their way to the disk, `names` calls the files of a rotation.

mod capture_files;
mod error;
mod names;
mod pcap;
mod pcapng;
mod record_file;
mod writer;

pub use capture_files::{CaptureFiles, Rotation};
pub use error::{Attempt, WriteError};

use crate::net::LinkType;
use crate::source::Frame;

/// What a capture file says of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceDescription {
    /// Its name, if it has one. pcap files say none.
    pub name: Option<String>,
    /// How its frames begin.
    pub link: LinkType,
    /// The most bytes captured of a frame.
    pub snap_length: u32,
}

impl InterfaceDescription {
    /// One of which only the link type is known.
    pub const fn unnamed(link: LinkType) -> Self {
        Self { name: None, link, snap_length: Frame::MAX_CAPTURED }
    }
}
