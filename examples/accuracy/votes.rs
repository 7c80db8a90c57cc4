//! Flows whose service side the handshake shows, decided once more with the handshake hidden.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

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
    pub(crate) fn is_right(&self) -> bool {
        self.decision.service_side == Some(self.server)
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.decision.service_side.is_some()
    }

    /// The side that the lower port shows.
    pub(crate) fn lower(&self) -> Option<Side> {
        match self.ports[0].cmp(&self.ports[1]) {
            std::cmp::Ordering::Less => Some(Side::A),
            std::cmp::Ordering::Greater => Some(Side::B),
            std::cmp::Ordering::Equal => None,
        }
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
type Key = (Transport, [Endpoint; 2]);

#[derive(Default)]
pub(crate) struct Decided(pub(crate) HashMap<Key, (Decision, Vec<Evidence>, bool)>);

impl FlowSink for Decided {
    fn flow(&mut self, flow: &DecidedFlow<'_>) -> io::Result<()> {
        let key = (flow.record.transport, flow.record.endpoints);
        let evidence = classify::explain(flow.observed, flow.table, flow.learned).evidence;
        self.0.insert(key, (*flow.decision, evidence, flow.record.handshake.answered()));
        Ok(())
    }
}

/// Decides all flows of a capture. What comes before a defect counts.
pub(crate) fn decide_all(
    path: &Path,
    hidden: Hidden,
    table: &Arc<PortTable>,
) -> Result<Decided, SourceError> {
    let mut decided = Decided::default();
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
    Ok(decided)
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
    for (key, (shown, _, answered)) in seen.0 {
        let is_truth = matches!(shown.basis, Basis::HandshakeSyn | Basis::Callback) && answered;
        let (Some(server), Some((decision, evidence, _))) = (shown.service_side, without.0.get(&key)) else {
            continue;
        };
        // Of a connection that nothing was hidden of there is nothing to learn here.
        if !is_truth || matches!(decision.basis, Basis::HandshakeSyn | Basis::HandshakeSynAck) {
            continue;
        }
        let vote = Vote {
            capture: path.file_name().unwrap_or_default().display().to_string(),
            server,
            decision: *decision,
            evidence: evidence.clone(),
            ports: key.1.map(|endpoint| endpoint.port),
        };
        let voter = (key.1[server.index()], key.1[server.other().index()].address);
        // One vote a client: that of the smallest key, whatever the order.
        match votes.get(&voter) {
            Some((known, _)) if *known <= key => {}
            _ => drop(votes.insert(voter, (key, vote))),
        }
    }
    Ok(votes.into_values().map(|(_, vote)| vote).collect())
}
