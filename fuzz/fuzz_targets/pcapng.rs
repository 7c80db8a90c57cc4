//! Any bytes behind the type of a section header.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use portolan::source::{CaptureReader, Frame, Source};

fuzz_target!(|bytes: &[u8]| {
    let mut file = vec![0x0a, 0x0d, 0x0d, 0x0a];
    file.extend_from_slice(bytes);
    let most = file.len() / 16;
    let Ok(mut capture) = CaptureReader::from_reader(Cursor::new(file)) else { return };
    let mut frames = 0;
    while let Ok(Some(frame)) = capture.next_frame() {
        assert!(frame.captured.len() <= Frame::MAX_CAPTURED as usize);
        frames += 1;
        assert!(frames <= most, "more blocks than there are bytes for");
    }
    assert!(matches!(capture.next_frame(), Ok(None)));
    let _ = capture.drops();
});
