//! Several threads, and files cut into pieces anywhere, give the numbers of one thread that reads all in order.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use portolan::flow::FlowOptions;
use portolan::read::{Observer, Reading};
use portolan::source::{CaptureReader, Input, Piece, Source};
use portolan::summary::{InputReport, Summary};

struct Nobody;

impl Observer for Nobody {
    fn progress(&mut self, _: &str, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn done(&mut self, _: &InputReport) {}
}

fn open(input: &Input) -> Result<CaptureReader, portolan::source::SourceError> {
    match input {
        Input::Path(path) => CaptureReader::open(path),
        Input::Stdin => panic!("no test reads it"),
    }
}

fn summary_of(paths: &[PathBuf], threads: usize, shortest_piece: u64, options: &FlowOptions) -> Summary {
    let inputs: Vec<Input> = paths.iter().cloned().map(Input::Path).collect();
    let options = FlowOptions { threads, ..*options };
    let mut reading = Reading::new(&options).with_shortest_piece(shortest_piece);
    reading.read_all(&inputs, &open, &mut Nobody);
    reading.finish().unwrap()
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_capture = |path: &PathBuf| path.extension().is_some_and(|name| name == "pcap" || name == "pcapng");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(is_capture).collect();
    paths.sort();
    paths
}

fn all_captures() -> Vec<PathBuf> {
    let mut paths = captures(Path::new("testdata"));
    assert!(paths.len() > 40);
    paths.extend(captures(Path::new("../shared/captures")));
    paths
}

#[test]
fn every_capture_in_pieces_is_what_it_is_whole() {
    let options = FlowOptions { interval_ns: Some(1_000_000_000), ..FlowOptions::default() };
    for path in all_captures() {
        let whole = summary_of(std::slice::from_ref(&path), 1, 0, &options);
        for (threads, shortest) in [(2, 1), (3, 1), (16, 100), (64, 1)] {
            let pieces = summary_of(std::slice::from_ref(&path), threads, shortest, &options);
            assert_eq!(pieces, whole, "{} by {threads} threads", path.display());
        }
    }
}

#[test]
fn many_captures_at_once_are_what_they_are_in_order() {
    let paths = all_captures();
    let options = FlowOptions::default();
    let in_order = summary_of(&paths, 1, 0, &options);
    for (threads, shortest) in [(2, u64::MAX), (5, 10_000), (8, 1)] {
        assert_eq!(summary_of(&paths, threads, shortest, &options), in_order, "{threads} threads");
    }
}

/// A frame with a TCP SYN whose addresses and ports tell its number.
fn frame(number: u32) -> Vec<u8> {
    let [_, a, b, c] = number.to_be_bytes();
    let mut frame = vec![2; 12];
    frame.extend([8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, a, b, c, 10, 0, 0, 1]);
    frame.extend([b | 0x80, c, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]);
    frame
}

/// A pcap file whose packets hold what looks like records.
fn misleading_pcap(packets: u32) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
    let header = |seconds: u32, length: usize| {
        let length = u32::try_from(length).unwrap();
        [seconds, 0, length, length].map(u32::to_le_bytes).concat()
    };
    for number in 0..packets {
        let mut bytes = frame(number);
        for _ in 0..10 {
            bytes.extend(header(1_600_000_000, 7));
            bytes.extend([0xaa; 7]);
        }
        file.extend(header(1_600_000_000 + number, bytes.len()));
        file.extend(bytes);
    }
    file
}

fn in_a_file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn what_looks_like_a_record_inside_of_one_is_found_out() {
    let bytes = misleading_pcap(3000);
    let file = in_a_file(&bytes);
    let paths = [file.path().to_owned()];
    // Amid a packet. The records inside are taken for a beginning, which a join has to notice.
    let half = 24 + 300 * 1500 + 80;
    let mut first = CaptureReader::open_piece(&paths[0], Piece { begin: 0, end: half }).unwrap().unwrap();
    let second = CaptureReader::open_piece(&paths[0], Piece { begin: half, end: u64::MAX }).unwrap().unwrap();
    while first.next_frame().unwrap().is_some() {}
    assert!(first.is_paused());
    assert!(first.join(second).is_err());
    let options = FlowOptions::default();
    let whole = summary_of(&paths, 1, 0, &options);
    assert_eq!((whole.capture.packets, whole.classified().flows), (3000, 3000));
    for threads in [2, 3, 10] {
        assert_eq!(summary_of(&paths, threads, 1, &options), whole);
    }
}

#[test]
fn a_broken_file_gives_what_came_before_the_defect() {
    let mut bytes = misleading_pcap(3000);
    let third = bytes.len() / 3;
    bytes[third..third + 300].fill(0xff);
    for cut in [bytes.len(), bytes.len() - 5] {
        let file = in_a_file(&bytes[..cut]);
        let paths = [file.path().to_owned()];
        let whole = summary_of(&paths, 1, 0, &FlowOptions::default());
        assert!(!whole.is_complete() && whole.capture.packets < 1100, "{}", whole.capture.packets);
        for threads in [2, 3, 10] {
            assert_eq!(summary_of(&paths, threads, 1, &FlowOptions::default()), whole);
        }
    }
}

#[test]
fn threads_evict_what_one_would() {
    let mut bytes = misleading_pcap(0);
    for number in 0..60_000_u32 {
        let frame = frame(number);
        let length = u32::try_from(frame.len()).unwrap();
        bytes.extend([1_600_000_000 + number / 1000, 0, length, length].map(u32::to_le_bytes).concat());
        bytes.extend(frame);
    }
    let (one, other) = bytes.split_at(24 + 30_000 * 70);
    let files = [in_a_file(one), in_a_file(&[&bytes[..24], other].concat())];
    let paths = files.map(|file| file.into_temp_path().keep().unwrap());
    let options = FlowOptions { max_flows: 80_000, ..FlowOptions::default() };
    let whole = summary_of(&paths, 1, 0, &options);
    assert_eq!((whole.classified().flows, whole.loss.evicted_flows), (60_000, 0));
    for (threads, shortest) in [(2, u64::MAX), (3, 1), (5, 1)] {
        assert_eq!(summary_of(&paths, threads, shortest, &options), whole, "{threads} threads");
    }
    // Where flows have to leave, which of them do depends on the order of reading alone.
    let few = FlowOptions { max_flows: 20_000, ..options };
    let evicted = summary_of(&paths, 1, 1, &few);
    assert!(evicted.loss.evicted_flows > 0 && evicted.other_port_pairs.flows > 0);
    assert_eq!((evicted.capture, evicted.classified().volume), (whole.capture, whole.classified().volume));
    for threads in [1, 2, 4] {
        assert_eq!(summary_of(&paths, threads, 1, &few), evicted, "{threads} threads");
    }
    for path in paths {
        fs::remove_file(path).unwrap();
    }
}
