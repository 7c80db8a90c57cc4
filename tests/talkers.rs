//! `portolan read --talkers`: hosts and conversations add up to what the flow records say.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

mod validated;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

fn portolan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portolan")).args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = portolan(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn testdata(name: &str) -> String {
    format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The flow records of a capture.
fn flows(capture: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flows.ndjson");
    stdout(&["read", "-q", "--no-rules", capture, "--flows", path.to_str().unwrap()]);
    fs::read_to_string(path).unwrap().lines().map(validated::json).collect()
}

/// Bytes, packets and flows by name.
type Sums = BTreeMap<String, [u64; 3]>;

fn add(sums: &mut Sums, name: String, flow: &Value) {
    let sum = sums.entry(name).or_default();
    sum[0] += flow["network"]["bytes"].as_u64().unwrap();
    sum[1] += flow["network"]["packets"].as_u64().unwrap();
    sum[2] += 1;
}

/// By host and by conversation, the smaller name of the two first.
fn sums<'a>(flows: impl Iterator<Item = &'a Value>) -> [Sums; 2] {
    let [mut hosts, mut conversations] = [Sums::new(), Sums::new()];
    for flow in flows {
        let mut ends = ["source", "destination"].map(|end| flow[end]["ip"].as_str().unwrap());
        ends.sort_unstable();
        add(&mut hosts, ends[0].to_owned(), flow);
        if ends[0] != ends[1] {
            add(&mut hosts, ends[1].to_owned(), flow);
        }
        add(&mut conversations, ends.join(" "), flow);
    }
    [hosts, conversations]
}

fn count(row: &Value) -> [u64; 3] {
    ["bytes", "packets", "flows"].map(|name| row[name].as_u64().unwrap())
}

fn listed(talkers: &Value) -> [Sums; 2] {
    let rows = |list: &str| talkers[list]["listed"].as_array().unwrap().clone();
    let hosts =
        rows("hosts").into_iter().map(|row| (row["address"].as_str().unwrap().to_owned(), count(&row)));
    let conversations = rows("conversations").into_iter().map(|row| {
        let mut ends = ["low", "high"].map(|end| row[end].as_str().unwrap());
        ends.sort_unstable();
        (ends.join(" "), count(&row))
    });
    [hosts.collect(), conversations.collect()]
}

fn talkers(capture: &str, arguments: &[&str]) -> Value {
    let mut all = vec!["read", "-q", "--no-rules", capture, "--format", "json"];
    all.extend(arguments);
    validated::json(&stdout(&all))["talkers"].take()
}

#[test]
fn all_talkers_are_the_sums_of_the_flows() {
    for name in ["office.pcapng", "nfs.pcapng", "mdns.pcapng", "fragments.pcapng", "vxlan.pcapng"] {
        let capture = testdata(name);
        let flows = flows(&capture);
        let found = talkers(&capture, &["--talkers", "0", "--talkers-of", "DNS", "--talkers-of", "web-tls"]);
        let names = found.as_array().unwrap().iter().map(|list| list["of"].as_str());
        assert_eq!(names.collect::<Vec<_>>(), [None, Some("domain"), Some("web-tls")], "{name}");
        assert_eq!(listed(&found[0]), sums(flows.iter()), "{name}");
        let of_dns = flows.iter().filter(|flow| flow["network"]["protocol"] == "domain");
        assert_eq!(listed(&found[1]), sums(of_dns), "{name}");
        let of_web = flows.iter().filter(|flow| flow["portolan"]["category"] == "web-tls");
        assert_eq!(listed(&found[2]), sums(of_web), "{name}");
    }
}

#[test]
fn a_cut_list_loses_nothing_and_says_what_it_may_have_missed() {
    let capture = testdata("office.pcapng");
    let whole = &talkers(&capture, &["--talkers", "0"])[0]["conversations"];
    let cut = &talkers(&capture, &["--talkers", "2"])[0]["conversations"];
    let [all, two] = [whole, cut].map(|list| list["listed"].as_array().unwrap());
    assert!(all.len() > 3 && all[..2] == two[..]);
    let others = all[2..].iter().map(count).fold([0; 3], |sum, row| [0, 1, 2].map(|at| sum[at] + row[at]));
    assert_eq!((count(&cut["others"]), cut["others_most_bytes"].as_u64()), (others, Some(count(&all[2])[0])));
    assert_eq!((&cut["listed_error_bytes"], &whole["others_most_bytes"]), (&0.into(), &0.into()));
}

