//! `portolan live`, run as a process: on captures that are replayed, and on interfaces of namespaces that the tests make.
//!
//! What needs namespaces is skipped where this user may not make them, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, missing_docs)]

mod live_privileges;
mod live_write;
mod network;
mod validated;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Lines, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use network::Network;
use serde_json::Value;

const PORTOLAN: &str = env!("CARGO_BIN_EXE_portolan");

fn portolan(arguments: &[&str]) -> Output {
    Command::new(PORTOLAN).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn document(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    validated::json(&output.stdout)
}

/// Everything but what was read from where.
fn numbers(mut document: Value) -> Value {
    document.as_object_mut().unwrap().remove("read");
    document
}

fn testdata() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let is_capture =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "pcap" || ending == "pcapng");
    let mut captures: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(is_capture).collect();
    captures.sort();
    assert!(captures.len() > 30);
    captures
}

#[test]
fn a_replay_tells_what_reading_tells() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, [b'k'; 32]).unwrap();
    for capture in testdata() {
        let path = capture.to_str().unwrap();
        let told = |input: &[&str]| {
            let how = ["--no-rules", "--top", "0", "--talkers", "0", "--format", "json", "--anonymize"];
            document(&portolan(&[input, &how, &[key.to_str().unwrap()]].concat()))
        };
        let read = told(&["read", path]);
        let live = told(&["live", "--replay", path, "--speed", "max"]);
        assert_eq!(numbers(live), numbers(read), "{path}");
    }
}

/// Packets, bytes and flows that began, by service, transport and port.
fn volumes<'a>(
    services: impl IntoIterator<Item = &'a Value>,
    flows: fn(&Value) -> &Value,
) -> BTreeMap<String, [u64; 3]> {
    let mut volumes: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for service in services {
        let key = format!("{} {} {}", service["service"], service["transport"], service["port"]);
        let counts =
            [&service["packets"], &service["bytes"], flows(service)].map(|count| count.as_u64().unwrap());
        let sums = volumes.entry(key).or_default();
        (0..3).for_each(|count| sums[count] += counts[count]);
    }
    volumes
}

fn list<'a>(document: &'a Value, name: &str) -> &'a Vec<Value> {
    document[name].as_array().unwrap()
}

/// The records of a replayed capture.
fn replayed(path: &str, interval: &str) -> Vec<Value> {
    let arguments =
        ["live", "--replay", path, "--speed", "max", "--no-rules", "--format", "ndjson", "--interval"];
    let output = portolan(&[&arguments[..], &[interval]].concat());
    String::from_utf8_lossy(&output.stdout).lines().map(validated::json).collect()
}

#[test]
fn intervals_add_up_to_the_summary() {
    for capture in ["office.pcapng", "refused.pcap", "dns.pcap", "fragments.pcapng"] {
        let path = format!("{}/testdata/{capture}", env!("CARGO_MANIFEST_DIR"));
        let summary = document(&portolan(&["read", &path, "--no-rules", "--format", "json"]));
        for interval in ["100ms", "1s", "1h"] {
            let records = replayed(&path, interval);
            let sum = |pointer: &str| -> u64 {
                records.iter().map(|record| record.pointer(pointer).unwrap().as_u64().unwrap()).sum()
            };
            for pointer in
                ["/capture/packets", "/capture/wire_bytes", "/unclassified/packets", "/unclassified/bytes"]
            {
                assert_eq!(
                    sum(pointer),
                    summary.pointer(pointer).unwrap().as_u64().unwrap(),
                    "{capture} {interval} {pointer}"
                );
            }
            for transport in ["tcp", "udp"] {
                for count in ["packets", "bytes"] {
                    let of_summary = summary["transports"][transport][count].as_u64().unwrap();
                    assert_eq!(
                        sum(&format!("/transports/{transport}/{count}")),
                        of_summary,
                        "{capture} {interval}"
                    );
                }
            }
            let flows: u64 = records
                .iter()
                .flat_map(|record| list(record, "services"))
                .map(|row| row["begun"]["flows"].as_u64().unwrap())
                .sum();
            let of_summary: u64 =
                list(&summary, "services").iter().map(|row| row["flows"].as_u64().unwrap()).sum();
            assert_eq!(flows, of_summary, "{capture} {interval}");
            for pair in records.windows(2) {
                assert_eq!(pair[0]["end_ns"], pair[1]["start_ns"], "{capture} {interval}");
            }
        }
        // In one interval everything is known of every flow.
        let whole = replayed(&path, "365d");
        let services = whole.iter().flat_map(|record| list(record, "services"));
        assert_eq!(
            volumes(services, |row| &row["begun"]["flows"]),
            volumes(list(&summary, "services"), |row| &row["flows"]),
            "{capture}"
        );
    }
}

