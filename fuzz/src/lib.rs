//! What the fuzz targets have in common.

use std::io::Cursor;

use portolan::source::{CaptureReader, Frame, Source};

/// The least bytes that a record takes in any format.
const SHORTEST_RECORD: usize = 8;

/// Reads all frames of a capture, which has to end, and not to say anything after its end.
pub fn drain(capture: Vec<u8>) {
    let most = capture.len() / SHORTEST_RECORD;
    let Ok(mut reader) = CaptureReader::from_reader(Cursor::new(capture)) else { return };
    let mut frames = 0;
    while let Ok(Some(frame)) = reader.next_frame() {
        frames += 1;
        assert!(frames <= most, "more than {most} frames");
        assert!(frame.captured.len() <= Frame::MAX_CAPTURED as usize);
    }
    for _ in 0..3 {
        assert!(matches!(reader.next_frame(), Ok(None)), "a frame or an error after the end");
    }
    let _ = reader.drops();
}
