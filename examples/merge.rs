//! Two ways to read captures apart and put the results together:
//!
//! ```text
//! cargo run --example merge -- testdata/http.pcap testdata/dns.pcap
//! ```
//!
//! A [`Summary`] is small, and all that is left once a capture was read: merge summaries of captures that have no flow
//! in common, such as those of two links, or of two days. Everything adds up exactly, but a flow that goes on in
//! the next capture counts once in each.
//!
//! A [`Meter`] still holds the flows: merge meters of parts of one capture, such as the files of a ring buffer, or the
//! share of each thread. The result is that of reading all parts as one, wherever they were cut and in whatever order
//! they are merged.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use portolan::classify::PortTable;
use portolan::flow::FlowOptions;
use portolan::merge::Merge as _;
use portolan::meter::Meter;
use portolan::read;
use portolan::source::{CaptureReader, Source as _};
use portolan::summary::Summary;

fn main() -> Result<()> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let options = FlowOptions::default();
    tell("merged as summaries", &merge_summaries(&paths, &options));
    tell("merged as meters", &merge_meters(&paths, &options)?);
    Ok(())
}

fn tell(how: &str, summary: &Summary) {
    let counts = summary.classified();
    println!("{how}: {} packets, {} flows", summary.capture.packets, counts.flows);
}

fn merge_summaries(paths: &[PathBuf], options: &FlowOptions) -> Summary {
    let mut whole = Summary::default();
    for path in paths {
        whole.merge(read::summarise([path], options));
    }
    whole
}

/// Each capture is read by a thread of its own.
fn merge_meters(paths: &[PathBuf], options: &FlowOptions) -> Result<Summary> {
    let table = Arc::new(PortTable::built_in());
    let mut whole = Meter::new(Arc::clone(&table), options);
    thread::scope(|scope| {
        let threads: Vec<_> =
            paths.iter().map(|path| scope.spawn(|| meter_of(path, Arc::clone(&table), options))).collect();
        for thread in threads {
            whole.merge(thread.join().expect("a thread that reads does not panic")?);
        }
        Ok::<(), anyhow::Error>(())
    })?;
    Ok(whole.finish()?)
}

fn meter_of(path: &PathBuf, table: Arc<PortTable>, options: &FlowOptions) -> Result<Meter<'static>> {
    let name = || path.display().to_string();
    let mut meter = Meter::new(table, options);
    let mut capture = CaptureReader::open(path).with_context(name)?;
    while let Some(frame) = capture.next_frame().with_context(name)? {
        meter.frame(&frame);
    }
    Ok(meter)
}
