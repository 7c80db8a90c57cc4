//! Summaries that were kept: `portolan merge` and `report`, run as processes.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod kept;
mod validated;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use kept::{Kept, portolan, stdout, testdata};
use serde_json::Value;

/// The document without what only all flows together can tell, and its inputs in the order of their paths.
fn comparable(document: &str) -> Value {
    let mut document = validated::json(document);
    document["certainty"]["learned"] = Value::Null;
    let inputs = document["read"]["inputs"].as_array_mut().unwrap();
    inputs.sort_by_key(|input| input["path"].as_str().unwrap().to_owned());
    document
}

/// Equal, and if not, in which part: the whole is too long to be read.
fn assert_same(one: &Value, other: &Value) {
    for (name, value) in one.as_object().unwrap() {
        assert!(*value == other[name], "{name} differs");
    }
}

#[test]
fn parts_add_up_to_the_whole() {
    let kept = Kept::new();
    let parts = ["http.pcap", "dns.pcap", "refused.pcap", "office.pcapng"];
    let paths: Vec<String> = parts.iter().map(|part| kept.of(&format!("{part}.json"), &[part])).collect();
    let mut arguments = vec!["merge"];
    arguments.extend(paths.iter().map(String::as_str));
    let whole = fs::read_to_string(kept.of("whole.json", &parts)).unwrap();
    assert_same(&comparable(&stdout(&arguments)), &comparable(&whole));
}

#[test]
fn the_order_and_the_grouping_of_parts_change_nothing() {
    let kept = Kept::new();
    let [a, b, c] = ["http.pcap", "dns.pcap", "office.pcapng"].map(|part| kept.of(part, &[part]));
    let ab = kept.put("ab", &stdout(&["merge", &a, &b]));
    let bc = kept.put("bc", &stdout(&["merge", &b, &c]));
    let all = stdout(&["merge", &a, &b, &c]);
    for parts in [[&ab, &c], [&bc, &a]] {
        assert!(stdout(&["merge", parts[0], parts[1]]) == all, "{parts:?}");
    }
    assert!(stdout(&["merge", &kept.put("all", &all)]) == all);
}

#[test]
fn a_report_of_a_document_is_the_report_of_its_capture() {
    let kept = Kept::new();
    let (capture, document) = (testdata("office.pcapng"), kept.of("office", &["office.pcapng"]));
    for format in ["text", "json", "csv", "markdown", "html", "prometheus"] {
        let read = ["read", "--no-rules", "--top", "5", "--interval", "1s", "--format", format, &capture];
        assert_eq!(
            stdout(&["report", "--top", "5", "--format", format, &document]),
            stdout(&read),
            "{format}"
        );
    }
}

#[test]
fn what_is_no_summary_is_refused_in_one_line() {
    let kept = Kept::new();
    let good = fs::read_to_string(kept.of("good", &["http.pcap"])).unwrap();
    let mut cooked = validated::json(&good);
    cooked["services"][0]["packets"] = 1.into();
    for (document, reason) in [
        ("", "no summary"),
        ("{}", "no summary"),
        (r#"{"schema": "portolan.diff/1"}"#, "portolan.diff/1"),
        (&good[..good.len() / 2], "no summary"),
        (&cooked.to_string(), "do not add up"),
        (&good.replace("\"tcp\"", "\"tcq\""), "tcq"),
    ] {
        let path = kept.put("bad", document);
        for arguments in [vec!["report", &path], vec!["merge", &path], vec!["diff", &path, &path]] {
            let output = portolan(&arguments);
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
            assert!(told.contains(reason) && told.contains(&path), "{told}");
            assert!(told.matches("line 1").count() <= 1, "said twice: {told}");
        }
    }
}

/// The value of each gauge, by its name and labels.
fn gauges(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).collect()
}

/// A value that is a count.
fn whole(value: &str) -> u64 {
    value.strip_suffix(".0").unwrap().parse().unwrap()
}

#[test]
fn gauges_say_what_the_document_says() {
    let capture = testdata("office.pcapng");
    let read = |top, format| stdout(&["read", "--no-rules", "--top", top, "--format", format, &capture]);
    let document = validated::json(&read("0", "json"));
    let text = read("0", "prometheus");
    let all = gauges(&text);
    for row in document["services"].as_array().unwrap() {
        let text = |name: &str| row[name].as_str().unwrap();
        let port = row["port"].as_u64().map(|port| port.to_string()).unwrap_or_default();
        let labels = format!(
            "{{service=\"{}\",category=\"{}\",transport=\"{}\",port=\"{port}\"}}",
            text("service"),
            text("category"),
            text("transport")
        );
        for (gauge, field) in [("bytes", "bytes"), ("packets", "packets"), ("flows", "flows")] {
            let found = all[format!("portolan_capture_service_{gauge}{labels}").as_str()];
            assert_eq!(Some(whole(found)), row[field].as_u64(), "{labels}");
        }
    }
    assert_eq!(all["portolan_capture_complete"], "1.0");
    assert_eq!(Some(whole(all["portolan_capture_bytes"])), document["capture"]["wire_bytes"].as_u64());
    // What a shorter list leaves out stands in one row.
    let bytes = |text: &str| -> u64 {
        let is_bytes = |(name, _): &(&str, &str)| name.starts_with("portolan_capture_service_bytes");
        gauges(text).into_iter().filter(is_bytes).map(|(_, value)| whole(value)).sum()
    };
    let short = read("2", "prometheus");
    assert_eq!(short.lines().filter(|line| line.starts_with("portolan_capture_service_bytes")).count(), 3);
    assert_eq!(bytes(&short), bytes(&text));
}

#[test]
fn documents_tell_of_all_gauges_and_of_no_others() {
    let text = stdout(&["read", "--no-rules", "--format", "prometheus", &testdata("office.pcapng")]);
    let found: BTreeSet<&str> =
        gauges(&text).into_keys().map(|name| name.split('{').next().unwrap()).collect();
    let document = fs::read_to_string("docs/metrics.md").unwrap();
    let words = document.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let told: BTreeSet<&str> = words.filter(|word| word.starts_with("portolan_capture_")).collect();
    assert_eq!(told, found);
}

#[test]
fn promtool_takes_the_gauges() {
    use std::io::Write as _;
    use std::process::Stdio;
    if Command::new("promtool").arg("--version").output().is_err() {
        assert!(std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "promtool is required");
        return eprintln!("skipped: no promtool");
    }
    let text = stdout(&["read", "--no-rules", "--format", "prometheus", &testdata("office.pcapng")]);
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = command.spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && told.is_empty(), "{}", String::from_utf8_lossy(&told));
}

#[test]
fn who_was_refused_had_an_answer() {
    let capture = testdata("refused.pcap");
    let mut told = vec![stdout(&["read", "--no-rules", &capture])];
    if cfg!(feature = "live") {
        told.push(stdout(&[
            "live",
            "--no-rules",
            "--replay",
            &capture,
            "--speed",
            "max",
            "--interval",
            "10s",
        ]));
    }
    for told in told {
        let told = told.to_lowercase();
        assert!(
            told.contains("refused") && !told.contains("no answer") && !told.contains("unanswered"),
            "{told}"
        );
    }
}
