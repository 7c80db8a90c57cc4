//! `portolan explain` and `portolan read --explain`, as processes.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)]

mod validated;

use std::process::{Command, Output};

use serde_json::{Value, json};

const CASES: &str = include_str!("../data/port-pair-cases.csv");

fn portolan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(arguments)
        .env("COLUMNS", "80")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .output()
        .unwrap()
}

fn document(arguments: &[&str]) -> Value {
    let output = portolan(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    validated::json(&output.stdout)
}

fn text(arguments: &[&str]) -> String {
    let output = portolan(arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The status and the first line on standard error.
fn refusal(arguments: &[&str]) -> (Option<i32>, String) {
    let output = portolan(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn all_written_cases_come_out() {
    let mut cases = 0;
    for row in csv::Reader::from_reader(CASES.as_bytes()).records().map(Result::unwrap) {
        let destination = format!("{}/{}", &row[3], &row[1]);
        let mut arguments = vec!["explain", &row[2], &destination];
        match &row[4] {
            "syn" => arguments.push("--syn"),
            "syn-ack" => arguments.push("--syn-ack"),
            _ => {}
        }
        if &row[1] == "udp" {
            arguments.extend(["--dest", &row[5]]);
        }
        let found = document(&arguments);
        let port = row[7].parse::<u16>().map_or(Value::Null, Value::from);
        let expected = json!([port, &row[8], &row[9], &row[10]]);
        assert_eq!(
            json!([found["service_port"], found["service"], found["category"], found["side"]]),
            expected,
            "{row:?}"
        );
        assert_eq!(found["schema"], "portolan.explain/1");
        cases += 1;
    }
    assert_eq!(cases, 52);
}

#[test]
fn turning_the_packet_round_turns_the_side_round() {
    for row in csv::Reader::from_reader(CASES.as_bytes()).records().map(Result::unwrap) {
        let (source, destination) = (&row[2], format!("{}/{}", &row[3], &row[1]));
        let turned = format!("{}/{}", &row[2], &row[1]);
        // Of UDP the first packet counts, so that the other direction is another question.
        if &row[1] == "udp" {
            continue;
        }
        let (first, second) = match &row[4] {
            "syn" => (vec!["--syn"], vec!["--syn-ack"]),
            "syn-ack" => (vec!["--syn-ack"], vec!["--syn"]),
            _ => (vec![], vec![]),
        };
        let there = document(&[&["explain", source, &destination], &first[..]].concat());
        let back = document(&[&["explain", &row[3], &turned], &second[..]].concat());
        for field in ["service_port", "service", "category", "side_confidence", "service_confidence"] {
            assert_eq!(there[field], back[field], "{row:?}: {field}");
        }
        let mirrored = match there["side"].as_str().unwrap() {
            "src" => "dst",
            "dst" => "src",
            other => other,
        };
        assert_eq!(back["side"], mirrored, "{row:?}");
    }
}

#[test]
fn the_document_says_everything() {
    let found = document(&["explain", "51234", "5432/tcp"]);
    let evidence = json!([
        {"port": 5432, "kind": "table", "weight": 4.0, "text": "primary, IANA's name"},
        {"port": 51234, "kind": "dynamic-range", "weight": -2.5, "text": "dynamic range, 49152-65535"},
    ]);
    assert_eq!(found["evidence"], evidence);
    assert_eq!(found["ports"], json!([51_234, 5432]));
    assert_eq!(found["classes"], json!(["ephemeral", "registered"]));
    assert_eq!((&found["basis"], &found["alias"]), (&json!("evidence"), &json!("postgres")));
    assert_eq!((&found["side_confidence"], &found["service_confidence"]), (&json!(0.98), &json!(0.931)));
    let other = &found["candidates"][0];
    assert_eq!(
        (&other["service"], &other["category"], &other["source"]),
        (&json!("slack"), &json!("collaboration"), &json!("article"))
    );
}

#[test]
fn people_read_the_decision_first() {
    let told = text(&["explain", "80", "4660", "--syn"]);
    assert!(told.starts_with("80 -> 4660/tcp: smaclmgr, category application\n"), "{told}");
    assert!(told.contains("80, the client's port, is that of http: a scan, or a test"), "{told}");
    assert!(told.contains("destination of the SYN: decides alone"), "{told}");
    let told = text(&["explain", "36500", "45990"]);
    assert!(told.starts_with("36500 -> 45990/tcp: service unknown\n"), "{told}");
}

#[test]
fn addresses_count() {
    let to = |address| {
        document(&["explain", "51000", "50999/udp", "--src-ip", "192.0.2.1", "--dst-ip", address])["side"]
            .clone()
    };
    assert_eq!(
        (to("239.1.2.3"), to("ff02::1"), to("192.0.2.2")),
        (json!("dst"), json!("dst"), json!("none"))
    );
}

#[test]
fn wrong_questions_are_told() {
    for (arguments, said) in [
        (&["explain", "80/tcp", "53/udp"][..], "error: one packet cannot be tcp and udp"),
        (&["explain", "80", "53/udp", "--syn"], "error: --syn and --syn-ack are of tcp alone"),
        (
            &["explain", "80", "53", "--dest", "broadcast"],
            "error: tcp goes to one host, so --dest has to be unicast",
        ),
        (
            &["explain", "80", "70000"],
            "error: invalid value '70000' for '<DESTINATION>': a port is a number from 0 to 65535",
        ),
        (
            &["explain", "80", "1/icmp"],
            "error: invalid value '1/icmp' for '<DESTINATION>': a transport is tcp, udp or sctp",
        ),
    ] {
        assert_eq!(refusal(arguments), (Some(2), said.to_owned()), "{arguments:?}");
    }
}

#[test]
fn an_endpoint_of_a_capture_is_explained() {
    let found = document(&["read", "testdata/redis.pcap", "--explain", "tcp:10.77.0.1:16380"]);
    assert_eq!(found["schema"], "portolan.explain-endpoint/1");
    let heaviest = &found["heaviest"];
    assert_eq!(found["flows"].as_u64().unwrap(), heaviest.as_array().unwrap().len() as u64);
    for flow in heaviest.as_array().unwrap() {
        assert_eq!((&flow["basis"], &flow["service_port"]), (&json!("handshake-syn"), &json!(16_380)));
        assert_eq!(flow["ports"][1], 16_380);
    }
    let whole: u64 = heaviest.as_array().unwrap().iter().map(|flow| flow["bytes"].as_u64().unwrap()).sum();
    assert_eq!(found["bytes"].as_u64().unwrap(), whole);

    assert_eq!(found["learned"]["listens"], true);
    assert!(found["learned"]["peers"].as_u64().unwrap() >= 1, "{found}");

    let peer = heaviest[0]["peer"].as_str().unwrap();
    let target = format!("tcp:10.77.0.1:16380,{peer}");
    let one = document(&["read", "testdata/redis.pcap", "--explain", &target]);
    assert_eq!((&one["flows"], &one["bytes"]), (&json!(1), &heaviest[0]["bytes"]));
    // Seen from the other end it is the same flow.
    let from_peer = document(&["read", "testdata/redis.pcap", "--explain", &format!("tcp:{peer}")]);
    assert_eq!(from_peer["heaviest"][0]["ports"][0], 16_380);
}

#[test]
fn the_most_flows_are_the_heaviest() {
    let all =
        document(&["read", "testdata/office.pcapng", "--explain", "tcp:192.168.20.11:6379", "--top", "0"]);
    let bytes: Vec<u64> =
        all["heaviest"].as_array().unwrap().iter().map(|flow| flow["bytes"].as_u64().unwrap()).collect();
    let two =
        document(&["read", "testdata/office.pcapng", "--explain", "tcp:192.168.20.11:6379", "--top", "2"]);
    assert!(bytes.len() > 2 && bytes.is_sorted_by(|one, other| one >= other), "{bytes:?}");
    assert_eq!(two["heaviest"].as_array().unwrap()[..], all["heaviest"].as_array().unwrap()[..2]);
    assert_eq!(two["flows"], all["flows"]);
}

#[test]
fn what_is_missing_stands_in_the_explanation() {
    let whole = std::fs::read("testdata/redis.pcap").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.pcap");
    std::fs::write(&cut, &whole[..whole.len() - 5]).unwrap();
    let path = cut.to_str().unwrap();
    let output = portolan(&["read", "-q", path, "--explain", "tcp:10.77.0.1:6379"]);
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with(&format!("INCOMPLETE: {path}: ")), "{told}");
    let output = portolan(&["read", path, "--explain", "tcp:10.77.0.1:6379", "--format", "json"]);
    let document = validated::json(&output.stdout);
    assert_eq!((&document["complete"], &document["loss"]["evicted_flows"]), (&json!(false), &json!(0)));
}

#[test]
fn addresses_and_the_kind_of_destination_go_together() {
    let found =
        document(&["explain", "51000", "50999/udp", "--dst-ip", "10.20.255.255", "--dest", "broadcast"]);
    assert_eq!(found["side"], "dst");
}

#[test]
fn an_endpoint_that_is_not_there_has_no_flows() {
    assert_eq!(
        text(&["read", "testdata/http.pcap", "--explain", "udp:192.0.2.1:1"]),
        "udp 192.0.2.1:1, 0 flows\n"
    );
    let (status, said) = refusal(&["read", "testdata/http.pcap", "--explain", "192.0.2.1:1"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("has to begin with tcp:, udp: or sctp:"), "{said}");
    let csv = refusal(&["read", "testdata/http.pcap", "--explain", "tcp:192.0.2.1:1", "--format", "csv"]);
    assert_eq!(csv, (Some(2), "error: an explanation is written as text or json".to_owned()));
}
