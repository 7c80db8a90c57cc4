//! The laws of writing captures: what is written is read again, in whatever format and however many files, and at every moment
//! what is in a file is whole.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use portolan::net::{LinkType, Timestamp};
use portolan::sink::{CaptureFiles, InterfaceDescription, Rotation, WriteError};
use portolan::source::{CaptureReader, Drops, OwnedFrame, Source};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const SECOND: i64 = 1_000_000_000;

fn now() -> Timestamp {
    Timestamp::from_nanos(1_795_438_500 * SECOND)
}

/// What is in a capture, to its end.
fn read(path: &Path) -> (Vec<OwnedFrame>, Drops) {
    let mut capture = CaptureReader::open(path).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame().unwrap() {
        frames.push(OwnedFrame::from(frame));
    }
    (frames, capture.drops())
}

/// The files in a folder, by name.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn ethernet(name: &str) -> InterfaceDescription {
    InterfaceDescription { name: Some(name.to_owned()), ..InterfaceDescription::unnamed(LinkType::ETHERNET) }
}

fn frame(nanos: i64, length: usize) -> OwnedFrame {
    OwnedFrame {
        link: LinkType::ETHERNET,
        timestamp: Some(Timestamp::from_nanos(nanos)),
        captured: (0..=u8::MAX).cycle().take(length).collect(),
        wire_len: u32::try_from(length).unwrap(),
    }
}

/// Writes frames of one interface.
fn write(path: &Path, rotation: Rotation, frames: &[OwnedFrame]) {
    let mut files = CaptureFiles::create(path, rotation, &[ethernet("eth0")], now).unwrap();
    for frame in frames {
        files.frame(0, &frame.as_frame()).unwrap();
    }
    files.finish().unwrap();
}

/// Frames whose times a file can hold, with links among these.
fn frames(links: Vec<u16>, last_nanos: i64) -> impl Strategy<Value = Vec<OwnedFrame>> {
    let captured = prop_oneof![8 => vec(any::<u8>(), 0..70), 1 => vec(any::<u8>(), 1500..1600)];
    let frame = (select(links), 0..=last_nanos, captured, any::<u32>());
    let frame = frame.prop_map(|(link, nanos, captured, wire_len)| OwnedFrame {
        link: LinkType(link),
        timestamp: Some(Timestamp::from_nanos(nanos)),
        captured,
        wire_len,
    });
    vec(frame, 0..60)
}

proptest! {
    #[test]
    fn pcapng_holds_frames_of_any_interfaces_and_what_was_dropped(
        frames in frames(vec![1, 101, 113, 65_535], i64::MAX - 1),
        inputs in vec(0..4_usize, 60),
        drops in vec((any::<u32>(), any::<u32>()), 4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.pcapng");
        let known = [ethernet("eth0"), ethernet("eth1")];
        let mut files = CaptureFiles::create(&path, Rotation::default(), &known, now).unwrap();
        for (frame, input) in frames.iter().zip(&inputs) {
            files.frame(*input, &frame.as_frame()).unwrap();
        }
        let mut sum = Drops::default();
        for (input, (kernel, interface)) in drops.into_iter().enumerate() {
            let drops = Drops { kernel: kernel.into(), interface: interface.into() };
            files.dropped(input, drops);
            if input < 2 || inputs[..frames.len()].contains(&input) {
                sum = sum + drops;
            }
        }
        files.finish().unwrap();
        prop_assert_eq!(read(&path), (frames, sum));
    }

    #[test]
    fn pcap_holds_frames_of_one_link_type(
        frames in frames(vec![113], (i64::from(u32::MAX) + 1) * SECOND - 1),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.pcap");
        let mut files = CaptureFiles::create(&path, Rotation::default(), &[], now).unwrap();
        for frame in &frames {
            files.frame(0, &frame.as_frame()).unwrap();
        }
        files.finish().unwrap();
        prop_assert_eq!(read(&path), (frames, Drops::default()));
    }

    #[test]
    fn a_rotation_cuts_between_frames_and_keeps_the_newest(
        frames in frames(vec![1], 100 * SECOND),
        ending in select(vec!["pcap", "pcapng"]),
        size in select(vec![None, Some(300_u64), Some(4000)]),
        seconds in select(vec![None, Some(7_u64), Some(50)]),
        keep in 1..5_usize,
    ) {
        let rotation = Rotation { size, time_ns: seconds.map(|seconds| seconds * 1_000_000_000), keep: None };
        prop_assume!(rotation != Rotation::default());
        let mut frames = frames;
        frames.sort_by_key(|frame| frame.timestamp);
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join(format!("x.{ending}")), rotation, &frames);
        let files = files_in(folder.path());
        let parts: Vec<Vec<OwnedFrame>> = files.iter().map(|file| read(file).0).collect();
        for (number, (file, part)) in (1..).zip(files.iter().zip(&parts)) {
            let name = format!("x_{number:05}_20261123125500.{ending}");
            prop_assert_eq!(file.file_name().unwrap().to_str().unwrap(), name);
            let length = fs::metadata(file).unwrap().len();
            prop_assert!(size.is_none_or(|size| length <= size || part.len() == 1), "{length}");
            if let Some(seconds) = seconds {
                let period = |frame: &OwnedFrame| frame.timestamp.unwrap().as_nanos() / SECOND / seconds.cast_signed();
                prop_assert!(part.windows(2).all(|pair| period(&pair[0]) == period(&pair[1])));
            }
            prop_assert!(!part.is_empty() || frames.is_empty());
        }
        prop_assert_eq!(parts.concat(), frames.clone());

        let other = tempfile::tempdir().unwrap();
        let rotation = Rotation { keep: std::num::NonZero::new(keep), ..rotation };
        write(&other.path().join(format!("x.{ending}")), rotation, &frames);
        let newest = &files[files.len().saturating_sub(keep)..];
        let kept = files_in(other.path());
        let names = |files: &[PathBuf]| -> Vec<_> { files.iter().map(|file| file.file_name().unwrap().to_owned()).collect() };
        prop_assert_eq!(names(&kept), names(newest));
        for (one, other) in kept.iter().zip(newest) {
            prop_assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap());
        }
    }
}

