//! Conversations and totals of the recorded captures, compared with tshark's.
//!
//! Skipped where there is no tshark, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use portolan::classify::PortTable;
use portolan::flow::FlowOptions;
use portolan::meter::{DecidedFlow, FlowSink, Meter};
use portolan::net::{Endpoint, Transport};
use portolan::source::{CaptureReader, Source};

/// Packets and bytes by transport and endpoints, the smaller endpoint first.
type Conversations = BTreeMap<(Transport, [Endpoint; 2]), (u64, u64)>;

/// All that tshark prints, one packet a line; several values of a field are those of several layers.
const FIELDS: [&str; 12] = [
    "frame.len",
    "frame.protocols",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "tcp.srcport",
    "tcp.dstport",
    "udp.srcport",
    "udp.dstport",
    "sctp.srcport",
    "sctp.dstport",
];

fn tshark(capture: &Path) -> Option<String> {
    let mut command = Command::new("tshark");
    command.args([
        "-n",
        "-o",
        "ip.defragment:FALSE",
        "-o",
        "ipv6.defragment:FALSE",
        "-T",
        "fields",
        "-E",
        "occurrence=a",
    ]);
    command.args(FIELDS.iter().flat_map(|field| ["-e", field])).arg("-r").arg(capture);
    match command.output() {
        Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
        Err(error) => {
            assert!(std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "tshark is required: {error}");
            None
        }
    }
}

/// The innermost conversation that a line tells of, and the length of its frame.
fn conversation(line: &str) -> (Option<(Transport, [Endpoint; 2])>, u64) {
    let fields: BTreeMap<&str, &str> = FIELDS.into_iter().zip(line.split('\t')).collect();
    let length = fields["frame.len"].parse().unwrap();
    // What an ICMP error quotes is no conversation.
    let layers: Vec<&str> =
        fields["frame.protocols"].split(':').take_while(|layer| !layer.starts_with("icmp")).collect();
    let Some(place) = layers.iter().rposition(|layer| Transport::from_name(layer).is_some()) else {
        return (None, length);
    };
    let value = |name: &str, layer: &str, before: usize| {
        let nth = layers[..before].iter().filter(|other| **other == layer).count();
        fields[name].split(',').nth(nth).unwrap().to_owned()
    };
    let network = layers[..place].iter().rposition(|layer| ["ip", "ipv6"].contains(layer)).unwrap();
    let end = |which: &str| {
        let address: IpAddr =
            value(&format!("{}.{which}", layers[network]), layers[network], network).parse().unwrap();
        let port = value(&format!("{}.{which}port", layers[place]), layers[place], place).parse().unwrap();
        Endpoint::new(address, port)
    };
    let mut endpoints = [end("src"), end("dst")];
    endpoints.sort();
    (Transport::from_name(layers[place]).map(|transport| (transport, endpoints)), length)
}

struct Ours(Conversations);

impl FlowSink for Ours {
    fn flow(&mut self, DecidedFlow { record, .. }: &DecidedFlow<'_>) -> std::io::Result<()> {
        let known = self.0.insert((record.transport, record.endpoints), (record.packets(), record.bytes()));
        assert_eq!(known, None);
        Ok(())
    }
}

#[test]
fn conversations_and_totals_are_those_of_tshark() {
    let folder = Path::new("testdata");
    let captures = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_capture = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension.to_string_lossy().starts_with("pcap"))
    };
    for path in captures.filter(is_capture) {
        let Some(lines) = tshark(&path) else {
            eprintln!("SKIPPED: there is no tshark");
            return;
        };
        let (mut theirs, mut packets, mut bytes) = (Conversations::new(), 0, 0);
        for (conversation, length) in lines.lines().map(conversation) {
            packets += 1;
            bytes += length;
            if let Some(conversation) = conversation {
                let counted = theirs.entry(conversation).or_default();
                *counted = (counted.0 + 1, counted.1 + length);
            }
        }
        let options = FlowOptions { idle_timeout_ns: None, ..FlowOptions::default() };
        let mut ours = Ours(Conversations::new());
        let mut meter = Meter::new(Arc::new(PortTable::built_in()), &options).with_sink(&mut ours);
        let mut capture = CaptureReader::open(&path).unwrap();
        while let Some(frame) = capture.next_frame().unwrap() {
            meter.frame(&frame);
        }
        let summary = meter.finish().unwrap();
        assert_eq!(
            (summary.capture.packets, summary.capture.wire_bytes),
            (packets, bytes),
            "{}",
            path.display()
        );
        assert_eq!(ours.0, theirs, "{}", path.display());
    }
}
