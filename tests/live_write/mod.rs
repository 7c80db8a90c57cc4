//! `portolan live --write`: what is kept is what was counted, whatever happens.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portolan::source::{CaptureReader, OwnedFrame, Source as _};
use serde_json::Value;

use super::network::{self, Network};
use super::{Live, PORTOLAN, document, numbers, portolan, testdata, validated};

const OFFICE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/office.pcapng");
const SUMMARY: [&str; 5] = ["--no-rules", "--top", "0", "--format", "json"];

/// What reading says of files.
fn read(paths: &[&Path]) -> Value {
    let paths = paths.iter().map(|path| path.to_str().unwrap());
    document(&portolan(&["read"].into_iter().chain(paths).chain(SUMMARY).collect::<Vec<_>>()))
}

/// Replays a capture with more arguments.
fn replay(capture: &str, more: &[&str]) -> Output {
    portolan(&[&["live", "--replay", capture, "--speed", "max"], &SUMMARY[..], more].concat())
}

fn frames(path: &Path) -> Vec<OwnedFrame> {
    let mut capture = CaptureReader::open(path).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame().unwrap() {
        frames.push(OwnedFrame::from(frame));
    }
    frames
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What a program prints, line by line. `None`, and a word about it, where there is none.
fn lines(program: &str, arguments: &[&str], path: &Path) -> Option<Vec<String>> {
    match Command::new(program).args(arguments).arg(path).output() {
        Ok(output) => {
            assert!(output.status.success(), "{output:?}");
            Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
        }
        Err(error) => {
            assert!(std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "{program} is required: {error}");
            eprintln!("skipped: no {program}");
            None
        }
    }
}

#[test]
fn a_replay_that_is_kept_reads_as_what_was_counted() {
    let folder = tempfile::tempdir().unwrap();
    for capture in testdata() {
        for ending in ["pcap", "pcapng"] {
            let kept = folder.path().join("kept").with_extension(ending);
            let live = document(&replay(capture.to_str().unwrap(), &["--write", kept.to_str().unwrap()]));
            assert_eq!(numbers(live), numbers(read(&[&kept])), "{} as {ending}", capture.display());
            assert!(frames(&kept) == frames(&capture), "{} as {ending}", capture.display());
        }
    }
}

#[test]
fn many_files_are_one_capture_and_the_newest_are_kept() {
    for rotation in [["--rotate-size", "100kB"], ["--rotate-time", "10s"]] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.pcapng");
        let write = [&["--write", path.to_str().unwrap()], &rotation[..]].concat();
        let live = document(&replay(OFFICE, &write));
        let files = files_in(folder.path());
        assert!(files.len() > 4 && !path.exists(), "{files:?}");
        let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        assert_eq!(numbers(live), numbers(read(&paths)), "{rotation:?}");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.pcapng");
        let write = [&["--write", path.to_str().unwrap(), "--keep", "2"], &rotation[..]].concat();
        document(&replay(OFFICE, &write));
        let newest = files_in(folder.path());
        let number = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap()[..10].to_owned();
        assert_eq!(
            newest.iter().map(number).collect::<Vec<_>>(),
            files[files.len() - 2..].iter().map(number).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_fifo_hands_packets_to_another_program() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo.pcapng");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reading = {
        let fifo = fifo.clone();
        std::thread::spawn(move || read(&[&fifo]))
    };
    let live = document(&replay(OFFICE, &["--write", fifo.to_str().unwrap()]));
    assert_eq!(numbers(live), numbers(reading.join().unwrap()));
}

#[test]
fn no_input_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.pcapng");
    fs::copy(OFFICE, &copy).unwrap();
    let copy = copy.to_str().unwrap();
    for output in ["--write", "--output"] {
        let refused = replay(copy, &[output, copy]);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(String::from_utf8(refused.stderr).unwrap().contains("written over the input"));
    }
    let other = folder.path().join("other.pcap");
    let other = other.to_str().unwrap();
    let roundabout = folder.path().join("../").join(folder.path().file_name().unwrap()).join("other.pcap");
    for records in [other, roundabout.to_str().unwrap()] {
        assert_eq!(
            replay(copy, &["--write", other, "--output", records]).status.code(),
            Some(2),
            "{records}"
        );
    }
    assert_eq!(fs::read(copy).unwrap(), fs::read(OFFICE).unwrap());
}

