//! Every document keeps its JSON Schema, and says nothing that is not in it. `UPDATE_GOLDEN=1` writes `schemas/` anew.
#![cfg(all(feature = "cli", feature = "live"))]
#![allow(clippy::unwrap_used, missing_docs)]

mod validated;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use validated::check;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const DOCUMENTS: [&str; 8] =
    ["summary", "flow", "interval", "explain", "explain-endpoint", "diff", "lookup", "rules"];

fn portolan(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_portolan")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn testdata(name: &str) -> String {
    format!("{ROOT}/testdata/{name}")
}

fn captures() -> Vec<PathBuf> {
    let is_capture =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "pcap" || ending == "pcapng");
    let entries = fs::read_dir(testdata("")).unwrap().map(|entry| entry.unwrap().path());
    let captures: Vec<PathBuf> = entries.filter(is_capture).collect();
    assert!(captures.len() > 30);
    captures
}

#[test]
fn the_schemas_that_are_published_are_those_of_the_program() {
    for document in DOCUMENTS {
        let (found, path) = (portolan(&["schema", document]), format!("{ROOT}/schemas/{document}.json"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
            fs::write(&path, &found).unwrap();
        }
        assert!(fs::read_to_string(&path).unwrap() == found, "{path} is not what `portolan schema` says");
        assert!(jsonschema::meta::is_valid(&parsed(&found)), "{document}");
    }
}

#[test]
fn all_documents_of_captures_keep_their_schemas() {
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("flows.ndjson");
    for capture in captures() {
        let path = capture.to_str().unwrap();
        let how =
            ["--interval", "1s", "--talkers", "3", "--talkers-of", "web", "--format", "json", "--flows"];
        let read = [&["read", "-q", "--no-rules", path], &how[..], &[records.to_str().unwrap()]].concat();
        assert_eq!(check(&parsed(&portolan(&read))), Ok("summary"), "{path}");
        let found = fs::read_to_string(&records).unwrap();
        found.lines().for_each(|line| assert_eq!(check(&parsed(line)), Ok("flow"), "{path}"));
        let live = ["live", "-q", "--no-rules", "--replay", path, "--speed", "max", "--format", "ndjson"];
        portolan(&live).lines().for_each(|line| assert_eq!(check(&parsed(line)), Ok("interval"), "{path}"));
    }
}

#[test]
fn all_answers_keep_their_schemas() {
    let folder = tempfile::tempdir().unwrap();
    let kept = ["http.pcap", "office.pcapng"].map(|capture| {
        let path = folder.path().join(capture).to_str().unwrap().to_owned();
        portolan(&["read", "-q", "--no-rules", &testdata(capture), "--format", "json", "-o", &path]);
        path
    });
    let rules = folder.path().join("rules.toml");
    fs::write(&rules, "[[rule]]\nname = \"x\"\nports = [80, \"9000-9010\"]\nhosts = [\"10.0.0.0/8\"]\n")
        .unwrap();
    let office = testdata("office.pcapng");
    let answers: [(&str, Vec<&str>); 9] = [
        ("diff", vec!["diff", &kept[0], &kept[1]]),
        ("explain", vec!["explain", "51234", "5432/tcp"]),
        ("explain", vec!["explain", "40000", "9999/udp", "--dst-ip", "239.1.2.3"]),
        ("explain-endpoint", vec!["read", "-q", &office, "--explain", "tcp:192.168.20.11:5432"]),
        ("lookup", vec!["lookup", "8080"]),
        ("lookup", vec!["lookup", "dns"]),
        ("lookup", vec!["lookup", "--category", "database"]),
        ("rules", vec!["rules", "check", rules.to_str().unwrap()]),
        ("rules", vec!["rules", "check", "/etc/services"]),
    ];
    for (document, arguments) in answers {
        let answer = portolan(&[&arguments[..], &["--format", "json"]].concat());
        assert_eq!(check(&parsed(&answer)), Ok(document), "{arguments:?}");
    }
}

#[test]
fn what_is_not_in_a_schema_is_found() {
    let path = testdata("http.pcap");
    let mut document = validated::json(&portolan(&["read", "-q", "--no-rules", &path, "--format", "json"]));
    document["services"][0]["new"] = 1.into();
    assert!(check(&document).is_err());
    document["services"][0].as_object_mut().unwrap().remove("new");
    document["capture"].as_object_mut().unwrap().remove("packets");
    assert!(check(&document).is_err());
}

/// A summary of the first version of the schema, which has to stay readable for ever. Never written anew.
#[test]
fn the_first_summaries_are_still_read() {
    let old = format!("{ROOT}/tests/golden/v1/summary.json");
    let document = validated::json(&fs::read_to_string(&old).unwrap());
    let again = validated::json(&portolan(&["merge", &old]));
    for name in
        ["capture", "read", "loss", "transports", "unclassified", "categories", "services", "intervals"]
    {
        assert!(document[name] == again[name] && !document[name].is_null(), "{name}");
    }
    assert!(portolan(&["report", &old]).contains("3,317 in 207 flows"));
    portolan(&["diff", &old, &old, "--fail-over", "0%"]);
}

/// One of the commit `cbaa98c`, from before there was `certainty`. Never written anew.
fn before_certainty() -> Value {
    parsed(&fs::read_to_string(format!("{ROOT}/tests/golden/v1/without-certainty.json")).unwrap())
}

/// A document as it is when it was read, which is a good one itself.
fn read_again(document: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    fs::write(&old, document.to_string()).unwrap();
    let again = portolan(&["report", "--top", "0", "--format", "json", &old]);
    fs::write(&new, &again).unwrap();
    portolan(&["merge", &old, &new]);
    for format in ["text", "markdown", "html", "csv", "prometheus"] {
        portolan(&["report", "--format", format, &old]);
    }
    let again = validated::json(&again);
    for list in
        ["capture", "read", "loss", "transports", "unclassified", "port_classes", "port_pairs", "intervals"]
    {
        assert_eq!(document[list], again[list], "{list}");
    }
    again
}

#[test]
fn summaries_from_before_certainty_are_read() {
    let document = before_certainty();
    let again = read_again(&document);
    assert_eq!((&document["services"], &document["categories"]), (&again["services"], &again["categories"]));
    // Flows are known by basis and confidence; what they carried is the part of the least certain ones.
    assert_eq!(again["certainty"]["basis"]["evidence"], parsed(r#"{"packets":4,"bytes":625,"flows":3}"#));
    assert_eq!(again["certainty"]["confidence"]["low"], parsed(r#"{"packets":2,"bytes":300,"flows":1}"#));
    assert_eq!(again["other_unknown_endpoints"]["bytes"], 300);
}

#[test]
fn summaries_with_nothing_but_what_is_promised_are_read() {
    let mut document = before_certainty();
    for list in ["services", "categories"] {
        for row in document[list].as_array_mut().unwrap() {
            let row = row.as_object_mut().unwrap();
            row.retain(|field, _| {
                !["family", "basis", "unanswered", "refused", "distributions"].contains(&&**field)
            });
        }
    }
    for distribution in document["distributions"].as_object_mut().unwrap().values_mut() {
        distribution.as_object_mut().unwrap().remove("buckets");
    }
    let other = document.as_object_mut().unwrap().remove("other_port_pairs").unwrap();
    let again = read_again(&document);
    assert_eq!(again["other_port_pairs"]["bytes"], other["bytes"]);
    assert_eq!(again["certainty"]["basis"]["undecided"]["flows"], 4);
}

#[test]
fn a_basis_that_is_not_known_yet_shows_nothing() {
    let old = format!("{ROOT}/tests/golden/v1/summary.json");
    let document = fs::read_to_string(old).unwrap().replace("\"evidence\"", "\"oracle\"");
    let again = read_again(&parsed(&document));
    assert!(again["certainty"]["basis"]["undecided"]["flows"].as_u64() > Some(0), "{}", again["certainty"]);
}