#[test]
fn loss_is_in_the_records_and_in_the_status() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/office.pcapng");
    let live = |format| {
        let output = portolan(&[
            "live",
            "--replay",
            path,
            "--speed",
            "max",
            "--no-rules",
            "--max-flows",
            "64",
            "--fail-on-loss",
            "--format",
            format,
        ]);
        assert_eq!(output.status.code(), Some(4));
        output
    };
    let evicted = |document: &Value| document["loss"]["evicted_flows"].as_u64().unwrap();
    let summary = evicted(&validated::json(&live("json").stdout));
    let records = String::from_utf8(live("ndjson").stdout).unwrap();
    let told: u64 = records.lines().map(|line| evicted(&validated::json(line))).sum();
    assert!(summary > 0);
    assert_eq!(told, summary);
}

#[test]
fn limits_end_a_replay() {
    let office = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/office.pcapng");
    let arguments = ["live", "--replay", office, "--speed", "max", "--format", "json"];
    let some = document(&portolan(&[&arguments[..], &["--packets", "100"]].concat()));
    assert_eq!(some["capture"]["packets"], 100);
    let early = document(&portolan(&[&arguments[..], &["--duration", "10s"]].concat()));
    let capture = &early["capture"];
    let span = capture["last_ts_ns"].as_i64().unwrap() - capture["first_ts_ns"].as_i64().unwrap();
    assert!((5_000_000_000..10_000_000_000).contains(&span), "{span}");
}