#[test]
fn each_file_tells_the_drops_of_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let rotation = Rotation { time_ns: Some(1_000_000_000), ..Rotation::default() };
    let mut files =
        CaptureFiles::create(&folder.path().join("x.pcapng"), rotation, &[ethernet("eth0")], now).unwrap();
    for second in 1..=3_u64 {
        files.frame(0, &frame(second.cast_signed() * SECOND, 60).as_frame()).unwrap();
        files.dropped(0, Drops { kernel: second * second, interface: 10 * second });
    }
    files.finish().unwrap();
    let drops: Vec<Drops> = files_in(folder.path()).iter().map(|file| read(file).1).collect();
    let expected = [(1, 10), (3, 10), (5, 10)].map(|(kernel, interface)| Drops { kernel, interface });
    assert_eq!(drops, expected);
}

#[test]
fn a_rotation_goes_on_after_the_clock_was_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let rotation = Rotation { time_ns: Some(10_000_000_000), ..Rotation::default() };
    let seconds = [105, 99, 101, 115, 42, 43, 50];
    let frames = seconds.map(|second| frame(second * SECOND, 60));
    write(&folder.path().join("x.pcap"), rotation, &frames);
    let lengths: Vec<usize> = files_in(folder.path()).iter().map(|file| read(file).0.len()).collect();
    assert_eq!(lengths, [3, 1, 2, 1], "a little back is the same file, far back another one");
}

#[test]
fn what_is_in_a_file_is_whole_at_every_moment() {
    for ending in ["pcap", "pcapng"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x").with_extension(ending);
        let mut files = CaptureFiles::create(&path, Rotation::default(), &[ethernet("eth0")], now).unwrap();
        assert_eq!(read(&path), (vec![], Drops::default()), "the header is there at once");
        let frames: Vec<OwnedFrame> =
            (0..3000_u16).map(|number| frame(number.into(), usize::from(number % 700))).collect();
        for frame in &frames {
            files.frame(0, &frame.as_frame()).unwrap();
        }
        let (there, _) = read(&path);
        assert!(there.len() > 500 && there.len() < frames.len(), "{}", there.len());
        assert_eq!(there, frames[..there.len()]);
        files.flush().unwrap();
        assert_eq!(read(&path).0, frames);
    }
}

#[test]
fn pcap_refuses_a_second_link_type_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcap");
    fs::write(&path, "as it was").unwrap();
    let cooked = InterfaceDescription::unnamed(LinkType::LINUX_SLL);
    let refused = CaptureFiles::create(&path, Rotation::default(), &[ethernet("eth0"), cooked], now);
    assert!(refused.unwrap_err().to_string().contains("use a name that ends in .pcapng"));
    assert_eq!(fs::read(&path).unwrap(), b"as it was");

    let mut files = CaptureFiles::create(&path, Rotation::default(), &[], now).unwrap();
    let first = frame(1, 60);
    files.frame(0, &first.as_frame()).unwrap();
    let other = OwnedFrame { link: LinkType::RAW, ..frame(2, 60) };
    let error = files.frame(0, &other.as_frame()).unwrap_err();
    assert!(matches!(error, WriteError::LinkTypes(LinkType::ETHERNET, LinkType::RAW)), "{error}");
    drop(files);
    assert_eq!(read(&path).0, [first]);
}

#[test]
fn times_that_a_file_cannot_hold_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, nanos) in [("x.pcap", -1), ("y.pcap", (i64::from(u32::MAX) + 1) * SECOND), ("x.pcapng", -1)] {
        let path = folder.path().join(name);
        let mut files = CaptureFiles::create(&path, Rotation::default(), &[ethernet("eth0")], now).unwrap();
        let error = files.frame(0, &frame(nanos, 60).as_frame()).unwrap_err();
        assert!(matches!(error, WriteError::Time(seconds) if seconds == nanos.div_euclid(SECOND)), "{error}");
    }
}

#[test]
fn a_frame_without_a_time_has_that_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcapng");
    let untimed = OwnedFrame { timestamp: None, ..frame(0, 60) };
    write(&path, Rotation::default(), &[untimed.clone(), frame(5 * SECOND, 60), untimed]);
    let times: Vec<i64> = read(&path).0.iter().map(|frame| frame.timestamp.unwrap().as_nanos()).collect();
    assert_eq!(times, [0, 5 * SECOND, 5 * SECOND]);
}

#[test]
fn a_file_is_emptied_but_none_of_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcap");
    write(&path, Rotation::default(), &[frame(1, 60), frame(2, 60)]);
    write(&path, Rotation::default(), &[frame(3, 60)]);
    assert_eq!(read(&path).0, [frame(3, 60)]);

    let rotation = Rotation { size: Some(1000), ..Rotation::default() };
    write(&path, rotation, &[frame(4, 60)]);
    let again = CaptureFiles::create(&path, rotation, &[], now);
    let error = again.unwrap_err().to_string();
    assert!(error.contains("x_00001_20261123125500.pcap: File exists"), "{error}");
    assert_eq!(read(&folder.path().join("x_00001_20261123125500.pcap")).0, [frame(4, 60)]);
}