#[test]
fn talkers_of_parts_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let captures = ["office.pcapng", "http.pcap", "dns.pcap"].map(testdata);
    let parts = captures.each_ref().map(|capture| {
        let part = folder.path().join(format!("{}.json", capture.len()));
        let part = part.to_str().unwrap().to_owned();
        stdout(&[
            "read",
            "-q",
            "--no-rules",
            "--top",
            "0",
            "--talkers",
            "0",
            capture,
            "--format",
            "json",
            "-o",
            &part,
        ]);
        part
    });
    let merged = validated::json(&stdout(&["merge", &parts[0], &parts[1], &parts[2]]));
    let mut whole = vec!["read", "-q", "--no-rules", "--top", "0", "--talkers", "0", "--format", "json"];
    whole.extend(captures.iter().map(String::as_str));
    let whole = validated::json(&stdout(&whole));
    assert!(whole["talkers"][0]["hosts"]["listed"].as_array().unwrap().len() > 3);
    assert_eq!(merged["talkers"], whole["talkers"]);
}

#[test]
fn a_cut_list_that_is_read_again_and_merged_with_nothing_is_as_exact_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.json");
    let kept = kept.to_str().unwrap();
    let capture = testdata("office.pcapng");
    stdout(&["read", "-q", "--no-rules", &capture, "--talkers", "3", "--format", "json", "-o", kept]);
    let talkers = |arguments: &[&str]| validated::json(&stdout(arguments))["talkers"].take();
    let before = talkers(&["report", "--format", "json", "--top", "0", kept]);
    assert_eq!(before, validated::json(&fs::read(kept).unwrap())["talkers"]);
    assert_eq!(talkers(&["merge", kept]), before);
    assert!(!stdout(&["report", kept]).contains("Not exact"));
    // What one of the two has not listed may be missing in its rows, whatever there was to count.
    let twice = talkers(&["merge", kept, kept]);
    assert_eq!(twice[0]["hosts"]["listed_error_bytes"], before[0]["hosts"]["others_most_bytes"]);
    let [other, sum] =
        ["other.json", "sum.json"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    stdout(&[
        "read",
        "-q",
        "--no-rules",
        &testdata("http.pcap"),
        "--talkers",
        "0",
        "--format",
        "json",
        "-o",
        &other,
    ]);
    stdout(&["merge", kept, &other, "-o", &sum]);
    let told = stdout(&["report", &sum]);
    assert!(told.contains("Not exact") && !told.contains("too many to count"), "{told}");
}

#[test]
fn every_format_for_people_shows_them() {
    let capture = testdata("office.pcapng");
    let found = &talkers(&capture, &["--talkers", "1"])[0]["hosts"]["listed"][0]["address"];
    for format in ["text", "markdown", "html"] {
        let report = |more: &[&str]| {
            let mut arguments = vec!["read", "-q", "--no-rules", &capture, "--format", format];
            arguments.extend(more);
            stdout(&arguments)
        };
        let shown = report(&["--talkers", "1", "--talkers-of", "https"]);
        for text in [found.as_str().unwrap(), "Hosts", "Conversations of https", " more"] {
            assert!(shown.contains(text), "{format}: {text}");
        }
        assert!(!report(&[]).contains("Conversations"), "{format}");
    }
}

#[test]
fn one_service_or_category_has_one_list_whatever_it_is_called() {
    let of = |names: &[&str]| {
        let mut arguments = vec!["--talkers", "2"];
        arguments.extend(names.iter().flat_map(|name| ["--talkers-of", name]));
        let lists = talkers(&testdata("office.pcapng"), &arguments);
        lists
            .as_array()
            .unwrap()
            .iter()
            .map(|list| list["of"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let domain = [None, Some("domain".to_owned())];
    assert_eq!(of(&["DNS", "dns", "domain"]), domain);
    assert_eq!(of(&["Domain"]), domain);
    assert_eq!(
        of(&["Web-TLS", "HTTPS", "web-tls"]),
        [None, Some("https".to_owned()), Some("web-tls".to_owned())]
    );
}

#[test]
fn talkers_of_nothing_that_there_is_are_wrong_usage() {
    let output = portolan(&["read", &testdata("http.pcap"), "--talkers", "3", "--talkers-of", "htpp"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("htpp"));
}
