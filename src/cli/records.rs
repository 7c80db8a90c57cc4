//! Where records of flows go: a file, a collector, or both.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, ValueHint};
use portolan::classify::PortTable;
use portolan::meter::{DecidedFlow, FlowSink};
use portolan::report::{FlowFormat, FlowRecords, IpfixExporter};

use super::collector::{Collector, Connection};
use super::output::Output;

/// Which records of flows are wanted.
#[derive(Debug, Args)]
pub(super) struct RecordsOptions {
    /// Write a record of every flow to a file: .ndjson, one JSON object a line; .csv; .log, as Zeek's conn.log;
    /// .parquet; .arrow
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = PathBufValueParser::new().try_map(check_flows_path))]
    flows: Option<PathBuf>,

    /// Export a record of every flow as IPFIX: to a collector, by UDP (HOST:PORT) or TCP (tcp:HOST:PORT), or to a file
    /// that ends in .ipfix
    #[arg(long, value_name = "WHERE", value_hint = ValueHint::Hostname)]
    ipfix: Option<Collector>,
}

const FLOW_FILES: &str = if cfg!(feature = "arrow") {
    "has to end in .ndjson, .csv, .log, .parquet or .arrow"
} else {
    "has to end in .ndjson, .csv or .log; .parquet and .arrow need a portolan with the feature arrow"
};

fn check_flows_path(path: PathBuf) -> Result<PathBuf, String> {
    let is_special = fs::metadata(&path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    if path == Path::new("-") || flow_format(&path).is_some() || is_special {
        Ok(path)
    } else {
        Err(FLOW_FILES.to_owned())
    }
}

fn flow_format(path: &Path) -> Option<FlowFormat> {
    FlowFormat::of_extension(path.extension()?.to_str()?)
}

impl RecordsOptions {
    /// The files that are written to; `-` is standard output.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let exported = self.ipfix.as_ref().and_then(Collector::file);
        self.flows.as_deref().into_iter().chain(exported)
    }

    /// Opens everything that is wanted, before anything is read.
    pub(super) fn open(&self, table: &PortTable) -> anyhow::Result<Records> {
        let written = self.flows.as_deref().map(|path| flow_records(path, table)).transpose()?;
        let exported = self.ipfix.as_ref().map(|collector| {
            Ok::<_, anyhow::Error>(Taker::new(collector.open()?, format!("cannot export to {collector}")))
        });
        Ok(Records { written, exported: exported.transpose()? })
    }
}

/// Begins the flow records: what has no extension, as standard output, gets NDJSON.
fn flow_records(path: &Path, table: &PortTable) -> anyhow::Result<Taker<FlowRecords<Output>>> {
    let format = flow_format(path).unwrap_or(FlowFormat::Ndjson);
    let refusal = format!("cannot write {}", path.display());
    let records = FlowRecords::new(format, table, Output::create(Some(path))?).context(refusal.clone())?;
    Ok(Taker::new(records, refusal))
}

/// What takes records. Who fails gets no more, and keeps neither the other nor the summary from anything.
pub(super) struct Records {
    written: Option<Taker<FlowRecords<Output>>>,
    exported: Option<Taker<IpfixExporter<Connection>>>,
}

struct Taker<S> {
    sink: S,
    failure: Option<io::Error>,
    /// How its failures are told.
    refusal: String,
}

impl<S> Taker<S> {
    const fn new(sink: S, refusal: String) -> Self {
        Self { sink, failure: None, refusal }
    }

    /// Completes it, if it took everything.
    fn finish<T>(self, complete: impl FnOnce(S) -> io::Result<T>) -> anyhow::Result<T> {
        self.failure.map_or(Ok(self.sink), Err).and_then(complete).context(self.refusal)
    }
}

impl<S: FlowSink> Taker<S> {
    fn flow(&mut self, flow: &DecidedFlow<'_>) {
        if self.failure.is_none() {
            self.failure = self.sink.flow(flow).err();
        }
    }
}

impl FlowSink for Records {
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> io::Result<()> {
        if let Some(taker) = &mut self.written {
            taker.flow(flow);
        }
        if let Some(taker) = &mut self.exported {
            taker.flow(flow);
        }
        Ok(())
    }
}

impl Records {
    /// Whether anybody takes them.
    pub(super) const fn is_wanted(&self) -> bool {
        self.written.is_some() || self.exported.is_some()
    }

    /// Completes what is written and what is exported.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let written = self.written.map_or(Ok(()), |taker| taker.finish(FlowRecords::finish)?.finish());
        let exported = self.exported.map_or(Ok(()), |taker| taker.finish(IpfixExporter::finish)?.finish());
        if let (Err(first), Err(_)) = (&written, &exported) {
            super::say(&format!("{first:#}"));
        }
        exported.and(written)
    }
}