#[test]
fn what_cannot_be_begun_is_told_before_anything_is_counted() {
    assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
    let folder = tempfile::tempdir().unwrap();
    let full = folder.path().join("full.pcapng");
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    for (path, reason) in [
        (full.to_str().unwrap(), "No space left on device"),
        ("/no/such/folder/x.pcap", "No such file or directory"),
        (folder.path().to_str().unwrap(), "Is a directory"),
    ] {
        let output = replay(OFFICE, &["--write", path]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
        assert!(message.contains(reason) && message.contains(path) && output.stdout.is_empty(), "{message}");
    }
}

#[test]
fn counting_goes_on_where_the_disk_is_full() {
    let Some(network) = Network::new("full") else { return };
    for ending in ["pcap", "pcapng"] {
        let folder = tempfile::tempdir().unwrap();
        let (disk, copy) = (folder.path().join("disk"), folder.path().join("copy").with_extension(ending));
        fs::create_dir(&disk).unwrap();
        // The namespace has mounts of its own, which are gone with the shell.
        let script = "mount -t tmpfs -o size=300k none \"$1\" && shift 1 && \"$@\"; status=$?; cp \"$0\" \"$COPY\"; exit $status";
        let kept = disk.join("x").with_extension(ending);
        let live = ["live", "--replay", OFFICE, "--speed", "max", "--write", kept.to_str().unwrap()];
        let output = network
            .command("sh")
            .env("COPY", &copy)
            .args(["-c", script, kept.to_str().unwrap(), disk.to_str().unwrap(), PORTOLAN])
            .args([&live[..], &SUMMARY[..]].concat())
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), message.lines().count()), (Some(3), 1), "{message}");
        let names_it = message.contains(kept.to_str().unwrap());
        assert!(names_it && message.contains("No space left on device"), "{message}");
        let counted = validated::json(&output.stdout);
        assert_eq!(numbers(counted), numbers(read(&[Path::new(OFFICE)])));
        let (there, all) = (frames(&copy), frames(Path::new(OFFICE)));
        assert!(there[..] == all[..there.len()], "{} of {}", there.len(), all.len());
        // All that there was room for.
        let length = fs::metadata(&copy).unwrap().len();
        assert!((290_000..=300 << 10).contains(&length), "{length}");
    }
}

/// What tshark says of each frame, in any order: two listeners need not see both directions in the same one.
fn dissected(path: &Path) -> Option<BTreeSet<String>> {
    const FIELDS: [&str; 7] =
        ["frame.len", "frame.cap_len", "eth.src", "ip.id", "tcp.seq_raw", "tcp.payload", "udp.payload"];
    let fields = FIELDS.into_iter().flat_map(|field| ["-e", field]);
    let arguments: Vec<&str> = ["-n", "-T", "fields"].into_iter().chain(fields).chain(["-r"]).collect();
    lines("tshark", &arguments, path).map(|lines| lines.into_iter().collect())
}

#[test]
fn other_programs_read_the_frames_that_tcpdump_has() {
    let Some(network) = Network::new("write") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let Some(tcpdump) = network.tcpdump(&file("tcpdump.pcap")) else { return };
    let start = |name: &str| {
        let kept = file(name);
        let write = [network.interface(), "--write", kept.to_str().unwrap()];
        Live::start(&network, &[&write[..], &SUMMARY[1..]].concat())
    };
    let lives = ["kept.pcap", "kept.pcapng"].map(|name| (name, start(name)));
    network.serve_and_ask();
    Network::wait_for_marker(&file("tcpdump.pcap"));
    let lives = lives.map(|(name, live)| (file(name), document(&live.end())));
    tcpdump.end();
    let of_tcpdump = dissected(&file("tcpdump.pcap"));
    for (kept, live) in lives {
        assert!(live["transports"]["tcp"]["flows"].as_u64().unwrap() >= 20, "{live}");
        assert_eq!(numbers(live), numbers(read(&[&kept])));
        let listing = lines("tcpdump", &["-n", "-r"], &kept).unwrap();
        assert!(dissected(&kept) == of_tcpdump, "{}", kept.display());
        let counted = lines("capinfos", &["-T", "-m", "-r", "-c"], &kept);
        let count = format!(",{}", listing.len());
        assert!(counted.is_none_or(|lines| lines[0].ends_with(&count)), "{count}");
        let names = lines("tshark", &["-T", "fields", "-e", "frame.interface_name", "-r"], &kept);
        let is_named = kept.extension().unwrap() == "pcapng";
        let name = if is_named { network.interface() } else { "" };
        assert!(names.is_none_or(|names| names.iter().all(|found| found == name)));
    }
}

