//! A record of every flow on standard output, one JSON object a line:
//!
//! ```text
//! cargo run --example flows -- testdata/http.pcap | head -n 1
//! ```

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;

use portolan::classify::PortTable;
use portolan::flow::FlowOptions;
use portolan::read::Reading;
use portolan::report::{FlowFormat, FlowRecords};
use portolan::source::CaptureReader;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output, such as `head`, had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("flows: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    // A record is written in small pieces, so the buffer matters.
    let mut flows =
        FlowRecords::new(FlowFormat::Ndjson, &PortTable::built_in(), BufWriter::new(io::stdout()))?;
    let mut reading = Reading::new(&FlowOptions::default()).with_sink(&mut flows);
    for path in std::env::args().skip(1) {
        let report = reading.read(&path, CaptureReader::open(&path), &mut |_| ControlFlow::Continue(()));
        if !report.complete {
            eprintln!("{path}: {}", report.message);
        }
    }
    reading.finish()?;
    flows.finish()?.flush()
}
