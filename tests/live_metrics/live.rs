//! The program under way, and what it shows.
//!
//! A replay at full speed ends at once. So that it can be looked at when everything is counted, it writes a summary that is
//! larger than a pipe into a pipe that nobody reads until then.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::validated;

/// What Linux gives to a pipe.
const PIPE: usize = 1 << 16;

/// `portolan live` under way.
pub(crate) struct Live {
    process: Child,
    stdout: ChildStdout,
    /// Kept open, for the program may have something to say.
    _stderr: BufReader<ChildStderr>,
    pub(crate) address: SocketAddr,
}

impl Live {
    /// Replays a capture, and holds the program before its end.
    pub(crate) fn replay(capture: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.args([
            "live",
            "--metrics",
            "127.0.0.1:0",
            "--speed",
            "max",
            "--format",
            "json",
            "--top",
            "0",
        ]);
        command.args(options).arg("--replay").arg(capture);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdout = process.stdout.take().unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address =
            line.trim_end().strip_prefix("portolan: metrics on http://").unwrap_or_else(|| panic!("{line}"));
        let address = address.strip_suffix("/metrics").unwrap().parse().unwrap();
        Self { process, stdout, _stderr: stderr, address }
    }

    /// The metrics when so many packets are counted, which are all.
    pub(crate) fn metrics_after(&self, packets: u64) -> Metrics {
        poll("all packets are counted", || {
            let metrics = self.metrics();
            (metrics.sum("portolan_captured_packets_total", &[]) == packets).then_some(metrics)
        })
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let response = get(self.address, "/metrics");
        let (head, text) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
        let content_type = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
        assert!(head.lines().any(|line| line == content_type), "{head}");
        Metrics::read(text)
    }

    /// Lets it end. Returns its summary.
    pub(crate) fn finish(mut self) -> Value {
        let mut summary = Vec::new();
        self.stdout.read_to_end(&mut summary).unwrap();
        assert!(self.process.wait().unwrap().success());
        assert!(summary.len() > PIPE, "{} bytes are not enough to hold the program", summary.len());
        validated::json(&summary)
    }
}

impl Drop for Live {
    /// Where a test failed before it ended.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks again and again, but not for ever.
pub(crate) fn poll<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1500 {
        if let Some(answer) = ask() {
            return answer;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("waited for nothing: {what}");
}

/// What is answered to a GET, in a version of HTTP without chunks.
pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    let mut server = TcpStream::connect(address).unwrap();
    server.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    server.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
    let mut response = String::new();
    server.read_to_string(&mut response).unwrap();
    response
}

pub(crate) type Labels = BTreeMap<String, String>;

/// What was scraped, taken apart. Only what this program writes: no label has a quote in it.
pub(crate) struct Metrics {
    pub(crate) text: String,
    pub(crate) samples: Vec<(String, Labels, f64)>,
}

impl Metrics {
    pub(crate) fn read(text: &str) -> Self {
        assert!(text.ends_with("\n# EOF\n"));
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let labels = labels.strip_suffix('}').unwrap().split_terminator("\",");
            let labels = labels.map(|label| label.trim_end_matches('"').split_once("=\"").unwrap());
            let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            (name.to_owned(), labels, value.parse().unwrap())
        });
        Self { text: text.to_owned(), samples: samples.collect() }
    }

    /// The sum of a metric's series with these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        whole(self.sum_of_any(name, labels))
    }

    pub(crate) fn sum_of_any(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has_labels =
            |of: &Labels| labels.iter().all(|(label, value)| of.get(*label).is_some_and(|of| of == value));
        let values = self.samples.iter().filter(|(of, labels, _)| of == name && has_labels(labels));
        values.map(|(_, _, value)| value).sum()
    }

    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.samples.iter().map(|(name, ..)| &**name).collect()
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is compared is small")]
pub(crate) fn whole(value: f64) -> u64 {
    assert!((value - value.round()).abs() < 1e-3, "{value}");
    value.round() as u64
}
