//! The decisions about one endpoint, or one flow, of an input.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::document::Document;
use super::{Told, text};
use crate::classify::{self, Explanation, Habits, PortTable};
use crate::merge::Merge;
use crate::meter::{DecidedFlow, FlowSink};
use crate::net::{Endpoint, Side, Transport};
use crate::report::ReportOptions;
use crate::report::json::LossCounts;
use crate::report::schema;
use crate::report::text::{Cell, Column, Page, Table, Tone, loss};
use crate::report::units::{bytes, counted, thousands};
use crate::summary::{Counts, Summary};

/// What is to be explained: an endpoint, or the flows between two of them.
///
/// As text, the transport, an address and a port; behind a comma, those of a peer: `tcp:10.0.0.5:9000`,
/// `udp:[2001:db8::1]:53,[2001:db8::2]:40000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExplainTarget {
    transport: Transport,
    endpoint: Endpoint,
    peer: Option<Endpoint>,
}

/// Why a text is no [`ExplainTarget`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It does not begin with a transport.
    #[error("has to begin with tcp:, udp: or sctp:, as in tcp:10.0.0.5:9000")]
    Transport,
    /// An address and port cannot be read.
    #[error("\"{0}\" is no address and port, such as 10.0.0.5:9000 or [2001:db8::1]:53")]
    Endpoint(String),
}

impl FromStr for ExplainTarget {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (transport, endpoints) = text.split_once(':').ok_or(TargetError::Transport)?;
        let transport = Transport::from_name(transport).ok_or(TargetError::Transport)?;
        let (endpoint, peer) = match endpoints.split_once(',') {
            Some((endpoint, peer)) => (endpoint, Some(read_endpoint(peer)?)),
            None => (endpoints, None),
        };
        Ok(Self { transport, endpoint: read_endpoint(endpoint)?, peer })
    }
}

fn read_endpoint(text: &str) -> Result<Endpoint, TargetError> {
    let read = || {
        let (address, port) = text.rsplit_once(':')?;
        let address = match address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inner) => IpAddr::V6(inner.parse::<Ipv6Addr>().ok()?),
            None => IpAddr::V4(address.parse().ok()?),
        };
        Some(Endpoint::new(address, port.parse().ok()?))
    };
    read().ok_or_else(|| TargetError::Endpoint(text.to_owned()))
}

impl ExplainTarget {
    /// The side of a flow that it is about.
    fn side_of(&self, flow: &DecidedFlow<'_>) -> Option<Side> {
        let is_wanted = |side: &Side| {
            flow.record.endpoint(*side) == self.endpoint
                && self.peer.is_none_or(|peer| flow.record.endpoint(side.other()) == peer)
        };
        Side::BOTH.into_iter().find(|side| flow.record.transport == self.transport && is_wanted(side))
    }
}

/// Flows that are sorted together, at least, to find the heaviest.
const SORTED_AT_ONCE: usize = 4096;

/// Collects the decisions about an endpoint: how many flows were decided how, and the heaviest ones with all evidence.
#[derive(Clone, Debug)]
pub struct ExplainedFlows {
    table: Arc<PortTable>,
    target: ExplainTarget,
    most: usize,
    habits: Habits,
    total: Counts,
    /// By basis and service.
    verdicts: BTreeMap<(&'static str, String), Counts>,
    heaviest: Vec<Explained>,
}

#[derive(Clone, Debug)]
struct Explained {
    explanation: Explanation,
    /// The side of the endpoint that was asked about.
    side: Side,
    counts: Counts,
}

impl ExplainedFlows {
    /// Nothing seen yet. `most` flows are kept; 0 for all. The flows have to be decided by `table`.
    pub fn new(target: ExplainTarget, most: usize, table: Arc<PortTable>) -> Self {
        let (habits, total, verdicts, heaviest) = Default::default();
        let most = if most == 0 { usize::MAX } else { most };
        Self { table, target, most, habits, total, verdicts, heaviest }
    }

    /// Keeps a flow, and from time to time only the heaviest.
    fn keep(&mut self, explained: Explained) {
        self.heaviest.push(explained);
        if self.heaviest.len() >= self.most.saturating_mul(2).max(SORTED_AT_ONCE) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.heaviest.sort_by_cached_key(|explained| {
            let volume = explained.counts.volume;
            let peer = explained.explanation.flow.endpoint(explained.side.other());
            Reverse((volume.bytes, volume.packets, Reverse(peer)))
        });
        self.heaviest.truncate(self.most);
    }

    /// Writes it for people: what was lost on the way to `summary`, what was learned of the endpoint, its flows, and why the heaviest was decided as it was.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_text(
        &mut self,
        summary: &Summary,
        options: &ReportOptions,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.cut();
        let mut page = Page::new(out, options);
        loss::write(summary, &mut page)?;
        let heading = format!("{}, {}", self.title(), counted(self.total.flows, "flow"));
        page.paragraph(0, Tone::Strong, &heading)?;
        if self.total.flows == 0 {
            return Ok(());
        }
        if let Some(habits) = self.habits_in_words() {
            page.paragraph(2, Tone::Plain, &habits)?;
        }
        self.write_verdicts(&mut page)?;
        self.write_heaviest(&mut page)?;
        for explained in self.heaviest.iter().take(1) {
            let Explained { explanation, side, .. } = explained;
            page.title("Why the heaviest was decided so")?;
            text::write(&Told { explanation, source: side.other(), table: &self.table }, &mut page)?;
        }
        Ok(())
    }