#[test]
fn what_cannot_be_listened_to_is_told_in_one_line() {
    let output = portolan(&["live", "no-such-interface"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("no-such-interface") && message.contains("portolan interfaces"), "{message}");
}

/// `portolan live` under way; ended if the test fails.
struct Live {
    child: Child,
    told: Lines<BufReader<ChildStderr>>,
}

impl Live {
    fn start(network: &Network, arguments: &[&str]) -> Self {
        let mut command = network.command(PORTOLAN);
        command.arg("live").args(arguments);
        if !arguments.contains(&"--rules") {
            command.arg("--no-rules");
        }
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut live = Self { child, told };
        if !arguments.contains(&"--quiet") {
            let first = live.told();
            assert!(first.contains("listening"), "{first}");
        }
        live
    }

    /// The next line on standard error.
    fn told(&mut self) -> String {
        self.told.next().unwrap().unwrap()
    }

    fn signal(&self, signal: &str) {
        assert!(
            Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success()
        );
    }

    /// Ends it as Ctrl-C does.
    fn end(self) -> Output {
        self.signal("-INT");
        self.wait()
    }

    fn wait(mut self) -> Output {
        let mut stdout = Vec::new();
        self.child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
        let stderr = self.told.by_ref().map(Result::unwrap).collect::<Vec<_>>().join("\n").into_bytes();
        Output { status: self.child.wait().unwrap(), stdout, stderr }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_interface_is_counted_as_its_capture_is_read() {
    let Some(network) = Network::new("count") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tcpdump.pcap");
    let Some(tcpdump) = network.tcpdump(&file) else { return };
    let live = Live::start(&network, &[network.interface(), "--format", "json", "--top", "0"]);
    network.serve_and_ask();
    Network::wait_for_marker(&file);
    let live = document(&live.end());
    tcpdump.end();
    let read = document(&portolan(&[
        "read",
        file.to_str().unwrap(),
        "--no-rules",
        "--top",
        "0",
        "--format",
        "json",
    ]));
    assert!(live["transports"]["tcp"]["flows"].as_u64().unwrap() >= 20, "{live}");
    assert!(live["transports"]["udp"]["flows"].as_u64().unwrap() >= 10, "{live}");
    for name in ["transports", "services", "categories", "port_classes", "port_pairs", "unclassified", "loss"]
    {
        assert_eq!(without_times(&live[name]), without_times(&read[name]), "{name}");
    }
    assert_eq!(live["capture"]["packets"], read["capture"]["packets"]);
    assert_eq!(live["capture"]["wire_bytes"], read["capture"]["wire_bytes"]);
}

/// Without the distributions of times: each listener's packets have stamps of their own.
fn without_times(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_times).collect(),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !name.ends_with("_ns"));
            Value::Object(kept.map(|(name, value)| (name.clone(), without_times(value))).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn an_idle_interface_is_left_at_once() {
    let Some(network) = Network::new("idle") else { return };
    let live = Live::start(&network, &[network.interface(), "--format", "json"]);
    let output = live.end();
    assert_eq!(document(&output)["capture"]["packets"], 0);
}

#[test]
fn a_lost_interface_is_told_and_waited_for() {
    let Some(network) = Network::new("lost") else { return };
    let mut live = Live::start(&network, &[network.interface(), "--format", "json"]);
    network.ip(&["link", "set", network.interface(), "down"]);
    let told = live.told();
    assert!(told.contains("lost: the interface is down"), "{told}");
    network.ip(&["link", "set", network.interface(), "up"]);
    let told = live.told();
    assert!(told.contains("is back"), "{told}");
    network.send_datagram(53);
    network.send_datagram(network::MARKER);
    let output = live.end();
    assert_eq!(output.status.code(), Some(3));
    let document = validated::json(&output.stdout);
    assert_eq!(document["transports"]["udp"]["packets"], 2, "{document}");
    assert_eq!(document["read"]["complete"], false);
}

#[test]
fn rules_are_read_again_at_sighup() {
    let Some(network) = Network::new("rules") else { return };
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    let rule = "[[rule]]\nname = \"ours\"\ntransport = \"udp\"\nports = 47123\n";
    fs::write(&rules, "").unwrap();
    let records = folder.path().join("records.ndjson");
    let arguments = ["--rules", rules.to_str().unwrap(), "-o", records.to_str().unwrap()];
    let common = [network.interface(), "--format", "ndjson", "--interval", "100ms"];
    let mut live = Live::start(&network, &[&common[..], &arguments[..]].concat());
    let names = |name: &str| fs::read_to_string(&records).unwrap_or_default().contains(name);
    network.send_datagram(47123);
    network::wait_until("the first records", || names("\"unknown\""));
    fs::write(&rules, "nonsense").unwrap();
    live.signal("-HUP");
    assert!(live.told().ends_with("those before stay"));
    fs::write(&rules, rule).unwrap();
    live.signal("-HUP");
    assert!(live.told().contains("read again"));
    assert!(!names("\"ours\""));
    network::wait_until("the new name", || {
        network.send_datagram(47123);
        names("\"ours\"")
    });
    assert_eq!(live.end().status.code(), Some(0));
}

#[test]
fn once_ends_with_the_interface() {
    let Some(network) = Network::new("once") else { return };
    let live = Live::start(&network, &[network.interface(), "--once", "--format", "json"]);
    network.ip(&["link", "delete", network.interface()]);
    let output = live.wait();
    assert_eq!(output.status.code(), Some(3));
    let document = validated::json(&output.stdout);
    assert!(document["read"]["inputs"][0]["message"].as_str().unwrap().starts_with("lost: "), "{document}");
}

#[test]
fn who_may_not_capture_is_told_what_to_do() {
    let Some(network) = Network::new("nobody") else { return };
    let copy = tempfile::Builder::new().prefix("portolan-").tempfile_in("/tmp").unwrap().into_temp_path();
    fs::copy(PORTOLAN, &copy).unwrap();
    fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = network
        .command("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", copy.to_str().unwrap()])
        .args(["live", "--no-rules", network.interface()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("setcap cap_net_raw"), "{message}");
}
