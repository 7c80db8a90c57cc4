//! The services of captures, by bytes:
//!
//! ```text
//! cargo run --example summarise -- testdata/http.pcap
//! ```
//!
//! Several captures are read as one: flows carry across.

use std::cmp::Reverse;
use std::process::ExitCode;

use portolan::flow::FlowOptions;
use portolan::read;

fn main() -> ExitCode {
    let summary = read::summarise(std::env::args_os().skip(1), &FlowOptions::default());

    let mut services: Vec<_> = summary.services.iter().collect();
    services.sort_by_key(|(_, totals)| Reverse(totals.counts.volume.bytes));
    for (key, totals) in services {
        let port = key.port.map_or_else(|| "-".to_owned(), |port| port.to_string());
        let (flows, bytes) = (totals.counts.flows, totals.counts.volume.bytes);
        println!("{:20} {:>5}/{:4} {flows:>6} flows {bytes:>12} bytes", key.service, port, key.transport);
    }

    // A broken capture is no error: what came before the defect is in the summary, and so is the reason.
    for input in summary.inputs.iter().filter(|input| !input.complete) {
        eprintln!("{}: {}", input.path, input.message);
    }
    if summary.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