    fn title(&self) -> String {
        let ExplainTarget { transport, endpoint, peer } = self.target;
        match peer {
            Some(peer) => format!("{transport} {endpoint} with {peer}"),
            None => format!("{transport} {endpoint}"),
        }
    }

    fn habits_in_words(&self) -> Option<String> {
        let peers = self.habits.peers();
        let said = match (self.habits.listens, peers) {
            (true, 0..=1) => "answered a SYN".to_owned(),
            (true, _) => format!("answered a SYN, and was talked to from at least {peers} ports"),
            (false, 2..) => format!("was talked to from at least {peers} ports"),
            (false, _) => return None,
        };
        Some(format!("Learned from the whole input: {said}."))
    }

    fn write_verdicts(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.title("Decided as")?;
        let mut table = Table::new(vec![
            Column::names("Service", 8),
            Column::left("Basis"),
            Column::right("Flows"),
            Column::right("Bytes"),
        ]);
        for ((basis, service), counts) in &self.verdicts {
            table.row(vec![
                Cell::new(Tone::Strong, service),
                (*basis).into(),
                thousands(counts.flows).into(),
                bytes(counts.volume.bytes).into(),
            ]);
        }
        table.write(page)
    }

    fn write_heaviest(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.title("Heaviest flows")?;
        let mut rows = Table::new(vec![
            Column::names("Peer", 12),
            Column::right("Bytes"),
            Column::right("Packets"),
            Column::names("Service", 8),
            Column::left("Basis"),
            Column::right("Side"),
        ]);
        for Explained { explanation, side, counts } in &self.heaviest {
            let decision = explanation.decision;
            rows.row(vec![
                explanation.flow.endpoint(side.other()).to_string().into(),
                bytes(counts.volume.bytes).into(),
                thousands(counts.volume.packets).into(),
                self.table.service_name(decision.service).into(),
                decision.basis.name().into(),
                text::share(decision.side_confidence).into(),
            ]);
        }
        rows.write(page)
    }

    /// Writes it, with what was lost on the way to `summary`, as one JSON object, schema `portolan.explain-endpoint/1`, and a newline.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_json(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        self.cut();
        let flows = self.heaviest.iter().map(|Explained { explanation, side, counts }| FlowDocument {
            peer: explanation.flow.endpoint(side.other()).to_string(),
            packets: counts.volume.packets,
            bytes: counts.volume.bytes,
            decision: Document::of(&Told { explanation, source: side.other(), table: &self.table }),
        });
        let document = EndpointDocument {
            schema: "portolan.explain-endpoint/1",
            transport: self.target.transport.name(),
            endpoint: self.target.endpoint.to_string(),
            peer: self.target.peer.map(|peer| peer.to_string()),
            complete: summary.is_complete(),
            loss: LossCounts::of(summary.loss),
            learned: LearnedDocument { listens: self.habits.listens, peers: self.habits.peers() },
            packets: self.total.volume.packets,
            bytes: self.total.volume.bytes,
            flows: self.total.flows,
            heaviest: flows.collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        out.write_all(b"\n")
    }
}

impl FlowSink for ExplainedFlows {
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> io::Result<()> {
        let Some(side) = self.target.side_of(flow) else { return Ok(()) };
        let counts = Counts::of(flow.record);
        let explanation = classify::explain(flow.observed, flow.table, flow.learned);
        let service = flow.table.service_name(flow.decision.service).to_owned();
        self.habits.merge(Habits::of(flow.observed, side));
        self.total.merge(counts);
        self.verdicts.entry((flow.decision.basis.name(), service)).or_default().merge(counts);
        self.keep(Explained { explanation, side, counts });
        Ok(())
    }
}

#[derive(JsonSchema, Serialize)]
struct EndpointDocument<'a> {
    #[schemars(extend("const" = "portolan.explain-endpoint/1"))]
    schema: &'static str,
    transport: &'static str,
    endpoint: String,
    peer: Option<String>,
    complete: bool,
    loss: LossCounts,
    learned: LearnedDocument,
    packets: u64,
    bytes: u64,
    flows: u64,
    heaviest: Vec<FlowDocument<'a>>,
}

#[derive(JsonSchema, Serialize)]
struct LearnedDocument {
    listens: bool,
    peers: u32,
}

#[derive(JsonSchema, Serialize)]
struct FlowDocument<'a> {
    peer: String,
    packets: u64,
    bytes: u64,
    #[serde(flatten)]
    decision: Document<'a>,
}

/// The schema of the answer about an endpoint.
pub(in crate::report) fn endpoint_schema() -> Schema {
    schema::of::<EndpointDocument<'static>>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        let target: ExplainTarget = "udp:[2001:db8::1]:53,[2001:db8::2]:40000".parse().expect("a flow");
        assert_eq!(target.peer.map(|peer| peer.port), Some(40_000));
        let target: ExplainTarget = "tcp:10.0.0.5:9000".parse().expect("an endpoint");
        assert_eq!((target.endpoint.port, target.peer), (9000, None));
    }

    #[test]
    fn what_is_no_target_is_told() {
        let error = |text: &str| text.parse::<ExplainTarget>().expect_err(text);
        assert_eq!(error("10.0.0.5:9000"), TargetError::Transport);
        assert_eq!(error("icmp:10.0.0.5:9000"), TargetError::Transport);
        for bad in ["10.0.0.5", "10.0.0.5:70000", "2001:db8::1:53", "[10.0.0.5]:53", ""] {
            assert_eq!(error(&format!("tcp:{bad}")), TargetError::Endpoint(bad.to_owned()));
        }
    }
}
