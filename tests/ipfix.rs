//! Flow records as IPFIX, for a real collector, a real dissector, and a collector that goes away.
//!
//! Skipped without nfcapd or tshark, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

mod validated;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const CAPTURES: [&str; 5] =
    ["office.pcapng", "nfs.pcapng", "mdns.pcapng", "refused.pcap", "fragments.pcapng"];

fn portolan(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
    command.args(["read", "-q", "--no-rules"]).args(arguments).output().unwrap()
}

fn testdata(name: &str) -> String {
    format!("{ROOT}/testdata/{name}")
}

/// Whether a tool is there; if it has to be, it is.
fn has(tool: &str, version: &str) -> bool {
    let is_there = Command::new(tool).arg(version).output().is_ok();
    assert!(is_there || std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "{tool} is required");
    if !is_there {
        eprintln!("skipped: no {tool}");
    }
    is_there
}

/// nfcapd on a port of its own.
struct Nfcapd {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Nfcapd {
    fn start() -> Self {
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("nfcapd");
        command.args(["-b", "127.0.0.1", "-p", &port.to_string(), "-w"]).arg(folder.path());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut nfcapd = Self { child, port, folder };
        while nfcapd.queue().is_none() {
            assert!(nfcapd.child.try_wait().unwrap().is_none(), "nfcapd has ended");
            thread::sleep(Duration::from_millis(5));
        }
        nfcapd
    }

    /// Bytes that wait for it, and datagrams that had no room, once it listens.
    fn queue(&self) -> Option<(String, String)> {
        let sockets = fs::read_to_string("/proc/net/udp").unwrap();
        let local = format!("0100007F:{:04X}", self.port);
        let line = sockets.lines().find(|line| line.split_whitespace().nth(1) == Some(&local))?;
        let cells: Vec<&str> = line.split_whitespace().collect();
        let (_, waiting) = cells[4].split_once(':').unwrap();
        Some((waiting.to_owned(), cells[12].to_owned()))
    }

