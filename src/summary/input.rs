//! What became of each input.

/// How the reading of one input went.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputReport {
    /// Its path; `-` for standard input.
    pub path: String,
    /// `pcap`, `pcapng`, with the compression around it if there is one (`pcap+gzip`); empty if it could not be
    /// told.
    pub format: String,
    /// Packets read, before any filter.
    pub packets: u64,
    /// Whether it was read to its end and whole.
    pub complete: bool,
    /// Whether nothing of it could be read: it is not there, or no capture.
    pub refused: bool,
    /// What is wrong with it; empty if nothing is.
    pub message: String,
}
