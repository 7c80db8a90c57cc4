//! Why a flow was decided as it was, and what else it may be: made on request, for people.

use super::decision::{Basis, Decision, decide, entry_of};
use super::evidence::{EvidenceKind, shown, weigh};
use super::learned::Learned;
use super::listing::{CategoryId, Entry, Listing, Origin, Rank, ServiceId, Standing};
use super::observed::Observed;
use super::table::PortTable;
use crate::net::{PortClass, Side};

/// A decision with all that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was decided about.
    pub flow: Observed,
    /// What was decided.
    pub decision: Decision,
    /// What spoke for and against, the weightiest first. Where one piece decided alone, it is the first.
    pub evidence: Vec<Evidence>,
    /// The table's verdict on the service port.
    pub entry: Entry,
    /// What else it may be.
    pub candidates: Vec<Candidate>,
    /// The client's port, if the handshake shows that it is a system port with a name of its own: a scan, or a test.
    pub odd_client: Option<(u16, ServiceId)>,
}

/// A piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// Whom it speaks about.
    pub side: Side,
    /// What it is, and what it weighs.
    pub kind: EvidenceKind,
}

/// Another name that a flow may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// The port that is listed so.
    pub port: u16,
    /// The name.
    pub service: ServiceId,
    /// The category of that name on that port.
    pub category: CategoryId,
    /// What the table's row is for the port.
    pub rank: Rank,
    /// Where the table has the row from.
    pub origin: Origin,
}

/// Decides, and says why.
pub fn explain(flow: &Observed, table: &PortTable, learned: &Learned) -> Explanation {
    let decision = decide(flow, table, learned);
    Explanation {
        flow: *flow,
        decision,
        evidence: evidence(flow, table, learned),
        entry: entry_of(flow, decision.service_side, decision.basis, table),
        candidates: candidates(flow, &decision, table),
        odd_client: odd_client(flow, &decision, table),
    }
}

fn evidence(flow: &Observed, table: &PortTable, learned: &Learned) -> Vec<Evidence> {
    let mut found = Vec::new();
    weigh(flow, table, learned, |side, kind| found.push(Evidence { side, kind }));
    if let Some((side, kind)) = shown(flow, table) {
        found.push(Evidence { side: side.unwrap_or(Side::A), kind });
    }
    found.sort_by_key(|evidence| std::cmp::Reverse(evidence.kind.points().unsigned_abs()));
    found
}

/// What else a flow may be: the other names of the service port; where the service is unknown, every name of
/// both ports. By port as decided, then in the table's order.
pub fn candidates(flow: &Observed, decision: &Decision, table: &PortTable) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for port in ports_to_list(flow, decision) {
        for row in table.listings_of(flow.transport, port) {
            // The registry's rows have no category of their own: the name with another one says more.
            let is_row = |service: ServiceId, category: CategoryId| {
                service == row.service && (category == row.category || row.rank == Rank::Registry)
            };
            let chosen = is_row(decision.service, decision.category);
            let here = |other: &&Candidate| other.port == port;
            if !chosen && !found.iter().filter(here).any(|other| is_row(other.service, other.category)) {
                let Listing { service, category, rank, origin, .. } = *row;
                found.push(Candidate { port, service, category, rank, origin });
            }
        }
    }
    found
}

/// The ports whose names are candidates, the service port first.
fn ports_to_list(flow: &Observed, decision: &Decision) -> impl Iterator<Item = u16> {
    let first = decision.service_side.unwrap_or(Side::A);
    let sides = if decision.service == ServiceId::UNKNOWN { 2 } else { 1 };
    [first, first.other()].into_iter().take(sides).map(|side| flow.endpoint(side).port)
}

fn odd_client(flow: &Observed, decision: &Decision, table: &PortTable) -> Option<(u16, ServiceId)> {
    let by_handshake = matches!(decision.basis, Basis::HandshakeSyn | Basis::HandshakeSynAck);
    let client = decision.service_side.filter(|_| by_handshake)?.other();
    let port = flow.endpoint(client).port;
    let entry = table.entry_at(flow.transport, flow.endpoint(client));
    let is_odd = PortClass::of(port) == PortClass::WellKnown && entry.standing >= Standing::CommonPrimary;
    is_odd.then_some((port, entry.service))
}
