//! Why a flow was decided as it was, and what else it may be: made on request, for people.

use super::decision::{Basis, Decision};
use super::evidence::weigh;
use super::listing::{CategoryId, Listing, Origin, Rank, ServiceId, Standing};
use super::table::PortTable;
use crate::flow::FlowRecord;
use crate::net::{PortClass, Side};

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

/// What else a flow may be: the other names of the service port; where the service is unknown, every name of
/// both ports. By port as decided, then in the table's order.
pub fn candidates(record: &FlowRecord, decision: &Decision, table: &PortTable) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for port in ports_to_list(record, decision) {
        for row in table.listings_of(record.transport, port) {
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
fn ports_to_list(record: &FlowRecord, decision: &Decision) -> impl Iterator<Item = u16> {
    let first = decision.service_side.unwrap_or(Side::A);
    let sides = if decision.service == ServiceId::UNKNOWN { 2 } else { 1 };
    [first, first.other()].into_iter().take(sides).map(|side| record.endpoint(side).port)
}

/// Why the flow was decided so, a line a reason: the side, the evidence if that decided, the name, and what is
/// odd about the flow.
pub fn reasons(record: &FlowRecord, decision: &Decision, table: &PortTable) -> Vec<String> {
    let mut lines = vec![side_reason(decision)];
    if matches!(decision.basis, Basis::Evidence | Basis::Tie) {
        lines.extend(evidence_lines(record, table));
    }
    lines.extend(name_reason(record, decision, table));
    if decision.refused {
        lines.push("the SYN was refused with RST".to_owned());
    } else if decision.unanswered {
        lines.push("no SYN/ACK to the SYN was seen".to_owned());
    }
    lines.extend(odd_client_port(record, decision, table));
    lines
}

fn side_reason(decision: &Decision) -> String {
    let Some(port) = decision.service_port else {
        return "neither port is in the table".to_owned();
    };
    let why = match decision.basis {
        Basis::Symmetric => "the port of both ends",
        Basis::Callback => "the FTP server opens its data connections from there",
        Basis::HandshakeSyn => "destination of the SYN",
        Basis::HandshakeSynAck => "sender of the SYN/ACK",
        Basis::Evidence => "stronger evidence",
        Basis::Tie => "even evidence, so the lower port",
        Basis::Undecided => "undecided",
    };
    format!("{port}: {why} ({})", share(decision.side_confidence))
}

/// `443: system port in the table +2.00`, both sides in turn.
fn evidence_lines(record: &FlowRecord, table: &PortTable) -> Vec<String> {
    let mut lines = Vec::new();
    weigh(record, table, |side, kind, points| {
        let sign = if points < 0 { '-' } else { '+' };
        let (whole, hundredths) = (points.unsigned_abs() / 100, points.unsigned_abs() % 100);
        let port = record.endpoint(side).port;
        lines.push(format!("{port}: {} {sign}{whole}.{hundredths:02}", kind.describe()));
    });
    lines
}

fn name_reason(record: &FlowRecord, decision: &Decision, table: &PortTable) -> Option<String> {
    let port = decision.service_port?;
    let entry = table.entry(record.transport, port);
    if !entry.is_listed() {
        return Some(format!("{port}: {}", entry.standing.describe()));
    }
    let (name, trust) = (table.service_name(entry.service), share(entry.standing.trust()));
    Some(format!("{name}: {} ({trust})", entry.standing.describe()))
}

/// A client that the handshake shows on a system port with a name of its own chose it: a scan, or a test.
fn odd_client_port(record: &FlowRecord, decision: &Decision, table: &PortTable) -> Option<String> {
    let by_handshake = matches!(decision.basis, Basis::HandshakeSyn | Basis::HandshakeSynAck);
    let client = decision.service_side.filter(|_| by_handshake)?.other();
    let port = record.endpoint(client).port;
    let entry = table.entry(record.transport, port);
    let odd = PortClass::of(port) == PortClass::WellKnown && entry.standing >= Standing::CommonPrimary;
    odd.then(|| format!("{port}: the client's port is that of {}", table.service_name(entry.service)))
}

/// Permille as a share of one: `0.99`, `0.985`.
fn share(permille: u16) -> String {
    let digits = format!("{:03}", permille % 1000);
    let digits = if digits.ends_with('0') { &digits[..2] } else { &digits };
    format!("{}.{digits}", permille / 1000)
}
