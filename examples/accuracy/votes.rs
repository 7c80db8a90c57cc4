//! Flows whose service side the handshake shows, decided once more with the handshake hidden.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use super::tables::{Judged, Outcome};
use portolan::classify::{self, Basis, Decision, Evidence, PortTable};
use portolan::flow::FlowOptions;
use portolan::meter::{DecidedFlow, FlowSink, Meter};
use portolan::net::{Endpoint, Side, Transport};
use portolan::packet::{Packet, PacketMeta, TcpFlags, walk};
use portolan::source::{CaptureReader, Source as _, SourceError};

/// One client host of one server endpoint.
pub(crate) struct Vote {
    /// Where it was captured.
    pub(crate) capture: String,
    /// Who answered the handshake, and at which port.
    pub(crate) server: Side,
    /// What was decided without the handshake.
    pub(crate) decision: Decision,
    /// From what.
    pub(crate) evidence: Vec<Evidence>,
    /// The ports, by side.
    pub(crate) ports: [u16; 2],
}

impl Vote {
    /// How the decision came out.
    pub(crate) fn judged(&self) -> Judged {
        let outcome = Outcome::of(self.decision.service_side, self.server);
        Judged { outcome, confidence: self.decision.side_confidence }
    }

    /// How it would have come out by the lower port.
    pub(crate) fn by_lower_port(&self) -> Judged {
        let lower = match self.ports[0].cmp(&self.ports[1]) {
            Ordering::Less => Some(Side::A),
            Ordering::Greater => Some(Side::B),
            Ordering::Equal => None,
        };
        Judged { outcome: Outcome::of(lower, self.server), confidence: 0 }
    }
}

/// Which handshakes are hidden.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// None: the capture as it is.
    None,
    /// Those of all connections, as in a capture that began later.
    All,
    /// Those of about half of the connections: what the others show can be learned.
    Half,
}

impl Hidden {
    fn hides(self, packet: &PacketMeta) -> bool {
        let is_handshake = packet.transport == Transport::Tcp && packet.flags.contains(TcpFlags::SYN);
        let ports = u32::from(packet.source_port) * u32::from(packet.destination_port);
        // A product of both ports is the same both ways; the golden ratio spreads it.
        let half = ports.wrapping_mul(0x9e37_79b9) >> 31 == 0;
        is_handshake && (self == Self::All || self == Self::Half && half)
    }
}

/// What a flow is known by, whichever way its packets go.
pub(crate) type Key = (Transport, [Endpoint; 2]);

/// A flow as it was decided.
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    evidence: Vec<Evidence>,
    /// Who asked for the connection, if the handshake shows it.
    pub(crate) client: Option<Side>,
    /// Whether that was answered.
    answered: bool,
}

#[derive(Default)]
struct All(HashMap<Key, Decided>);

impl FlowSink for All {
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> io::Result<()> {
        let key = (flow.record.transport, flow.record.endpoints);
        let evidence = classify::explain(flow.observed, flow.table, flow.learned).evidence;
        let handshake = &flow.record.handshake;
        let (client, answered) = (handshake.client(), handshake.answered());
        self.0.insert(key, Decided { decision: *flow.decision, evidence, client, answered });
        Ok(())
    }
}

/// Decides all flows of a capture. What comes before a defect counts.
pub(crate) fn decide_all(
    path: &Path,
    hidden: Hidden,
    table: &Arc<PortTable>,
) -> Result<HashMap<Key, Decided>, SourceError> {
    let mut decided = All::default();
    let options = FlowOptions { idle_timeout_ns: None, ..FlowOptions::default() };
    let mut meter = Meter::new(Arc::clone(table), &options).with_sink(&mut decided);
    let mut capture = CaptureReader::open(path)?;
    while let Ok(Some(frame)) = capture.next_frame() {
        let is_hidden = matches!(walk(&frame), Packet::Ports(packet) if hidden.hides(&packet));
        if !is_hidden {
            meter.frame(&frame);
        }
    }
    meter.finish()?;
    Ok(decided.0)
}

/// The votes of a capture.
pub(crate) fn votes_of(
    path: &Path,
    hidden: Hidden,
    table: &Arc<PortTable>,
) -> Result<Vec<Vote>, SourceError> {
    let seen = decide_all(path, Hidden::None, table)?;
    let without = decide_all(path, hidden, table)?;
    let mut votes: BTreeMap<(Endpoint, IpAddr), (Key, Vote)> = BTreeMap::new();
    for (key, Decided { decision: shown, answered, .. }) in seen {
        let is_truth = matches!(shown.basis, Basis::HandshakeSyn | Basis::Callback) && answered;
        let (Some(server), Some(hidden)) = (shown.service_side, without.get(&key)) else {
            continue;
        };
        // Of a connection that nothing was hidden of there is nothing to learn here.
        if !is_truth || hidden.client.is_some() {
            continue;
        }
        let vote = Vote {
            capture: name_of(path),
            server,
            decision: hidden.decision,
            evidence: hidden.evidence.clone(),
            ports: key.1.map(|endpoint| endpoint.port),
        };
        let client_of = (key.1[server.index()], key.1[server.other().index()].address);
        vote_once(&mut votes, client_of, key, vote);
    }
    Ok(votes.into_values().map(|(_, vote)| vote).collect())
}

/// One vote a voter: that of the smallest key, whatever the order.
pub(crate) fn vote_once<V: Ord, T>(votes: &mut BTreeMap<V, (Key, T)>, by: V, key: Key, vote: T) {
    match votes.get(&by) {
        Some((known, _)) if *known <= key => {}
        _ => drop(votes.insert(by, (key, vote))),
    }
}

/// The name of a capture, without its folder.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().display().to_string()
}

/// Which part a capture belongs to, by its name alone: 0 is the one to fit weights and confidences on, 1 checks them.
pub(crate) fn part_of(name: &str) -> usize {
    usize::from(!name.bytes().map(u32::from).sum::<u32>().is_multiple_of(2))
}
