//! `portolan read --anonymize`: no output has a true address, and nothing else changes.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

mod validated;

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Output};

use portolan::pseudonyms::Pseudonyms;
use serde_json::Value;
use tempfile::TempDir;

const KEY: &[u8; 32] = b"a key for tests, of 32 bytes....";

fn portolan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portolan")).args(arguments).output().unwrap()
}

/// A folder with a key.
struct Keyed(TempDir);

impl Keyed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key"), KEY).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// What `portolan read` makes of a capture, with pseudonyms or without: the summary, and the flow records in a file.
    fn read(&self, capture: &str, is_anonymous: bool, format: &str, flows: &str) -> [String; 2] {
        let flows = self.path(flows);
        let summary = self.run(capture, is_anonymous, format, &["--flows", &flows]);
        [summary, fs::read_to_string(flows).unwrap()]
    }

    fn run(&self, capture: &str, is_anonymous: bool, format: &str, more: &[&str]) -> String {
        let key = self.path("key");
        let capture = format!("{}/testdata/{capture}", env!("CARGO_MANIFEST_DIR"));
        let mut arguments =
            vec!["read", "-q", "--no-rules", "--top", "0", "--talkers", "0", "--format", format, &capture];
        arguments.extend(more);
        if is_anonymous {
            arguments.extend(["--anonymize", &key]);
        }
        let output = portolan(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(validated::json).collect()
}

fn addresses(records: &[Value]) -> BTreeSet<IpAddr> {
    let ends = records.iter().flat_map(|record| [&record["source"], &record["destination"]]);
    ends.map(|end| end["ip"].as_str().unwrap().parse().unwrap()).collect()
}

/// One of the addresses that a text has.
fn tells<'a>(text: &str, addresses: &'a BTreeSet<IpAddr>) -> Option<&'a IpAddr> {
    let words: BTreeSet<&str> =
        text.split(|at: char| !at.is_ascii_hexdigit() && !".:".contains(at)).collect();
    addresses.iter().find(|address| words.contains(&*address.to_string()))
}

const CAPTURES: [&str; 3] = ["office.pcapng", "mdns.pcapng", "openvpn.pcapng"];

#[test]
fn the_same_flows_come_under_other_addresses() {
    let (keyed, pseudonyms) = (Keyed::new(), Pseudonyms::new(*KEY));
    for capture in CAPTURES {
        let [_, plain] = keyed.read(capture, false, "json", "plain.ndjson");
        let [_, renamed] = keyed.read(capture, true, "json", "renamed.ndjson");
        let mut expected = records(&plain);
        let mut found = records(&renamed);
        for record in &mut expected {
            for end in ["source", "destination"] {
                let address: IpAddr = record[end]["ip"].as_str().unwrap().parse().unwrap();
                record[end]["ip"] = pseudonyms.of(address).to_string().into();
            }
        }
        for record in expected.iter_mut().chain(&mut found) {
            // It is made of the addresses that are shown.
            record["network"]["community_id"].take();
        }
        assert!(expected == found, "{capture}");
    }
}

#[test]
fn no_output_has_a_true_address() {
    let keyed = Keyed::new();
    for capture in CAPTURES {
        let [_, plain] = keyed.read(capture, false, "json", "plain.ndjson");
        let true_ones = addresses(&records(&plain));
        assert!(!true_ones.is_empty());
        for format in ["text", "json", "csv", "markdown", "html", "prometheus"] {
            for flows in ["flows.ndjson", "flows.csv", "conn.log"] {
                for text in keyed.read(capture, true, format, flows) {
                    assert_eq!(tells(&text, &true_ones), None, "{capture} as {format} and {flows}");
                }
            }
        }
    }
}

/// The values of a batch, each column by itself.
#[cfg(feature = "arrow")]
fn words_of(batch: &arrow_array::RecordBatch) -> String {
    let rows = (0..batch.num_rows()).map(|row| batch.slice(row, 1));
    rows.map(|row| format!("{:?}", row.columns())).collect::<Vec<_>>().join("\n")
}

#[test]
#[cfg(feature = "arrow")]
fn no_column_has_a_true_address() {
    use arrow_ipc::reader::FileReader;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let keyed = Keyed::new();
    for capture in CAPTURES {
        let true_ones = addresses(&records(&keyed.read(capture, false, "json", "plain.ndjson")[1]));
        for is_anonymous in [false, true] {
            for name in ["flows.parquet", "flows.arrow"] {
                keyed.run(capture, is_anonymous, "json", &["--flows", &keyed.path(name)]);
            }
            let open = |name| fs::File::open(keyed.path(name)).unwrap();
            let parquet =
                ParquetRecordBatchReaderBuilder::try_new(open("flows.parquet")).unwrap().build().unwrap();
            let arrow = FileReader::try_new(open("flows.arrow"), None).unwrap();
            let [parquet, arrow]: [String; 2] = [
                parquet.map(|batch| words_of(&batch.unwrap())).collect(),
                arrow.map(|batch| words_of(&batch.unwrap())).collect(),
            ];
            for text in [parquet, arrow] {
                assert_eq!(tells(&text, &true_ones).is_some(), !is_anonymous, "{capture}");
            }
        }
    }
}

