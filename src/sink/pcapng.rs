//! Blocks of pcapng files (draft-ietf-opsawg-pcapng), least significant byte first.

use super::InterfaceDescription;
use crate::net::Timestamp;
use crate::source::{Drops, Frame};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const VERSION: [u16; 2] = [1, 0];
const UNKNOWN_SECTION_LENGTH: u64 = u64::MAX;

const END_OF_OPTIONS: u16 = 0;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const ISB_IFDROP: u16 = 5;
const ISB_OSDROP: u16 = 7;
const ISB_USRDELIV: u16 = 8;

/// Time stamps are in units of 10^-9 s.
const NANOSECONDS: u8 = 9;
/// A packet block without its data: type, length, interface, time, both lengths, and the length again.
const PACKET: usize = 32;
/// A statistics block with its three options.
pub(super) const STATISTICS_LENGTH: usize = 64;

/// Begins a file.
pub(super) fn section_header(bytes: &mut Vec<u8>) {
    block(SECTION_HEADER, bytes, |bytes| {
        bytes.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        bytes.extend(VERSION.map(u16::to_le_bytes).as_flattened());
        bytes.extend(UNKNOWN_SECTION_LENGTH.to_le_bytes());
        option(SHB_USERAPPL, concat!("portolan ", env!("CARGO_PKG_VERSION")).as_bytes(), bytes);
        option(END_OF_OPTIONS, &[], bytes);
    });
}

/// Describes the next interface.
pub(super) fn interface_description(interface: &InterfaceDescription, bytes: &mut Vec<u8>) {
    block(INTERFACE_DESCRIPTION, bytes, |bytes| {
        bytes.extend([interface.link.0, 0].map(u16::to_le_bytes).as_flattened());
        bytes.extend(interface.snap_length.to_le_bytes());
        if let Some(name) = &interface.name {
            option(IF_NAME, name.as_bytes(), bytes);
        }
        option(IF_TSRESOL, &[NANOSECONDS], bytes);
        option(END_OF_OPTIONS, &[], bytes);
    });
}

/// Nanoseconds since 1970; `None` before.
pub(super) fn time(time: Timestamp) -> Option<u64> {
    u64::try_from(time.as_nanos()).ok()
}

/// Bytes of a frame's block.
pub(super) const fn packet_length(frame: &Frame<'_>) -> usize {
    PACKET + frame.captured.len().next_multiple_of(4)
}

/// A frame.
pub(super) fn packet(interface: u32, time: u64, frame: &Frame<'_>, bytes: &mut Vec<u8>) {
    block(ENHANCED_PACKET, bytes, |bytes| {
        let captured = length(frame.captured.len());
        bytes.extend(interface.to_le_bytes());
        bytes.extend(halves(time));
        bytes.extend([captured, frame.wire_len].map(u32::to_le_bytes).as_flattened());
        bytes.extend(frame.captured);
        pad(frame.captured.len(), bytes);
    });
}

/// What became of the packets of an interface while the file was written.
pub(super) fn interface_statistics(
    interface: u32,
    time: u64,
    packets: u64,
    drops: Drops,
    bytes: &mut Vec<u8>,
) {
    block(INTERFACE_STATISTICS, bytes, |bytes| {
        bytes.extend(interface.to_le_bytes());
        bytes.extend(halves(time));
        option(ISB_IFDROP, &drops.interface.to_le_bytes(), bytes);
        option(ISB_OSDROP, &drops.kernel.to_le_bytes(), bytes);
        option(ISB_USRDELIV, &packets.to_le_bytes(), bytes);
        option(END_OF_OPTIONS, &[], bytes);
    });
}

fn block(kind: u32, bytes: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let begin = bytes.len();
    bytes.extend(kind.to_le_bytes());
    bytes.extend([0; 4]);
    body(bytes);
    let length = length(bytes.len() + 4 - begin).to_le_bytes();
    bytes[begin + 4..begin + 8].copy_from_slice(&length);
    bytes.extend(length);
}

/// An option. What is longer than one can be is cut.
fn option(code: u16, value: &[u8], bytes: &mut Vec<u8>) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    let value = &value[..usize::from(length)];
    bytes.extend([code, length].map(u16::to_le_bytes).as_flattened());
    bytes.extend(value);
    pad(value.len(), bytes);
}

/// Fills up to a multiple of four bytes.
fn pad(length: usize, bytes: &mut Vec<u8>) {
    bytes.extend(&[0; 3][..length.next_multiple_of(4) - length]);
}

/// A time stamp as it is written: the upper half before the lower one.
fn halves(time: u64) -> [u8; 8] {
    let [low @ .., h0, h1, h2, h3] = time.to_le_bytes();
    let [l0, l1, l2, l3] = low;
    [h0, h1, h2, h3, l0, l1, l2, l3]
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("no frame is longer than MAX_CAPTURED")
}
