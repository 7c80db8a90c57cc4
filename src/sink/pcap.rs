//! Classic pcap files (draft-ietf-opsawg-pcap) with time stamps in nanoseconds, least significant byte first.

use super::InterfaceDescription;
use crate::net::Timestamp;
use crate::source::Frame;

const MAGIC: u32 = 0xa1b2_3c4d;
const VERSION: [u16; 2] = [2, 4];
const RECORD_HEADER: usize = 16;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// The header of a file whose frames come from such an interface.
pub(super) fn header(interface: &InterfaceDescription, bytes: &mut Vec<u8>) {
    bytes.extend(MAGIC.to_le_bytes());
    bytes.extend(VERSION.map(u16::to_le_bytes).as_flattened());
    let words = [0, 0, interface.snap_length, u32::from(interface.link.0)];
    bytes.extend(words.map(u32::to_le_bytes).as_flattened());
}

/// Seconds since 1970 and the nanoseconds behind them; `None` outside of the years 1970 to 2106.
pub(super) fn time(time: Timestamp) -> Option<[u32; 2]> {
    let seconds = u32::try_from(time.as_nanos().div_euclid(NANOS_PER_SECOND)).ok()?;
    let nanos = u32::try_from(time.as_nanos().rem_euclid(NANOS_PER_SECOND)).ok()?;
    Some([seconds, nanos])
}

/// Bytes of a frame's record.
pub(super) const fn record_length(frame: &Frame<'_>) -> usize {
    RECORD_HEADER + frame.captured.len()
}

/// A frame's record.
pub(super) fn record([seconds, nanos]: [u32; 2], frame: &Frame<'_>, bytes: &mut Vec<u8>) {
    let captured = u32::try_from(frame.captured.len()).expect("no frame is longer than MAX_CAPTURED");
    bytes.extend([seconds, nanos, captured, frame.wire_len].map(u32::to_le_bytes).as_flattened());
    bytes.extend(frame.captured);
}