#[test]
fn no_message_of_ipfix_has_a_true_address() {
    let keyed = Keyed::new();
    let octets = |address: &IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    for capture in CAPTURES {
        let mut true_ones = addresses(&records(&keyed.read(capture, false, "json", "plain.ndjson")[1]));
        // The octets of small numbers as well.
        true_ones.retain(|address| !address.is_unspecified());
        for is_anonymous in [false, true] {
            let path = keyed.path("flows.ipfix");
            keyed.run(capture, is_anonymous, "json", &["--ipfix", &path]);
            let bytes = fs::read(path).unwrap();
            let is_told = |address: &IpAddr| {
                let octets = octets(address);
                bytes.windows(octets.len()).any(|window| window == octets)
            };
            let told: Vec<&IpAddr> = true_ones.iter().filter(|address| is_told(address)).collect();
            assert_eq!(told.len(), if is_anonymous { 0 } else { true_ones.len() }, "{capture}: {told:?}");
        }
    }
}

#[test]
fn summaries_with_pseudonyms_of_one_key_are_merged_and_compared() {
    let keyed = Keyed::new();
    let [one, other] = ["office.pcapng", "openvpn.pcapng"].map(|capture| {
        let path = keyed.path(&format!("{capture}.json"));
        let [document, _] = keyed.read(capture, true, "json", "flows.csv");
        fs::write(&path, document).unwrap();
        path
    });
    let merged = portolan(&["merge", &one, &one]);
    let double = validated::json(&merged.stdout);
    let single = validated::json(&fs::read(&one).unwrap());
    let hosts = |document: &Value| document["talkers"][0]["hosts"]["listed"].as_array().unwrap().clone();
    let doubled =
        hosts(&single).into_iter().map(|row| (row["address"].clone(), row["bytes"].as_u64().unwrap() * 2));
    let found =
        hosts(&double).into_iter().map(|row| (row["address"].clone(), row["bytes"].as_u64().unwrap()));
    assert_eq!(found.collect::<Vec<_>>(), doubled.collect::<Vec<_>>());
    assert_eq!(portolan(&["diff", &one, &one, "--fail-over", "0%"]).status.code(), Some(0));
    assert_eq!(portolan(&["diff", &one, &other, "--fail-over", "0%"]).status.code(), Some(5));
}

#[test]
fn true_addresses_and_pseudonyms_are_not_mixed() {
    let keyed = Keyed::new();
    let other_key = keyed.path("other-key");
    fs::write(&other_key, "0123456789abcdef0123456789abcdef").unwrap();
    let read = |name: &str, capture: &str, more: &[&str]| {
        let (path, capture) =
            (keyed.path(name), format!("{}/testdata/{capture}", env!("CARGO_MANIFEST_DIR")));
        let read = ["read", "-q", "--no-rules", &capture, "--format", "json", "-o", &path];
        assert!(portolan(&[&read, more].concat()).status.success());
        path
    };
    let mark = |path: &str| validated::json(&fs::read(path).unwrap())["anonymized"].clone();
    let key = keyed.path("key");
    let plain = read("plain", "http.pcap", &["--talkers", "3"]);
    let one = read("one", "http.pcap", &["--talkers", "3", "--anonymize", &key]);
    let again = read("again", "openvpn.pcapng", &["--anonymize", &key]);
    let other = read("other", "http.pcap", &["--talkers", "3", "--anonymize", &other_key]);
    assert!(mark(&plain).is_null() && mark(&one).is_string());
    assert_eq!((mark(&again), mark(&one) == mark(&other)), (mark(&one), false));
    if cfg!(feature = "live") {
        let capture = format!("{}/testdata/http.pcap", env!("CARGO_MANIFEST_DIR"));
        let live = ["live", "--replay", &capture, "--speed", "max", "--format", "json", "--anonymize", &key];
        assert_eq!(validated::json(&portolan(&live).stdout)["anonymized"], mark(&one));
    }
    for pair in [[&plain, &one], [&one, &plain], [&one, &other], [&again, &plain]] {
        for command in ["merge", "diff"] {
            let ended = portolan(&[command, pair[0], pair[1]]);
            let told = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(
                (ended.status.code(), told.lines().count()),
                (Some(1), 1),
                "{command} {pair:?}: {told}"
            );
            assert!(told.contains("--anonymize") && told.contains(pair[1].as_str()), "{told}");
        }
    }
    let merged = portolan(&["merge", &one, &again]);
    assert!(merged.status.success());
    assert_eq!(validated::json(&merged.stdout)["anonymized"], mark(&one));
    // Where nothing shows addresses there is nothing to mix.
    let without = [read("a", "http.pcap", &[]), read("b", "http.pcap", &["--anonymize", &key])];
    for command in ["merge", "diff"] {
        assert!(portolan(&[command, &without[0], &without[1]]).status.success());
    }
}

#[test]
fn what_is_no_key_is_told_in_one_line_before_anything_is_read() {
    let keyed = Keyed::new();
    let short = keyed.path("short");
    fs::write(&short, "secret\n").unwrap();
    let output = keyed.path("summary.txt");
    for key in [&short, &keyed.path("none")] {
        let capture = format!("{}/testdata/http.pcap", env!("CARGO_MANIFEST_DIR"));
        let ended = portolan(&["read", &capture, "--anonymize", key, "-o", &output]);
        let told = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), told.lines().count()), (Some(1), 1), "{told}");
        assert!(told.contains(key.as_str()) && !Path::new(&output).exists(), "{told}");
    }
}
