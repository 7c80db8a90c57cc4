//! Flow records as NDJSON, while they come.

use std::io::{self, Write};

use super::flow_record::{FlowEnd, FlowLine};
use crate::classify;
use crate::meter::{DecidedFlow, FlowSink};

/// Writes one JSON object a line for each flow, in the names of the Elastic Common Schema.
///
/// ```no_run
/// use std::ops::ControlFlow;
/// use portolan::{flow::FlowOptions, read::Reading, report::NdjsonFlows, source::CaptureReader};
///
/// let mut flows = NdjsonFlows::new(std::io::stdout());
/// let mut reading = Reading::new(&FlowOptions::default()).with_sink(&mut flows);
/// let path = "office.pcapng";
/// reading.read(path, CaptureReader::open(path), &mut |_| ControlFlow::Continue(()));
/// reading.finish()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct NdjsonFlows<W> {
    out: W,
}

impl<W: Write> NdjsonFlows<W> {
    /// Writes to `out`, line by line: give it a buffer.
    pub const fn new(out: W) -> Self {
        Self { out }
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.out
    }
}

impl<W: Write> FlowSink for NdjsonFlows<W> {
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> io::Result<()> {
        let DecidedFlow { record, observed, decision, table, .. } = *flow;
        // Where no side was chosen, whoever spoke first stands for the client.
        let server = decision.service_side.unwrap_or(record.opener.other());
        let end = |side| FlowEnd { endpoint: record.endpoint(side), sent: record.sent_by(side) };
        let candidates = classify::candidates(observed, decision, table);
        FlowLine {
            transport: record.transport,
            client: end(server.other()),
            server: end(server),
            span: record.span,
            service: table.service_name(decision.service),
            category: &table.category(decision.category).id,
            basis: decision.basis.name(),
            side_confidence: decision.side_confidence,
            service_confidence: decision.service_confidence,
            candidates: candidates.iter().map(|candidate| table.service_name(candidate.service)).collect(),
            handshake_rtt_ns: record.handshake_rtt_ns(),
        }
        .write(&mut self.out)
    }
}
