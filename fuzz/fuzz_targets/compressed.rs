//! A compressed capture: unpacking ends, or says what is wrong, and takes no more memory than its bounds.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use portolan::source::{CaptureReader, Frame, Source};

/// A few bytes may unpack to any number of frames.
const MOST: usize = 1000;

fuzz_target!(|input: &[u8]| {
    let Ok(mut reader) = CaptureReader::from_reader(Cursor::new(input.to_vec())) else { return };
    for _ in 0..MOST {
        let Ok(Some(frame)) = reader.next_frame() else { return };
        assert!(frame.captured.len() <= Frame::MAX_CAPTURED as usize);
    }
});
