//! The metrics of `portolan live`, scraped from the program while it runs.
//!
//! Tests with promtool and Prometheus are skipped where there are none, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, missing_docs)]

mod documents;
mod live;
mod prometheus;
#[path = "../validated/mod.rs"]
mod validated;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use live::{Live, Metrics, get, whole};
use portolan::classify::PortTable;
use serde_json::Value;

const OFFICE: &str = "testdata/office.pcapng";
/// What docs/metrics.md promises.
const MOST_SERIES: usize = 13_000;

fn read(capture: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
    let output = command.arg("read").arg(capture).args(["--format", "json", "--top", "0"]).output().unwrap();
    validated::json(&output.stdout)
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {path}"))
}

/// A number of the summary's services, by category and service.
fn by_service(summary: &Value, field: &str) -> BTreeMap<(String, String), u64> {
    let mut sums = BTreeMap::new();
    for row in summary["services"].as_array().unwrap() {
        let name = |field: &str| row[field].as_str().unwrap().to_owned();
        *sums.entry((name("category"), name("service"))).or_default() += row[field].as_u64().unwrap();
    }
    sums
}

fn is_there(capture: &str) -> bool {
    let is_there = Path::new(capture).exists();
    assert!(is_there || std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "there is no {capture}");
    if !is_there {
        eprintln!("SKIPPED: there is no {capture}");
    }
    is_there
}

#[test]
fn metrics_add_up_to_what_reading_the_capture_finds() {
    if !is_there(OFFICE) {
        return;
    }
    let read = read(Path::new(OFFICE));
    let live = Live::replay(Path::new(OFFICE), &[]);
    let metrics = live.metrics_after(number(&read, "/capture/packets"));
    assert_eq!(metrics.sum("portolan_captured_bytes_total", &[]), number(&read, "/capture/wire_bytes"));
    for unit in ["packets", "bytes"] {
        let traffic = metrics.sum(&format!("portolan_traffic_{unit}_total"), &[]);
        let unclassified = metrics.sum(&format!("portolan_unclassified_{unit}_total"), &[]);
        assert_eq!(traffic + unclassified, metrics.sum(&format!("portolan_captured_{unit}_total"), &[]));
        for bucket in ["fragment", "malformed", "other_ip", "non_ip"] {
            let found = metrics.sum(&format!("portolan_unclassified_{unit}_total"), &[("bucket", bucket)]);
            assert_eq!(found, number(&read, &format!("/unclassified/{bucket}/{unit}")), "{bucket}");
        }
    }
    for (field, metric) in [
        ("packets", "portolan_traffic_packets_total"),
        ("bytes", "portolan_traffic_bytes_total"),
        ("flows", "portolan_flows_total"),
    ] {
        for ((category, service), value) in by_service(&read, field) {
            let found = metrics.sum(metric, &[("category", &category), ("service", &service)]);
            assert_eq!(found, value, "{metric} of {service}");
        }
        assert_eq!(metrics.sum(metric, &[]), by_service(&read, field).values().sum::<u64>());
    }
    for reason in ["unanswered", "refused"] {
        for ((category, service), flows) in by_service(&read, reason) {
            let labels = [("category", &*category), ("service", &*service), ("reason", reason)];
            assert_eq!(metrics.sum("portolan_failed_flows_total", &labels), flows, "{labels:?}");
        }
    }
    distributions_are_those_of(&read, &metrics);
    let summary = live.finish();
    assert_eq!(by_service(&summary, "bytes"), by_service(&read, "bytes"));
}

fn distributions_are_those_of(read: &Value, metrics: &Metrics) {
    for (field, metric, per_unit) in [
        ("packet_size", "portolan_packet_size_bytes", 1.0),
        ("handshake_rtt_ns", "portolan_handshake_rtt_seconds", 1e9),
    ] {
        let count = number(read, &format!("/distributions/{field}/count"));
        assert!(count > 0);
        assert_eq!(metrics.sum(&format!("{metric}_count"), &[]), count);
        assert_eq!(metrics.sum(&format!("{metric}_bucket"), &[("le", "+Inf")]), count);
        let sum = whole(metrics.sum_of_any(&format!("{metric}_sum"), &[]) * per_unit);
        assert_eq!(sum, number(read, &format!("/distributions/{field}/sum")), "{field}");
    }
}

/// A connection that is accepted, and then nothing or only a part of a request.
fn hang(address: SocketAddr, part: &str) -> TcpStream {
    let mut server = TcpStream::connect(address).unwrap();
    server.write_all(part.as_bytes()).unwrap();
    server
}