    /// What it has taken, as rows by column, after all that was sent.
    fn flows(mut self) -> Vec<BTreeMap<String, String>> {
        loop {
            let (waiting, dropped) = self.queue().unwrap();
            assert_eq!(dropped, "0", "datagrams were lost");
            if waiting == "00000000" {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        self.child.wait().unwrap();
        let output =
            Command::new("nfdump").args(["-o", "csv", "-R"]).arg(self.folder.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // Below the rows it sums them up.
        let mut rows =
            text.lines().take_while(|line| !line.starts_with("Summary")).map(|line| line.split(','));
        let header: Vec<&str> = rows.next().unwrap().collect();
        rows.map(|row| {
            header.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect()
        })
        .collect()
    }
}

impl Drop for Nfcapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_collector_shows_the_same_flows_packets_and_bytes() {
    if !has("nfcapd", "-V") {
        return;
    }
    for capture in CAPTURES {
        let nfcapd = Nfcapd::start();
        let folder = tempfile::tempdir().unwrap();
        let records = folder.path().join("flows.csv");
        let [to, csv] = [format!("127.0.0.1:{}", nfcapd.port), records.to_str().unwrap().to_owned()];
        let output = portolan(&[&testdata(capture), "--format", "json", "--ipfix", &to, "--flows", &csv]);
        assert!(output.status.success(), "{output:?}");
        let found = nfcapd.flows();

        let summary = validated::json(&output.stdout);
        let sum = |columns: [&str; 2]| -> u64 {
            found.iter().flat_map(|row| columns.map(|column| row[column].parse::<u64>().unwrap())).sum()
        };
        let of_services = |name: &str| -> u64 {
            summary["services"].as_array().unwrap().iter().map(|row| row[name].as_u64().unwrap()).sum()
        };
        assert_eq!(found.len() as u64, of_services("flows"), "{capture}");
        assert_eq!(sum(["ipkt", "opkt"]), of_services("packets"), "{capture}");
        assert_eq!(sum(["ibyt", "obyt"]), of_services("bytes"), "{capture}");

        let columns = ["sa", "sp", "da", "dp", "pr", "ipkt", "ibyt", "opkt", "obyt"];
        let mut shown: Vec<Vec<String>> =
            found.iter().map(|row| columns.map(|column| row[column].to_lowercase()).to_vec()).collect();
        let columns = [
            "source.ip",
            "source.port",
            "destination.ip",
            "destination.port",
            "network.transport",
            "source.packets",
            "source.bytes",
            "destination.packets",
            "destination.bytes",
        ];
        let mut reader = csv::Reader::from_path(&records).unwrap();
        let header = reader.headers().unwrap().clone();
        let at = columns.map(|column| header.iter().position(|name| name == column).unwrap());
        let mut written: Vec<Vec<String>> = reader
            .records()
            .map(Result::unwrap)
            .map(|row| at.map(|at| row[at].to_owned()).to_vec())
            .collect();
        shown.sort();
        written.sort();
        assert_eq!(shown, written, "{capture}");
    }
}

/// The values of a field, as tshark reads them, separated by commas.
fn fields(file: &Path, arguments: &[&str]) -> String {
    let output = Command::new("tshark").arg("-r").arg(file).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_dissector_has_no_complaint_and_names_the_services() {
    if !has("tshark", "--version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flows.ipfix");
    for capture in CAPTURES {
        let arguments =
            [&testdata(capture), "--format", "json", "--top", "0", "--ipfix", file.to_str().unwrap()];
        let output = portolan(&arguments);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(fields(&file, &["-Y", "_ws.expert || _ws.malformed"]), "", "{capture}");
        let mut shown: BTreeMap<String, u64> = BTreeMap::new();
        let names = fields(&file, &["-T", "fields", "-e", "cflow.appl_name"]);
        for name in names.split([',', '\n']).filter(|name| !name.is_empty()) {
            *shown.entry(name.to_owned()).or_default() += 1;
        }
        let summary = validated::json(&output.stdout);
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for row in summary["services"].as_array().unwrap() {
            *counted.entry(row["service"].as_str().unwrap().to_owned()).or_default() +=
                row["flows"].as_u64().unwrap();
        }
        assert_eq!(shown, counted, "{capture}");
    }
}

/// The messages without the time at which they were made.
fn without_times(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let mut message = rest[..length].to_vec();
        message[4..8].fill(0);
        messages.push(message);
        rest = &rest[length..];
    }
    messages
}

#[test]
fn a_connection_gets_what_a_file_gets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("tcp:{}", listener.local_addr().unwrap());
    let taken = thread::spawn(move || {
        let mut bytes = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flows.ipfix");
    for to in [file.to_str().unwrap(), &to] {
        let output = portolan(&[&testdata("office.pcapng"), "--ipfix", to]);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }
    let written = without_times(&fs::read(&file).unwrap());
    assert!(written.len() > 1, "more than one message");
    assert_eq!(without_times(&taken.join().unwrap()), written);
}

#[test]
fn without_a_collector_nothing_is_read() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = portolan(&[&testdata("office.pcapng"), "--ipfix", &format!("tcp:{free}")]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told.lines().count(), 1);
    assert!(told.starts_with(&format!("portolan: cannot reach the collector tcp:{free}: ")), "{told}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_collector_that_goes_away_takes_nothing_with_it() {
    // Datagrams to a port that nobody listens on: the network says so after the first one.
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows.csv");
    let capture = testdata("office.pcapng");
    let alone = portolan(&[&capture, "--format", "json"]);
    let arguments =
        [&capture, "--format", "json", "--ipfix", &free.to_string(), "--flows", flows.to_str().unwrap()];
    let output = portolan(&arguments);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, alone.stdout, "the summary is whole");
    assert_eq!(fs::read_to_string(&flows).unwrap().lines().count(), 208, "and so are the records");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with(&format!("portolan: cannot export to {free}: ")), "{told}");
    assert_eq!(told.lines().count(), 1);
}

#[test]
fn records_that_cannot_be_written_take_nothing_with_them() {
    let capture = testdata("office.pcapng");
    let alone = portolan(&[&capture, "--format", "json"]);
    let output = portolan(&[&capture, "--format", "json", "--flows", "/dev/full"]);
    assert_eq!(output.stdout, alone.stdout, "the summary is whole");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told, "portolan: cannot write /dev/full: No space left on device (os error 28)\n");
    let output = portolan(&[&capture, "--flows", "/nowhere/flows.csv"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told, "portolan: cannot write /nowhere/flows.csv: No such file or directory (os error 2)\n");
}

#[test]
fn two_results_never_go_to_one_place() {
    let output = portolan(&[&testdata("dns.pcap"), "-o", "same.ipfix", "--ipfix", "same.ipfix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr).unwrap().starts_with("error: two results would go to same.ipfix\n")
    );
    for wrong in ["collector", "collector:0", ":4739", "tcp:collector", "flows.csv"] {
        let output = portolan(&[&testdata("dns.pcap"), "--ipfix", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }
}
