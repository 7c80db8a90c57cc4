//! What summaries may be added up, and what the sum leaves out: `portolan merge`, run as a process.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod kept;
mod validated;

use std::collections::BTreeSet;
use std::fs;

use kept::{Kept, portolan, stdout, testdata};
use serde_json::Value;

/// The summary of a capture, with everything that is asked for.
fn read(kept: &Kept, capture: &str, more: &[&str]) -> String {
    let capture = testdata(capture);
    let mut arguments = vec!["read", "-q", "--top", "0", "--format", "json", &capture];
    arguments.extend(more);
    kept.put(&format!("{}.json", kept.count()), &stdout(&arguments))
}

/// The sum, and what is told of it.
fn merged(parts: &[&String]) -> (String, String) {
    let mut arguments = vec!["merge"];
    arguments.extend(parts.iter().map(|part| part.as_str()));
    let output = portolan(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn sum<'a>(rows: impl IntoIterator<Item = &'a Value>, field: &str) -> u64 {
    rows.into_iter().map(|row| row[field].as_u64().unwrap()).sum()
}

/// What a list adds up to, if there is one, is all that has ports.
fn assert_closed(document: &Value) {
    for field in ["packets", "bytes"] {
        let whole = sum(document["services"].as_array().unwrap(), field);
        if let Some(intervals) = document["intervals"].as_array() {
            assert_eq!(sum(intervals, field), whole, "intervals");
        }
        for talkers in
            document["talkers"].as_array().into_iter().flatten().filter(|list| list["of"].is_null())
        {
            let list = &talkers["conversations"];
            let listed = sum(list["listed"].as_array().unwrap(), field);
            assert_eq!(listed + list["others"][field].as_u64().unwrap(), whole, "conversations");
        }
    }
}

#[test]
fn what_not_all_parts_have_is_left_out_and_told() {
    let kept = Kept::new();
    let no_rules = |capture, more: &[&str]| read(&kept, capture, &[&["--no-rules"], more].concat());
    let both = no_rules("http.pcap", &["--interval", "10s", "--talkers", "0", "--talkers-of", "dns"]);
    let series = no_rules("dns.pcap", &["--interval", "10s"]);
    let talkers = no_rules("office.pcapng", &["--talkers", "5"]);
    let neither = no_rules("ssh.pcap", &[]);
    // Nothing of it has ports: no sum lacks it.
    let ping = no_rules("ping.pcap", &[]);
    let parts = |document: &Value| {
        (document["intervals"].is_array(), document["talkers"].as_array().map_or(0, Vec::len))
    };
    for (summaries, expected, told) in [
        (vec![&both, &both], (true, 2), vec![]),
        (vec![&both, &ping], (true, 2), vec![]),
        (vec![&ping, &both], (true, 2), vec![]),
        (vec![&both, &series], (true, 0), vec!["talkers"]),
        (vec![&talkers, &both], (false, 1), vec!["intervals", "talkers of domain"]),
        (vec![&both, &neither, &both], (false, 0), vec!["intervals", "talkers"]),
        (vec![&neither, &neither], (false, 0), vec![]),
    ] {
        let (document, stderr) = merged(&summaries);
        let document = validated::json(&document);
        assert_eq!(parts(&document), expected, "{summaries:?}");
        assert_closed(&document);
        assert_eq!(stderr.lines().count(), usize::from(!told.is_empty()), "{stderr}");
        assert!(told.iter().all(|part| stderr.contains(part)), "{stderr}");
    }
    let whole = merged(&[&both, &series, &ping, &neither]).0;
    assert_eq!(merged(&[&neither, &ping, &series, &both]).0, whole);
    for [one, two] in [[&both, &neither], [&both, &ping], [&series, &both]] {
        let rest: Vec<&String> =
            [&both, &series, &ping, &neither].into_iter().filter(|part| ![one, two].contains(part)).collect();
        let grouped = kept.put("grouped", &merged(&[one, two]).0);
        assert_eq!(merged(&[&[&grouped], &rest[..]].concat()).0, whole);
    }
}

#[test]
fn tables_that_call_a_service_otherwise_make_no_second_row() {
    let kept = Kept::new();
    let by = |name: &str, rules: &str| {
        let rules = kept.put(name, rules);
        read(&kept, "http.pcap", &["--rules", &rules, "--interval", "1s"])
    };
    let category =
        "[[rule]]\nname = \"http\"\ncategory = \"database\"\nports = [80, 8000]\ntransport = \"tcp\"\n";
    let parts =
        [by("alpha", "http 80/tcp alpha\n"), by("omega", "http 80/tcp omega\n"), by("table.toml", category)];
    let (whole, _) = merged(&[&parts[0], &parts[1], &parts[2]]);
    let document = validated::json(&whole);
    let rows = document["services"].as_array().unwrap();
    let names: BTreeSet<String> =
        rows.iter().map(|row| format!("{} {} {}", row["service"], row["transport"], row["port"])).collect();
    assert_eq!(names.len(), rows.len(), "{names:?}");
    for field in ["packets", "bytes", "flows"] {
        assert_eq!(sum(document["categories"].as_array().unwrap(), field), sum(rows, field));
    }
    assert_closed(&document);
    let path = kept.put("whole", &whole);
    let gauges = stdout(&["report", "--format", "prometheus", "--top", "0", &path]);
    let series: Vec<&str> = gauges.lines().filter_map(|line| Some(line.rsplit_once(' ')?.0)).collect();
    assert_eq!(series.iter().collect::<BTreeSet<_>>().len(), series.len());
    // The order and the grouping change nothing, and once is enough.
    let [a, b, c] = &parts;
    assert_eq!(merged(&[c, a, b]).0, whole);
    let bc = kept.put("bc", &merged(&[c, b]).0);
    assert_eq!(merged(&[a, &bc]).0, whole);
    assert_eq!(merged(&[&path]).0, whole);
}

#[test]
fn no_summary_is_written_over() {
    let kept = Kept::new();
    let [a, b] = ["http.pcap", "dns.pcap"].map(|capture| read(&kept, capture, &[]));
    let before = fs::read(&b).unwrap();
    let link = kept.path("link.json");
    std::os::unix::fs::symlink(&b, &link).unwrap();
    let roundabout =
        format!("{}/../{}/{}", kept.path("").display(), kept.name(), b.rsplit_once('/').unwrap().1);
    for output in [&b, &roundabout, link.to_str().unwrap()] {
        for arguments in
            [vec!["merge", &a, &b], vec!["diff", &a, &b], vec!["diff", &b, &a], vec!["report", &b]]
        {
            let refused = portolan(&[&arguments[..], &["-o", output]].concat());
            assert_eq!(refused.status.code(), Some(2), "{arguments:?} -o {output}");
            let told = String::from_utf8(refused.stderr).unwrap();
            assert!(told.contains("would be written over the input"), "{told}");
            assert_eq!(fs::read(&b).unwrap(), before);
        }
    }
    stdout(&["merge", &a, &b, "-o", kept.path("sum.json").to_str().unwrap()]);
}

#[test]
fn a_report_shows_all_talkers_that_there_are() {
    let kept = Kept::new();
    let path = read(&kept, "office.pcapng", &["--talkers", "0"]);
    let document = validated::json(&fs::read(&path).unwrap());
    let hosts = document["talkers"][0]["hosts"]["listed"].as_array().unwrap();
    assert!(hosts.len() > 2);
    for format in ["text", "html", "markdown", "json"] {
        for arguments in [["report", "--top", "1"], ["merge", "--top", "1"]] {
            let told = stdout(&[&arguments[..], &["--format", format, &path]].concat());
            for host in hosts {
                assert!(
                    told.contains(host["address"].as_str().unwrap()),
                    "{arguments:?} as {format}: {host}"
                );
            }
        }
    }
}
