//! What Prometheus makes of the metrics.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::documents::queries;
use super::live::{Live, Metrics, get, poll};
use super::{OFFICE, is_there};

/// The example in the documents.
const SCRAPE: &str = "docs/prometheus.yml";
/// The address that it scrapes.
const DOCUMENTED: &str = "127.0.0.1:9477";

fn has_tool(name: &str) -> bool {
    let found = Command::new(name).arg("--version").output().is_ok();
    assert!(found || std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "{name} is required");
    if !found {
        eprintln!("SKIPPED: there is no {name}");
    }
    found
}

/// The metrics in the older format, which is all that promtool checks: it puts endings like `_total` to the family's name.
fn in_the_older_format(metrics: &Metrics) -> String {
    let mut text = String::new();
    let kinds = metrics.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let kinds: Vec<(&str, &str)> = kinds.collect();
    for line in metrics.text.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        let Some((comment, (name, rest))) = ["# HELP ", "# TYPE "]
            .iter()
            .find_map(|start| Some((start, line.strip_prefix(start)?.split_once(' ')?)))
        else {
            text += line;
            text += "\n";
            continue;
        };
        let (ending, rest) = match kinds.iter().find(|(of, _)| *of == name).unwrap().1 {
            "counter" => ("_total", rest),
            "info" => ("_info", if *comment == "# TYPE " { "gauge" } else { rest }),
            _ => ("", rest),
        };
        text += &[comment, name, ending, " ", rest, "\n"].concat();
    }
    text
}

#[test]
fn promtool_has_no_complaint() {
    if !is_there(OFFICE) || !has_tool("promtool") {
        return;
    }
    let live = Live::replay(Path::new(OFFICE), &[]);
    let text = in_the_older_format(&live.metrics_after(3317));
    live.finish();
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = command.spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    let output = Command::new("promtool").args(["check", "config", SCRAPE]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// A Prometheus of its own.
struct Prometheus {
    process: Child,
    address: SocketAddr,
}

impl Prometheus {
    /// Scrapes as the example in the documents does, but from another address and more often.
    fn scraping(address: SocketAddr, folder: &Path) -> Self {
        let example = fs::read_to_string(SCRAPE).unwrap();
        assert!(example.contains(DOCUMENTED));
        let lines: Vec<&str> = example.lines().filter(|line| !line.contains("scrape_interval")).collect();
        let config =
            lines.join("\n").replace(DOCUMENTED, &address.to_string()) + "\nglobal:\n  scrape_interval: 1s\n";
        fs::write(folder.join("prometheus.yml"), config).unwrap();
        // A port that was free a moment ago.
        let own = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new("prometheus");
        command.current_dir(folder).arg(format!("--web.listen-address={own}"));
        command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error"]);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        Self { process, address: own }
    }

    /// What it answers to a query; nothing while it does not run yet.
    fn query(&self, query: &str) -> Option<Value> {
        std::net::TcpStream::connect(self.address).ok()?;
        let escaped = query.bytes().fold(String::new(), |escaped, byte| format!("{escaped}%{byte:02x}"));
        let response = get(self.address, &format!("/api/v1/query?query={escaped}"));
        serde_json::from_str(response.split_once("\r\n\r\n")?.1).ok()
    }

    /// The value of a query with one result.
    fn value(&self, query: &str) -> Option<u64> {
        let answer = self.query(query)?;
        answer.pointer("/data/result/0/value/1")?.as_str()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn prometheus_scrapes_what_was_counted_and_answers_the_dashboard() {
    if !is_there(OFFICE) || !has_tool("prometheus") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let live = Live::replay(Path::new(OFFICE), &[]);
    let metrics = live.metrics_after(3317);
    let prometheus = Prometheus::scraping(live.address, folder.path());
    poll("a scrape", || prometheus.value("up{job=\"portolan\"} == 1"));
    let bytes = poll("the bytes", || prometheus.value("sum(portolan_traffic_bytes_total)"));
    assert_eq!(bytes, metrics.sum("portolan_traffic_bytes_total", &[]));
    let series = poll("the series", || prometheus.value("count({__name__=~\"portolan_.+\"})"));
    assert_eq!(series, metrics.samples.len() as u64);
    for query in queries() {
        let answer = prometheus.query(&query).unwrap();
        assert_eq!(answer["status"], "success", "{query}: {answer}");
    }
    drop(prometheus);
    live.finish();
}
