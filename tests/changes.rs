//! What changed from one summary to another: `portolan diff`, run as a process.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod kept;
mod validated;

use std::fs;

use kept::{Kept, portolan, stdout, testdata};
use serde_json::Value;

#[test]
fn differences_are_told_and_the_status_as_well() {
    let kept = Kept::new();
    let [before, after] =
        [kept.of("before", &["http.pcap", "dns.pcap"]), kept.of("after", &["http.pcap", "ssh.pcap"])];
    let document = validated::json(&stdout(&["diff", &before, &after, "--format", "json"]));
    let fates: Vec<(&str, &str)> = document["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["service"].as_str().unwrap(), row["change"].as_str().unwrap()))
        .collect();
    for fate in [("domain", "gone"), ("ssh", "new"), ("http", "same")] {
        assert!(fates.contains(&fate), "{fate:?} is not in {fates:?}");
    }
    let status = |arguments: &[&str]| portolan(&[&["diff"], arguments].concat()).status.code();
    assert_eq!(status(&[&before, &after, "--fail-over", "20%"]), Some(5));
    assert_eq!(status(&[&before, &before, "--fail-over", "0%"]), Some(0));
    // A packet more is a change, but not one of a fifth.
    let mut more = validated::json(&fs::read_to_string(&before).unwrap());
    more["services"][0]["flows"] = (more["services"][0]["flows"].as_u64().unwrap() * 10).into();
    assert_eq!(status(&[&before, &kept.put("more", &more.to_string()), "--measure", "flows"]), Some(1));
    for format in ["text", "markdown", "html"] {
        let told = stdout(&["diff", &before, &after, "--format", format]);
        assert!(told.contains("gone") && told.contains("new") && told.contains("domain"), "{format}: {told}");
    }
}

#[test]
fn captures_of_different_lengths_are_compared_by_rate_or_share() {
    let kept = Kept::new();
    let once = kept.of("once", &["office.pcapng"]);
    let twice = kept.put("twice", &stdout(&["merge", &once, &once]));
    let change = |per: &str, name: &str, fail_over: &str| {
        portolan(&["diff", &once, &twice, "--per", per, "--measure", name, "--fail-over", fail_over])
            .status
            .code()
    };
    assert_eq!(change("total", "bytes", "99%"), Some(5));
    assert_eq!(change("total", "bytes", "100%"), Some(0));
    assert_eq!(change("second", "packets", "99%"), Some(5));
    assert_eq!(change("share", "flows", "0%"), Some(0));
}

#[test]
fn what_came_or_went_fails_over_any_share_and_what_changed_by_a_millionth_of_a_millionth_over_none() {
    let kept = Kept::new();
    let [both, one] = [kept.of("both", &["http.pcap", "dns.pcap"]), kept.of("one", &["http.pcap"])];
    let status = |before: &str, after: &str, share: &str| {
        portolan(&["diff", before, after, "--fail-over", share]).status.code()
    };
    for share in ["0%", "99%", "100%", "5000%"] {
        assert_eq!(status(&both, &one, share), Some(5), "gone, {share}");
        assert_eq!(status(&one, &both, share), Some(5), "new, {share}");
    }
    // One byte of 2^50, all in one packet.
    let mut capture = fs::read(testdata("unanswered.pcap")).unwrap();
    capture.truncate(24 + 16 + usize::from(capture[32]));
    fs::write(kept.path("packet.pcap"), capture).unwrap();
    let packet = kept.path("packet.pcap");
    let read = ["read", "--no-rules", packet.to_str().unwrap(), "--format", "json"];
    let document = validated::json(&stdout(&read));
    let heavy = |bytes: u64| {
        let mut heavy = document.clone();
        set_bytes(&mut heavy, bytes);
        kept.put(&format!("{bytes}"), &heavy.to_string())
    };
    let [before, after] = [heavy(1 << 50), heavy((1 << 50) + 1)];
    assert_eq!(status(&before, &after, "0%"), Some(5));
    assert_eq!(status(&before, &after, "0.0001%"), Some(0));
    assert_eq!(status(&after, &before, "0%"), Some(5));
    assert_eq!(status(&before, &before, "0%"), Some(0));
}

/// Gives all that is counted in bytes in a document of one flow this many.
fn set_bytes(value: &mut Value, bytes: u64) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| set_bytes(value, bytes)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if ["bytes", "wire_bytes"].contains(&name.as_str()) && value.as_u64() > Some(0) {
                    *value = bytes.into();
                }
                set_bytes(value, bytes);
            }
        }
        _ => {}
    }
}

#[test]
fn traffic_without_ports_comes_and_goes_as_well() {
    let kept = Kept::new();
    let [nothing, ping, parts] = [
        kept.of("http", &["http.pcap"]),
        kept.of("ping", &["ping.pcap"]),
        kept.of("parts", &["ping.pcap", "fragments.pcapng"]),
    ];
    let document = |before: &str, after: &str, per: &str| {
        validated::json(&stdout(&["diff", before, after, "--per", per, "--format", "json"]))
    };
    let rows = document(&nothing, &ping, "total")["unclassified"].as_array().unwrap().clone();
    let icmp = rows.iter().find(|row| row["protocol"] == 1).unwrap();
    assert_eq!(
        (&icmp["bucket"], &icmp["name"], &icmp["change"]),
        (&"other-ip".into(), &"ICMP".into(), &"new".into())
    );
    let summary = validated::json(&fs::read_to_string(&ping).unwrap());
    assert_eq!(icmp["after"]["bytes"], summary["unclassified"]["other_ip"]["by_protocol"]["1"]["bytes"]);
    let whole = document(&ping, &parts, "share")["unclassified"].clone();
    assert!(
        whole.as_array().unwrap().iter().any(|row| row["bucket"] == "fragment" && row["change"] == "new"),
        "{whole}"
    );
    let status = |arguments: &[&str]| portolan(&[&["diff"], arguments].concat()).status.code();
    assert_eq!(status(&[&ping, &ping, "--fail-over", "0%"]), Some(0));
    let twice = kept.put("twice", &stdout(&["merge", &ping, &ping]));
    for measure in ["bytes", "packets"] {
        assert_eq!(
            status(&[&ping, &twice, "--fail-over", "99%", "--measure", measure]),
            Some(5),
            "{measure}"
        );
        assert_eq!(
            status(&[&ping, &twice, "--fail-over", "100%", "--measure", measure]),
            Some(0),
            "{measure}"
        );
    }
    assert_eq!(status(&[&ping, &twice, "--fail-over", "0%", "--per", "share"]), Some(0));
    for format in ["text", "markdown", "html"] {
        let told = stdout(&["diff", &ping, &twice, "--format", format]);
        assert!(told.contains("Without ports") && told.contains("ICMP"), "{format}: {told}");
        assert!(!told.contains("As much as before"), "{format}: {told}");
    }
    assert_eq!(status(&[&ping, &nothing, "--fail-over", "1000%", "--measure", "packets"]), Some(5));
}

#[test]
fn a_service_under_another_alias_is_the_same() {
    let kept = Kept::new();
    let rules = kept.put("rules", "http 80/tcp www\n");
    let path = testdata("http.pcap");
    let summary = |rules: &[&str]| stdout(&[&["read", "-q", &path, "--format", "json"], rules].concat());
    let [plain, renamed] = [summary(&["--no-rules"]), summary(&["--rules", &rules])];
    assert_ne!(plain, renamed);
    let [plain, renamed] = [kept.put("plain", &plain), kept.put("renamed", &renamed)];
    assert_eq!(portolan(&["diff", &plain, &renamed, "--fail-over", "0%"]).status.code(), Some(0));
}