#[test]
fn interfaces_of_several_link_types_are_kept_as_pcapng() {
    let Some(network) = Network::new("types") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (one, many) = (folder.path().join("x.pcap"), folder.path().join("x.pcapng"));
    let interfaces = ["live", "--no-rules", network.interface(), "any", "--write"];
    let output = network.command(PORTOLAN).args(interfaces).arg(&one).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("use a name that ends in .pcapng"), "{message}");

    let write = [network.interface(), "any", "--snaplen", "70", "--write", many.to_str().unwrap()];
    let live = Live::start(&network, &[&write[..], &SUMMARY[1..]].concat());
    network.serve_and_ask();
    // The answer that nobody listens at the marker's port, on the interface and on any.
    let answers = "/unclassified/other_ip/by_protocol/1/packets";
    let has_answers = || read(&[&many]).pointer(answers).is_some_and(|packets| packets == 2);
    network::wait_until("the answers are kept", has_answers);
    let counted = document(&live.end());
    assert_eq!(numbers(counted), numbers(read(&[&many])));
    let frames = frames(&many);
    assert!(frames.iter().any(|frame| frame.link != frames[0].link));
    assert_eq!(frames.iter().map(|frame| frame.captured.len()).max(), Some(70));
    assert!(frames.iter().any(|frame| frame.wire_len > 1000));
}

#[test]
fn what_was_written_outlives_a_kill() {
    let Some(network) = Network::new("kill") else { return };
    for ending in ["pcap", "pcapng"] {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("x").with_extension(ending);
        let live =
            Live::start(&network, &[network.interface(), "--write", kept.to_str().unwrap(), "--quiet"]);
        network.serve_and_ask();
        Network::wait_for_marker(&kept);
        live.signal("-KILL");
        assert!(!live.wait().status.success());
        let read = read(&[&kept]);
        assert_eq!(read["read"]["complete"], true);
        assert!(read["transports"]["tcp"]["flows"].as_u64().unwrap() >= 20, "{read}");
    }
}

#[test]
fn counting_goes_on_where_the_folder_is_gone() {
    let Some(network) = Network::new("gone") else { return };
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("x.pcapng");
    let write =
        [network.interface(), "--rotate-size", "2kB", "--write", kept.to_str().unwrap(), "--packets", "50"];
    let mut live = Live::start(&network, &[&write[..], &SUMMARY[1..]].concat());
    network::wait_until("a file is begun", || !files_in(folder.path()).is_empty());
    fs::remove_dir_all(folder.path()).unwrap();
    network.serve_and_ask();
    let told = live.told();
    assert!(told.contains("cannot create") && told.contains("No such file or directory"), "{told}");
    let output = live.wait();
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(3), &b""[..]));
    let counted = validated::json(&output.stdout);
    assert_eq!(counted["capture"]["packets"], 50);
}

#[test]
fn raw_ip_has_the_link_type_that_files_have() {
    let Some(network) = Network::new("raw") else { return };
    network.ip(&["tuntap", "add", "tun0", "mode", "tun"]);
    network.ip(&["link", "set", "tun0", "up"]);
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("x.pcap");
    Live::start(&network, &["tun0", "--write", kept.to_str().unwrap()]).end();
    assert_eq!(fs::read(&kept).unwrap()[20..], 101_u32.to_le_bytes());
}
