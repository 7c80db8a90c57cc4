//! A record of every flow, while they come.

#[cfg(feature = "arrow")]
mod arrow;
#[cfg(feature = "arrow")]
mod columns;
mod csv;
mod ipfix;
mod ndjson;
#[cfg(feature = "arrow")]
mod parquet;
mod zeek;

pub use ipfix::{IpfixCarrier, IpfixExporter};

pub(super) use ndjson::schema;

use std::fmt;
use std::io::{self, Write};

use crate::classify::{self, Basis, PortTable};
use crate::flow::Traffic;
use crate::meter::{DecidedFlow, FlowSink};
use crate::net::{Endpoint, PortClass, Timestamp, Transport};
use crate::report::community_id;

/// What flow records are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowFormat {
    /// One JSON object a line, in the names of the Elastic Common Schema.
    Ndjson,
    /// A row a flow, in the same names, dotted.
    Csv,
    /// Zeek's `conn.log`, with the columns that can be filled truthfully.
    Zeek,
    /// An Arrow IPC file, in the names of CSV, with types.
    #[cfg(feature = "arrow")]
    Arrow,
    /// A Parquet file, as Arrow.
    #[cfg(feature = "arrow")]
    Parquet,
}

impl FlowFormat {
    /// The format of files with an extension: `ndjson`, `csv` or `log`; with the feature `arrow` also `parquet` or `arrow`.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "ndjson" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            "log" => Some(Self::Zeek),
            #[cfg(feature = "arrow")]
            "parquet" => Some(Self::Parquet),
            #[cfg(feature = "arrow")]
            "arrow" => Some(Self::Arrow),
            _ => None,
        }
    }
}

/// Writes a record of each flow.
///
/// ```no_run
/// use std::ops::ControlFlow;
/// use portolan::report::{FlowFormat, FlowRecords};
/// use portolan::{classify::PortTable, flow::FlowOptions, read::Reading, source::CaptureReader};
///
/// let mut flows = FlowRecords::new(FlowFormat::Ndjson, &PortTable::built_in(), std::io::stdout())?;
/// let mut reading = Reading::new(&FlowOptions::default()).with_sink(&mut flows);
/// let path = "office.pcapng";
/// reading.read(path, CaptureReader::open(path), &mut |_| ControlFlow::Continue(()));
/// reading.finish()?;
/// flows.finish()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct FlowRecords<W: Write + Send>(Records<W>);

impl<W: Write + Send> fmt::Debug for FlowRecords<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowRecords").finish_non_exhaustive()
    }
}

enum Records<W: Write + Send> {
    Ndjson(W),
    Csv(Box<csv::Rows<W>>),
    Zeek(W),
    #[cfg(feature = "arrow")]
    Arrow(Box<arrow::Rows<W>>),
    #[cfg(feature = "arrow")]
    Parquet(Box<parquet::Rows<W>>),
}

impl<W: Write + Send> FlowRecords<W> {
    /// Writes to `out`, in small pieces: give it a buffer. `table` decides the flows.
    ///
    /// # Errors
    ///
    /// Those of `out`, which gets what comes before the first flow.
    #[cfg_attr(not(feature = "arrow"), expect(unused_variables))] // the other formats do not tell its version
    pub fn new(format: FlowFormat, table: &PortTable, mut out: W) -> io::Result<Self> {
        Ok(Self(match format {
            FlowFormat::Ndjson => Records::Ndjson(out),
            FlowFormat::Csv => Records::Csv(Box::new(csv::Rows::new(out)?)),
            FlowFormat::Zeek => {
                zeek::write_header(&mut out)?;
                Records::Zeek(out)
            }
            #[cfg(feature = "arrow")]
            FlowFormat::Parquet => Records::Parquet(Box::new(parquet::Rows::new(table, out)?)),
            #[cfg(feature = "arrow")]
            FlowFormat::Arrow => Records::Arrow(Box::new(arrow::Rows::new(table, out)?)),
        }))
    }

    /// Hands over everything, and returns what was written to.
    ///
    /// # Errors
    ///
    /// Those of what is written to.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Records::Ndjson(out) | Records::Zeek(out) => Ok(out),
            Records::Csv(rows) => rows.finish(),
            #[cfg(feature = "arrow")]
            Records::Parquet(rows) => rows.finish(),
            #[cfg(feature = "arrow")]
            Records::Arrow(rows) => rows.finish(),
        }
    }
}

impl<W: Write + Send> FlowSink for FlowRecords<W> {
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> io::Result<()> {
        let line = FlowLine::of(flow);
        match &mut self.0 {
            Records::Ndjson(out) => ndjson::write(&line, out),
            Records::Csv(rows) => rows.write(&line),
            Records::Zeek(out) => zeek::write(&line, out),
            #[cfg(feature = "arrow")]
            Records::Parquet(rows) => rows.write(&line),
            #[cfg(feature = "arrow")]
            Records::Arrow(rows) => rows.write(&line),
        }
    }
}

/// One flow with the service that it was decided to be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FlowLine<'a> {
    transport: Transport,
    /// The client's side. Where neither side is the service's alone: the side that opened the flow.
    client: FlowEnd,
    /// The service's side, or the other one.
    server: FlowEnd,
    /// The first and the last time stamp.
    span: Option<(Timestamp, Timestamp)>,
    /// The service's name; `unknown` if nothing tells.
    service: &'a str,
    category: &'a str,
    /// What showed the service's side.
    basis: Basis,
    /// How sure the service's side is, in permille.
    side_confidence: u16,
    /// How sure the service is, in permille.
    service_confidence: u16,
    /// What else it may be, by name.
    candidates: Vec<&'a str>,
    handshake_rtt_ns: Option<u64>,
}

/// One side of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FlowEnd {
    endpoint: Endpoint,
    sent: Traffic,
}

impl<'a> FlowLine<'a> {
    fn of(flow: &DecidedFlow<'a>) -> Self {
        let DecidedFlow { record, observed, decision, table, .. } = *flow;
        let server = flow.server();
        let end = |side| FlowEnd { endpoint: record.endpoint(side), sent: record.sent_by(side) };
        let candidates = classify::candidates(observed, decision, table);
        Self {
            transport: record.transport,
            client: end(server.other()),
            server: end(server),
            span: record.span,
            service: table.service_name(decision.service),
            category: &table.category(decision.category).id,
            basis: decision.basis,
            side_confidence: decision.side_confidence,
            service_confidence: decision.service_confidence,
            candidates: candidates.iter().map(|candidate| table.service_name(candidate.service)).collect(),
            handshake_rtt_ns: record.handshake_rtt_ns(),
        }
    }

    /// Packets both ways.
    const fn packets(&self) -> u64 {
        self.client.sent.packets + self.server.sent.packets
    }

    /// Bytes both ways.
    const fn bytes(&self) -> u64 {
        self.client.sent.bytes.saturating_add(self.server.sent.bytes)
    }

    /// `ipv4` or `ipv6`.
    const fn ip_version(&self) -> &'static str {
        if self.client.endpoint.address.is_ipv4() { "ipv4" } else { "ipv6" }
    }

    fn community_id(&self) -> String {
        community_id(self.transport, self.client.endpoint, self.server.endpoint)
    }
}

impl FlowEnd {
    const fn port_class(&self) -> PortClass {
        PortClass::of(self.endpoint.port)
    }
}
