//! Any bytes as a pcap file: the first picks the magic number, so that every file has a valid one.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use portolan::source::{CaptureReader, Frame, Source};

const MAGICS: [[u8; 4]; 6] = [
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xcd, 0x34],
    [0x34, 0xcd, 0xb2, 0xa1],
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, rest)) = bytes.split_first() else { return };
    let mut file = MAGICS[usize::from(which) % MAGICS.len()].to_vec();
    file.extend_from_slice(rest);
    let most = file.len() / 16;
    let Ok(mut capture) = CaptureReader::from_reader(Cursor::new(file)) else { return };
    let mut frames = 0;
    while let Ok(Some(frame)) = capture.next_frame() {
        assert!(frame.captured.len() <= Frame::MAX_CAPTURED as usize);
        frames += 1;
        assert!(frames <= most, "more records than there are bytes for");
    }
    assert!(matches!(capture.next_frame(), Ok(None)));
});
