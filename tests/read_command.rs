//! `portolan read`, run as a process.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

mod validated;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A little-endian pcap file of UDP datagrams over raw IPv4, one from each source port to port 53.
fn capture(ports: std::ops::Range<u16>) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65535, 101_u32] {
        file.extend(word.to_le_bytes());
    }
    for (second, port) in (1_700_000_000_u32..).zip(ports) {
        let [high, low] = port.to_be_bytes();
        let packet = [
            0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, high, low, 0, 53, 0, 8, 0, 0,
        ];
        for word in [second, 0, 28, 28] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

/// The same file with all packets at one time.
fn at_one_time(mut file: Vec<u8>) -> Vec<u8> {
    for record in file[24..].chunks_mut(16 + 28) {
        record[..4].copy_from_slice(&1_700_000_000_u32.to_le_bytes());
    }
    file
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(self, name: &str, bytes: &[u8]) -> Self {
        fs::write(self.path(name), bytes).unwrap();
        self
    }

    fn portolan(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    fn fifo(&self, name: &str) -> PathBuf {
        assert!(Command::new("mkfifo").arg(self.path(name)).status().unwrap().success());
        self.path(name)
    }
}

fn json(output: &Output) -> Value {
    validated::json(&output.stdout)
}

fn packets(output: &Output) -> u64 {
    json(output)["capture"]["packets"].as_u64().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn several_files_are_one_capture_whose_flows_carry_across() {
    let folder = Folder::new().with("a.pcap", &capture(40000..40010)).with("b.pcap", &capture(40005..40020));
    let output = folder.portolan(&["read", "a.pcap", "b.pcap", "--format", "json"]);
    assert_eq!((status(&output), stderr(&output).as_str()), (0, ""));
    assert_eq!(packets(&output), 25);
    assert_eq!(json(&output)["transports"]["udp"]["flows"], 20);
    let reversed = folder.portolan(&["read", "b.pcap", "a.pcap", "--format", "json"]);
    assert_eq!(json(&reversed)["services"], json(&output)["services"]);
}

#[test]
fn a_directory_stands_for_the_captures_in_it() {
    let folder = Folder::new();
    fs::create_dir(folder.path("dir")).unwrap();
    let folder = folder
        .with("dir/b.log", &capture(1..3))
        .with("dir/a", &capture(3..4))
        .with("dir/notes.pcap", b"not a capture");
    let output = folder.portolan(&["read", "dir", "--format", "json"]);
    assert_eq!(status(&output), 0);
    let document = json(&output);
    let paths: Vec<&str> = document["read"]["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["dir/a", "dir/b.log"]);
    assert_eq!(packets(&output), 3);
    assert!(stderr(&output).contains("notes.pcap"), "{}", stderr(&output));
    fs::create_dir(folder.path("empty")).unwrap();
    let output = folder.portolan(&["read", "empty"]);
    assert_eq!(status(&output), 1);
    assert!(
        stderr(&output).contains("empty") && stderr(&output).contains("no captures"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn standard_input_and_fifos_are_read() {
    let folder = Folder::new().with("a.pcap", &capture(1..100));
    let mut command = folder.command(&["read", "-", "--format", "json"]);
    let output = command.stdin(fs::File::open(folder.path("a.pcap")).unwrap()).output().unwrap();
    assert_eq!((status(&output), packets(&output)), (0, 99));
    let fifo = folder.fifo("fifo");
    let writer = std::thread::spawn(move || fs::write(fifo, capture(1..50)).unwrap());
    let output = folder.portolan(&["read", "fifo", "--format", "json"]);
    writer.join().unwrap();
    assert_eq!((status(&output), packets(&output)), (0, 49));
}

#[test]
fn what_comes_before_a_defect_counts_and_the_status_tells() {
    let whole = capture(1..11);
    let folder = Folder::new()
        .with("cut.pcap", &whole[..whole.len() - 1])
        .with("whole.pcap", &whole)
        .with("header.pcap", &whole[..10]);
    let output = folder.portolan(&["read", "cut.pcap", "whole.pcap", "--format", "json"]);
    assert_eq!((status(&output), packets(&output)), (3, 19));
    let offset = whole.len() - 44;
    let line = stderr(&output);
    assert!(line.contains("cut.pcap") && line.contains(&format!("byte {offset}")), "{line}");
    assert_eq!(json(&output)["read"]["complete"], false);
    let output = folder.portolan(&["read", "header.pcap", "--format", "json"]);
    assert_eq!((status(&output), packets(&output)), (3, 0));
}

#[test]
fn what_is_no_capture_is_refused() {
    let folder = Folder::new().with("empty", b"").with("text", b"hello, world").with("good", &capture(1..3));
    for name in ["empty", "text", "missing", "."] {
        let output = folder.portolan(&["read", name, "-o", "out"]);
        let expected = i32::from(name != ".");
        assert_eq!(status(&output), expected, "{name}");
        if expected == 1 {
            assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
            assert!(stderr(&output).contains(name));
            assert!(!folder.path("out").exists());
        }
    }
    let output = folder.portolan(&["read", "missing", "good", "--format", "json"]);
    assert_eq!((status(&output), packets(&output)), (3, 2));
}

#[test]
fn an_interrupted_standard_input_loses_nothing() {
    let folder = Folder::new();
    let mut child = folder
        .command(&["read", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut writer = child.stdin.take().unwrap();
    writer.write_all(&capture(1..11)).unwrap();
    while rustix::io::ioctl_fionread(&writer).unwrap() > 0 {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!((status(&output), packets(&output)), (3, 10));
    assert_eq!(stderr(&output), "portolan: -: interrupted\n");
    drop(writer);
}

#[test]
fn wrong_usage_is_status_2() {
    let folder = Folder::new().with("a.pcap", &capture(1..3));
    for arguments in [
        &["read"][..],
        &["read", "a.pcap", "--idle-timeout", "soon"],
        &["read", "a.pcap", "--interval", "0s"],
        &["read", "a.pcap", "--max-flows", "1"],
        &["read", "a.pcap", "--flows", "flows.doc"],
        &["read", "a.pcap", "-f", "tcp prot 80"],
        &["read", "a.pcap", "--format", "pdf"],
        &["sail"],
    ] {
        let output = folder.portolan(arguments);
        assert_eq!(status(&output), 2, "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_filter_takes_compressed_files_too() {
    let folder = Folder::new().with("a.pcap", &capture(40000..40100));
    let compress = Command::new("gzip").arg("-k").arg(folder.path("a.pcap")).status().unwrap();
    assert!(compress.success());
    for name in ["a.pcap", "a.pcap.gz"] {
        let filter = "udp src portrange 40010-40019";
        let output = folder.portolan(&["read", name, "-f", filter, "--format", "json"]);
        assert_eq!((status(&output), packets(&output)), (0, 10), "{name}");
    }
}

#[test]
fn a_file_is_replaced_whole_and_keeps_its_mode() {
    let folder = Folder::new().with("a.pcap", &capture(1..3)).with("old.json", b"old");
    fs::set_permissions(folder.path("old.json"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("old.json", folder.path("link.json")).unwrap();
    let output = folder.portolan(&["read", "a.pcap", "--format", "json", "-o", "link.json"]);
    assert_eq!(status(&output), 0);
    assert!(output.stdout.is_empty());
    assert!(folder.path("link.json").is_symlink());
    let document = validated::json(&fs::read(folder.path("old.json")).unwrap());
    assert_eq!(document["schema"], "portolan.summary/1");
    assert_eq!(fs::metadata(folder.path("old.json")).unwrap().permissions().mode() & 0o777, 0o640);
    let left = fs::read_dir(folder.0.path()).unwrap().count();
    assert_eq!(left, 3, "a temporary file was left behind");
    let output = folder.portolan(&["read", "a.pcap", "-o", "no/such/folder.json"]);
    assert_eq!(status(&output), 1);
}

#[test]
fn no_output_goes_over_an_input_or_another_output() {
    let folder = Folder::new().with("a.pcap", &capture(1..3)).with("b.ndjson", &capture(1..3));
    fs::create_dir(folder.path("folder")).unwrap();
    std::os::unix::fs::symlink("../d.csv", folder.path("folder/link.ipfix")).unwrap();
    for arguments in [
        &["read", "a.pcap", "-o", "./a.pcap"][..],
        &["read", "a.pcap", "b.ndjson", "--flows", "b.ndjson"],
        &["read", "a.pcap", "-o", "c.ndjson", "--flows", "c.ndjson"],
        &["read", "a.pcap", "-o", "c.csv", "--flows", "./c.csv"],
        &["read", "a.pcap", "-o", "c.ipfix", "--ipfix", "folder/../c.ipfix"],
        &["read", "a.pcap", "--flows", "d.csv", "--ipfix", "folder/link.ipfix"],
        &["read", "a.pcap", "--flows", "-"],
    ] {
        let output = folder.portolan(arguments);
        assert_eq!(status(&output), 2, "{arguments:?}");
    }
    assert_eq!(fs::read(folder.path("a.pcap")).unwrap(), capture(1..3));
    assert_eq!(fs::read(folder.path("b.ndjson")).unwrap(), capture(1..3));
}

#[test]
fn a_link_to_a_file_that_is_not_there_yet_stays() {
    let folder = Folder::new().with("a.pcap", &capture(1..3));
    std::os::unix::fs::symlink("target.txt", folder.path("link")).unwrap();
    assert_eq!(status(&folder.portolan(&["read", "a.pcap", "-o", "link"])), 0);
    assert!(folder.path("link").is_symlink());
    assert!(folder.path("target.txt").is_file());
    let output = folder.portolan(&["read", "a.pcap", "-o", "no/file"]);
    assert!(!stderr(&output).contains(".portolan-"), "{}", stderr(&output));
}

#[test]
fn a_name_cannot_move_the_terminal() {
    let whole = capture(1..3);
    let folder = Folder::new().with("cut\x1b[31m\n.pcap", &whole[..whole.len() - 1]);
    let output = folder.portolan(&["read", "cut\x1b[31m\n.pcap"]);
    assert_eq!(status(&output), 3);
    assert!(!output.stderr.contains(&0x1b) && !output.stdout.contains(&0x1b));
    assert_eq!(stderr(&output).lines().count(), 1);
}

#[test]
fn a_device_and_a_fifo_are_written_to_and_stay() {
    let folder = Folder::new().with("a.pcap", &capture(1..3));
    assert_eq!(status(&folder.portolan(&["read", "a.pcap", "-o", "/dev/null"])), 0);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let fifo = folder.fifo("fifo");
    let reader = std::thread::spawn(move || fs::read_to_string(fifo).unwrap());
    assert_eq!(status(&folder.portolan(&["read", "a.pcap", "--format", "csv", "-o", "fifo"])), 0);
    assert!(reader.join().unwrap().contains("udp"));
    assert!(fs::metadata(folder.path("fifo")).unwrap().file_type().is_fifo());
}

#[test]
fn flow_records_are_one_object_a_line() {
    let folder = Folder::new().with("a.pcap", &capture(40000..40100));
    let output = folder.portolan(&["read", "a.pcap", "--flows", "flows.ndjson"]);
    assert_eq!(status(&output), 0);
    let flows = fs::read_to_string(folder.path("flows.ndjson")).unwrap();
    let flows: Vec<Value> = flows.lines().map(validated::json).collect();
    assert_eq!(flows.len(), 100);
    assert_eq!(flows[7]["source"]["port"], 40007);
    assert_eq!(flows[7]["destination"]["port"], 53);
    assert_eq!(flows[7]["network"]["protocol"], "domain");
    assert_eq!(flows[7]["event"]["start"], "2023-11-14T22:13:27.000000000Z");
}

#[test]
fn flow_records_are_the_same_in_every_form() {
    let folder = Folder::new().with("a.pcap", &capture(40000..40100));
    for name in ["flows.csv", "conn.log", "flows.ndjson"] {
        assert_eq!(status(&folder.portolan(&["read", "a.pcap", "--flows", name])), 0);
    }
    let ndjson = fs::read_to_string(folder.path("flows.ndjson")).unwrap();
    let ids: Vec<String> = ndjson
        .lines()
        .map(|line| validated::json(line)["network"]["community_id"].as_str().unwrap().to_owned())
        .collect();
    let mut rows = csv::Reader::from_path(folder.path("flows.csv")).unwrap();
    let rows: Vec<BTreeMap<String, String>> = rows.deserialize().map(Result::unwrap).collect();
    assert!(rows.iter().map(|row| &row["network.community_id"]).eq(&ids));
    assert_eq!(
        (&*rows[7]["source.port"], &*rows[7]["event.start"]),
        ("40007", "2023-11-14T22:13:27.000000000Z")
    );
    let log = fs::read_to_string(folder.path("conn.log")).unwrap();
    let fields: Vec<&str> =
        log.lines().find_map(|line| line.strip_prefix("#fields\t")).unwrap().split('\t').collect();
    let records: Vec<Vec<&str>> =
        log.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect();
    let column = |name: &str| fields.iter().position(|field| *field == name).unwrap();
    assert!(records.iter().map(|record| record[column("community_id")]).eq(ids.iter()));
    assert!(records.iter().all(|record| record.len() == fields.len()));
    assert_eq!((records[7][column("ts")], records[7][column("service")]), ("1700000007.000000", "domain"));
    let uids: BTreeSet<&str> = records.iter().map(|record| record[column("uid")]).collect();
    assert_eq!(uids.len(), 100);
}

#[test]
fn evictions_are_loss_and_lose_no_packet() {
    let folder = Folder::new().with("a.pcap", &capture(1..1001));
    let arguments = ["read", "a.pcap", "--format", "json", "--max-flows", "64", "--fail-on-loss"];
    let output = folder.portolan(&arguments);
    assert_eq!(status(&output), 4);
    let document = json(&output);
    assert!(document["loss"]["evicted_flows"].as_u64().unwrap() > 900);
    assert_eq!(document["transports"]["udp"]["packets"], 1000);
    assert_eq!(status(&folder.portolan(&arguments[..4])), 0);
}

/// All that is held leaves at once, and the rest of a file is still on its way when it ends: no thread sees a load.
#[test]
fn flows_of_short_captures_that_are_evicted_reach_the_records_with_any_number_of_threads() {
    let mut folder = Folder::new();
    let names = ["a.pcap", "b.pcap", "c.pcap"];
    for (name, first) in names.into_iter().zip([1000, 2000, 3000]) {
        folder = folder.with(name, &at_one_time(capture(first..first + 100)));
    }
    for threads in ["1", "2", "3"] {
        let options =
            ["--max-flows", "64", "--threads", threads, "--flows", "flows.ndjson", "--format", "json"];
        let output = folder.portolan(&[&["read"], &names[..], &options[..]].concat());
        assert_eq!((status(&output), packets(&output)), (0, 300));
        let flows = fs::read_to_string(folder.path("flows.ndjson")).unwrap();
        assert_eq!(flows.lines().count(), 300, "{threads} threads");
    }
}

#[test]
fn what_is_evicted_is_the_same_in_every_run() {
    let folder = Folder::new().with("a.pcap", &capture(1..3001));
    let results = ["1", "1", "2", "4", "4"].map(|threads| {
        let arguments =
            ["read", "a.pcap", "--max-flows", "64", "--threads", threads, "--top", "0", "--format"];
        let summary =
            folder.portolan(&[&arguments[..], &["json", "--flows", "flows.ndjson"]].concat()).stdout;
        (String::from_utf8(summary).unwrap(), fs::read_to_string(folder.path("flows.ndjson")).unwrap())
    });
    assert_eq!(results[0].1.lines().count(), 3000);
    for result in &results[1..] {
        assert_eq!(result, &results[0]);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = Folder::new().with("a.pcap", &capture(1..2000));
    for format in ["text", "json", "csv", "markdown"] {
        let arguments = ["read", "a.pcap", "--format", format, "--top", "0", "--interval", "1m"];
        let [one, other] = [(); 2].map(|()| folder.portolan(&arguments).stdout);
        assert!(!one.is_empty());
        assert_eq!(one, other, "{format}");
        assert!(!one.contains(&0x1b), "{format} has escapes in a pipe");
    }
}

#[test]
fn any_number_of_threads_tells_the_same() {
    let mut cut = capture(1..50);
    cut.truncate(cut.len() - 3);
    let folder = Folder::new()
        .with("one", &capture(1..90))
        .with("cut", &cut)
        .with("text", b"not a capture at all")
        .with("two", &capture(40..200));
    let fifo = folder.fifo("fifo");
    let told = |threads: &str| {
        let writer = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::write(fifo, capture(300..310)).unwrap()
        });
        let files = ["one", "none", "cut", "fifo", "text", "two"];
        let options = ["--threads", threads, "--format", "json", "--flows", "flows.ndjson", "--no-rules"];
        let output = folder.portolan(&[&["read"], &files[..], &options[..]].concat());
        writer.join().unwrap();
        assert_eq!((status(&output), packets(&output)), (3, 89 + 48 + 10 + 160), "{}", stderr(&output));
        (output.stdout, output.stderr, fs::read(folder.path("flows.ndjson")).unwrap())
    };
    let alone = told("1");
    assert_eq!(String::from_utf8_lossy(&alone.1).lines().count(), 3);
    for threads in ["2", "7"] {
        assert!(told(threads) == alone, "{threads} threads");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = Folder::new().with("a.pcap", &capture(1..60000));
    for format in ["text", "json", "csv", "markdown"] {
        let mut child = folder
            .command(&["read", "a.pcap", "--format", format, "--top", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut beginning = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut beginning).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((status(&output), stderr(&output).as_str()), (0, ""), "{format}");
    }
}

#[test]
fn an_interrupt_ends_the_wait_for_a_writer() {
    let folder = Folder::new();
    folder.fifo("fifo");
    let child = folder.command(&["read", "fifo", "--format", "json"]).stderr(Stdio::piped()).spawn().unwrap();
    wait_until_open(child.id(), "fifo");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(status(&child.wait_with_output().unwrap()), 3);
}

/// Returns once a process has a file open.
fn wait_until_open(process: u32, name: &str) {
    let folder = format!("/proc/{process}/fd");
    let is_it = |entry: fs::DirEntry| fs::read_link(entry.path()).is_ok_and(|path| path.ends_with(name));
    while !fs::read_dir(&folder).is_ok_and(|files| files.flatten().any(is_it)) {
        std::thread::yield_now();
    }
}

#[test]
fn an_interrupt_shows_what_was_counted() {
    let folder = Folder::new();
    let fifo = folder.fifo("fifo");
    let child = folder
        .command(&["read", "fifo", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut writer = fs::OpenOptions::new().write(true).open(&fifo).unwrap();
    writer.write_all(&capture(1..101)).unwrap();
    writer.flush().unwrap();
    wait_until_empty(&fifo, &writer);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!((status(&output), packets(&output)), (3, 100));
    assert_eq!(json(&output)["read"]["complete"], false);
    assert!(stderr(&output).contains("interrupted"), "{}", stderr(&output));
    drop(writer);
}

/// Returns once the reader has taken all that was written into the FIFO.
fn wait_until_empty(_fifo: &Path, writer: &fs::File) {
    while rustix::io::ioctl_fionread(writer).unwrap() > 0 {
        std::thread::yield_now();
    }
}
