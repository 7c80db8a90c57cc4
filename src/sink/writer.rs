//! One capture file, of the format that its name asks for.

use std::path::Path;

use super::record_file::RecordFile;
use super::{InterfaceDescription, WriteError, pcap, pcapng};
use crate::net::{LinkType, Timestamp};
use crate::source::{Drops, Frame};

/// Whether a file is pcapng, by its name.
pub(super) fn is_pcapng(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pcapng"))
}

/// Writes a capture file. After an error it takes no more.
#[derive(Debug)]
pub(super) struct CaptureWriter {
    file: RecordFile,
    format: Format,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    /// The header says the link type: without one it is not written yet.
    Pcap {
        link: Option<LinkType>,
    },
    PcapNg {
        interfaces: u32,
    },
}

impl CaptureWriter {
    /// Creates a file: pcapng if its name ends in `.pcapng`, else pcap. One that is there is emptied, or refused if it has to
    /// be new.
    pub(super) fn create(path: &Path, is_new: bool) -> Result<Self, WriteError> {
        let mut file = RecordFile::create(path, is_new)?;
        let format = if is_pcapng(path) {
            file.record(pcapng::section_header)?;
            Format::PcapNg { interfaces: 0 }
        } else {
            Format::Pcap { link: None }
        };
        Ok(Self { file, format })
    }

    /// Describes the next interface.
    pub(super) fn describe(&mut self, interface: &InterfaceDescription) -> Result<(), WriteError> {
        match &mut self.format {
            Format::PcapNg { interfaces } => {
                *interfaces += 1;
                self.file.record(|bytes| pcapng::interface_description(interface, bytes))
            }
            Format::Pcap { link: Some(link) } if *link == interface.link => Ok(()),
            Format::Pcap { link: Some(link) } => Err(WriteError::LinkTypes(*link, interface.link)),
            Format::Pcap { link } => {
                *link = Some(interface.link);
                self.file.record(|bytes| pcap::header(interface, bytes))
            }
        }
    }

    /// How long the file would be if it ended behind this frame.
    pub(super) fn length_with(&self, frame: &Frame<'_>) -> u64 {
        let more = match self.format {
            Format::Pcap { .. } => pcap::record_length(frame),
            Format::PcapNg { interfaces } => {
                pcapng::packet_length(frame) + interfaces as usize * pcapng::STATISTICS_LENGTH
            }
        };
        self.file.length() + more as u64
    }

    /// Writes a frame of an interface that was described.
    pub(super) fn frame(
        &mut self,
        interface: u32,
        time: Timestamp,
        frame: &Frame<'_>,
    ) -> Result<(), WriteError> {
        let out_of_range = || WriteError::Time(time.as_nanos().div_euclid(1_000_000_000));
        match self.format {
            Format::Pcap { .. } => {
                let time = pcap::time(time).ok_or_else(out_of_range)?;
                self.file.record(|bytes| pcap::record(time, frame, bytes))
            }
            Format::PcapNg { .. } => {
                let time = pcapng::time(time).ok_or_else(out_of_range)?;
                self.file.record(|bytes| pcapng::packet(interface, time, frame, bytes))
            }
        }
    }

    /// Writes how many packets of an interface are in the file, and how many were dropped meanwhile. pcap has no room for it.
    pub(super) fn statistics(
        &mut self,
        interface: u32,
        time: Timestamp,
        packets: u64,
        drops: Drops,
    ) -> Result<(), WriteError> {
        if matches!(self.format, Format::Pcap { .. }) {
            return Ok(());
        }
        let time = pcapng::time(time).unwrap_or_default();
        self.file.record(|bytes| pcapng::interface_statistics(interface, time, packets, drops, bytes))
    }

    /// Writes out what is buffered.
    pub(super) fn flush(&mut self) -> Result<(), WriteError> {
        self.file.flush()
    }

    /// Ends the file. One of no interface gets a header that makes it a capture all the same.
    pub(super) fn finish(&mut self) -> Result<(), WriteError> {
        if matches!(self.format, Format::Pcap { link: None }) {
            self.describe(&InterfaceDescription::unnamed(LinkType::ETHERNET))?;
        }
        self.flush()
    }
}
