//! Other people's captures, with the counts that tshark and an independent parser found in them.
//!
//! They stand beside the repository, in `../shared/captures` or where `PORTOLAN_CAPTURES` says; where they are not
//! there this is skipped, unless `PORTOLAN_REQUIRE_CAPTURES` is set.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use portolan::flow::FlowOptions;
use portolan::net::{Timestamp, Transport};
use portolan::read;
use portolan::summary::{Summary, Volume};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    std::env::var_os("PORTOLAN_CAPTURES").map_or_else(beside, PathBuf::from)
}

fn oracles() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder()) else {
        assert!(
            std::env::var_os("PORTOLAN_REQUIRE_CAPTURES").is_none(),
            "no captures in {}",
            folder().display()
        );
        eprintln!("SKIPPED: there is no folder {}", folder().display());
        return Vec::new();
    };
    let mut oracles: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    oracles.retain(|path| path.to_string_lossy().ends_with(".oracle.json"));
    oracles.sort();
    assert!(!oracles.is_empty());
    oracles
}

fn volume(volume: Volume) -> Value {
    json!({"packets": volume.packets, "bytes": volume.bytes})
}

/// What the oracle and the summary can be compared by.
fn of_summary(summary: &Summary) -> BTreeMap<&'static str, Value> {
    let time = |time: Option<Timestamp>| time.map(Timestamp::as_nanos);
    let unclassified = &summary.unclassified;
    let pairs: Vec<Value> = summary
        .port_pairs
        .iter()
        .map(|(pair, counts)| {
            let volume = counts.volume;
            json!([pair.transport.name(), pair.low, pair.high, volume.packets, volume.bytes])
        })
        .collect();
    let transports: Vec<Value> = Transport::ALL
        .iter()
        .map(|&transport| {
            let counts = summary.transport(transport);
            json!([transport.name(), counts.volume.packets, counts.volume.bytes, counts.flows])
        })
        .collect();
    let protocols: BTreeMap<String, Value> = unclassified
        .other_ip
        .iter()
        .map(|(number, counted)| (number.to_string(), volume(*counted)))
        .collect();
    BTreeMap::from([
        ("complete", json!(summary.is_complete())),
        ("packets", json!(summary.capture.packets)),
        ("captured_bytes", json!(summary.capture.captured_bytes)),
        ("wire_bytes", json!(summary.capture.wire_bytes)),
        ("first", json!(time(summary.capture.span.map(|span| span.0)))),
        ("last", json!(time(summary.capture.span.map(|span| span.1)))),
        ("transports", json!(transports)),
        ("fragment", volume(unclassified.fragment)),
        ("malformed", volume(unclassified.malformed)),
        ("non_ip", volume(unclassified.non_ip)),
        ("other_ip", json!(protocols)),
        ("port_pairs", json!(pairs)),
    ])
}

fn of_oracle(oracle: &Value) -> BTreeMap<&'static str, Value> {
    let unclassified = &oracle["unclassified"];
    let transports: Vec<Value> = Transport::ALL
        .iter()
        .map(|transport| {
            let counts = &oracle["transports"][transport.name()];
            json!([transport.name(), counts["packets"], counts["bytes"], counts["flows"]])
        })
        .collect();
    let mut pairs: Vec<Value> = oracle["port_pairs"].as_array().unwrap().clone();
    let rank = |pair: &Value| Transport::from_name(pair["transport"].as_str().unwrap());
    pairs.sort_by_key(|pair| (rank(pair), pair["low"].as_u64(), pair["high"].as_u64()));
    let pairs: Vec<Value> = pairs
        .iter()
        .map(|pair| json!([pair["transport"], pair["low"], pair["high"], pair["packets"], pair["bytes"]]))
        .collect();
    BTreeMap::from([
        ("complete", oracle["read"]["complete"].clone()),
        ("packets", oracle["capture"]["packets"].clone()),
        ("captured_bytes", oracle["capture"]["captured_bytes"].clone()),
        ("wire_bytes", oracle["capture"]["wire_bytes"].clone()),
        ("first", oracle["capture"]["first_ts_ns"].clone()),
        ("last", oracle["capture"]["last_ts_ns"].clone()),
        ("transports", json!(transports)),
        ("fragment", unclassified["fragment"].clone()),
        ("malformed", unclassified["malformed"].clone()),
        ("non_ip", unclassified["non_ip"].clone()),
        ("other_ip", unclassified["other_ip"]["by_protocol"].clone()),
        ("port_pairs", json!(pairs)),
    ])
}

#[test]
fn every_capture_equals_its_oracle() {
    let options = FlowOptions { idle_timeout_ns: None, ..FlowOptions::default() };
    let mut wrong = Vec::new();
    for path in oracles() {
        let oracle: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let capture = path.with_file_name(oracle["file"].as_str().unwrap());
        let found = of_summary(&read::summarise([&capture], &options));
        for (what, truth) in of_oracle(&oracle) {
            if found[what] != truth {
                wrong.push(format!("{}: {what}: {} instead of {truth}", capture.display(), found[what]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