#[test]
fn clients_that_hang_or_go_away_are_in_nobodys_way() {
    if !is_there(OFFICE) {
        return;
    }
    let live = Live::replay(Path::new(OFFICE), &[]);
    // More of them than are served at the same time.
    let parts = ["", "GET /metrics HTTP/1.1\r\nHost: a", "GET /metrics"];
    let hanging: Vec<TcpStream> =
        parts.iter().cycle().take(20).map(|part| hang(live.address, part)).collect();
    for _ in 0..20 {
        // Gone before the answer, which it does not read.
        drop(hang(live.address, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"));
        drop(hang(live.address, "GET /met"));
    }
    let metrics = live.metrics_after(3317);
    assert_eq!(get(live.address, "/healthz").split("\r\n\r\n").nth(1), Some("ok\n"));
    assert_eq!(number(&live.finish(), "/capture/packets"), 3317);
    assert!(!metrics.samples.is_empty());
    drop(hanging);
}

#[test]
fn other_requests_are_refused() {
    if !is_there(OFFICE) {
        return;
    }
    let live = Live::replay(Path::new(OFFICE), &[]);
    for (request, status) in [
        ("GET / HTTP/1.0\r\n\r\n", "404"),
        ("POST /metrics HTTP/1.0\r\nContent-Length: 0\r\n\r\n", "405"),
        ("HEAD /metrics HTTP/1.0\r\n\r\n", "200"),
        ("nonsense\r\n\r\n", "400"),
        (&format!("GET /{} HTTP/1.0\r\n\r\n", "a".repeat(100_000)), "4"),
    ] {
        let mut server = hang(live.address, "");
        // It may be refused before it is there as a whole.
        let _ = server.write_all(request.as_bytes());
        let mut response = Vec::new();
        let _ = server.read_to_end(&mut response);
        let response = String::from_utf8_lossy(&response).into_owned();
        let is_refused = response.is_empty() && request.len() > 1000;
        assert!(
            is_refused
                || response.starts_with(&format!("HTTP/1.1 {status}"))
                || response.starts_with(&format!("HTTP/1.0 {status}")),
            "{response}"
        );
    }
    live.metrics_after(3317);
    live.finish();
}

#[test]
fn an_address_that_is_taken_is_told_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
    let output = command.args(["live", "--replay", "none.pcap", "--metrics", &address]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with(&format!("portolan: cannot serve metrics on {address}: ")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// A pcap file over raw IPv4 of a SYN to every port, and then a datagram, all from ephemeral ports.
fn scan() -> Vec<u8> {
    let mut file = Vec::new();
    let mut put = |words: &[u32]| words.iter().for_each(|word| file.extend(word.to_le_bytes()));
    put(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, 65535, 101]);
    // A sequence number and a SYN; a length and no checksum.
    let syn: &[u8] = &[0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 4, 0, 0, 0, 0, 0];
    let datagram: &[u8] = &[0, 8, 0, 0];
    let mut micros = 0;
    for (protocol, length, rest) in [(6, 40_u8, syn), (17, 28, datagram)] {
        for (source, port) in (49152..=u16::MAX).cycle().zip(0..=u16::MAX) {
            micros += 50;
            let length_of_record = u32::from(length);
            for word in
                [1_700_000_000 + micros / 1_000_000, micros % 1_000_000, length_of_record, length_of_record]
            {
                file.extend(word.to_le_bytes());
            }
            file.extend([0x45, 0, 0, length, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
            file.extend([source.to_be_bytes(), port.to_be_bytes()].concat());
            file.extend(rest);
        }
    }
    file
}

#[test]
fn a_port_scan_makes_no_more_series_than_there_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("scan.pcap");
    fs::write(&capture, scan()).unwrap();
    let packets = 2 * 65536;
    let live = Live::replay(&capture, &["--no-rules"]);
    let metrics = live.metrics_after(packets);
    assert!(metrics.samples.len() <= MOST_SERIES, "{}", metrics.samples.len());
    let table = PortTable::built_in();
    for (name, labels, _) in &metrics.samples {
        let is_known = |service: &str| {
            ["unknown", "other"].contains(&service) || !table.services_named(service).is_empty()
        };
        for (label, value) in labels.iter().filter(|(label, _)| *label != "le") {
            assert!(value.parse::<u16>().is_err(), "{name} has {label} {value}");
            assert!(label != "service" || is_known(value), "{value}");
        }
    }
    assert!(metrics.sum("portolan_flows_total", &[("service", "other")]) > 0);
    assert_eq!(metrics.sum("portolan_traffic_packets_total", &[]), packets);
    assert_eq!(metrics.sum("portolan_failed_flows_total", &[("reason", "unanswered")]), 65536);
    let summary = live.finish();
    assert_eq!(metrics.sum("portolan_flows_total", &[]), by_service(&summary, "flows").values().sum::<u64>());
}

#[test]
fn names_of_rules_are_labels() {
    if !is_there(OFFICE) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    fs::write(&rules, "[[rule]]\nname = \"our-web\"\nports = [443]\ncategory = \"our-own\"\n").unwrap();
    let live = Live::replay(Path::new(OFFICE), &["--rules", rules.to_str().unwrap()]);
    let metrics = live.metrics_after(3317);
    let ours = [("service", "our-web"), ("category", "our-own")];
    assert!(metrics.sum("portolan_traffic_bytes_total", &ours) > 900_000);
    live.finish();
}
