//! Which side of a flow is the service's, and what the service is.

use std::fmt;

use super::confidence::{self, Confidence};
use super::evidence::weigh;
use super::listing::{CategoryId, Entry, ServiceId};
use super::table::PortTable;
use crate::flow::FlowRecord;
use crate::net::{Side, Transport};
use crate::packet::TcpFlags;

/// Side confidence, in permille, where the ports are the same or a handshake shows the side.
const SHOWN: u16 = 990;
/// Side confidence, in permille, of an FTP data connection.
const CALLED_BACK: u16 = 970;
/// Side confidence, in permille, where the evidence is even.
const EVEN: u16 = 500;
/// Below this gap between the sums, in hundredths, the evidence is even.
const TIE: u32 = 25;
/// The server's port of active FTP data connections, which the server opens (RFC 959, section 3.2).
const FTP_DATA: u16 = 20;

/// What showed the service side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The same port on both ends: the service is known, and neither end is the client.
    Symmetric,
    /// TCP from port 20: the FTP server opens the connection, so the handshake points at the client.
    Callback,
    /// The destination of the first SYN.
    HandshakeSyn,
    /// The sender of the SYN/ACK; no SYN was seen.
    HandshakeSynAck,
    /// The larger sum of evidence.
    Evidence,
    /// The evidence is even; the lower port was taken.
    Tie,
    /// Nothing shows a service: neither port is in the table.
    Undecided,
}

impl Basis {
    /// All bases.
    pub const ALL: [Self; 7] = [
        Self::Symmetric,
        Self::Callback,
        Self::HandshakeSyn,
        Self::HandshakeSynAck,
        Self::Evidence,
        Self::Tie,
        Self::Undecided,
    ];

    /// The name in lower case: `symmetric`, `callback`, `handshake-syn`, `handshake-syn-ack`, `evidence`, `tie` or
    /// `undecided`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
            Self::Callback => "callback",
            Self::HandshakeSyn => "handshake-syn",
            Self::HandshakeSynAck => "handshake-syn-ack",
            Self::Evidence => "evidence",
            Self::Tie => "tie",
            Self::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The service of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    /// The service's side; `None` if the flow is symmetric or undecided.
    pub service_side: Option<Side>,
    /// What showed the side.
    pub basis: Basis,
    /// A SYN was seen, and no SYN/ACK to it.
    pub unanswered: bool,
    /// Unanswered, and the other end sent RST and never a plain ACK.
    pub refused: bool,
    /// The port of the service side, or of both sides if it is the same, whether or not it has a name; `None` if
    /// undecided.
    pub service_port: Option<u16>,
    /// The name of that port; [`ServiceId::UNKNOWN`] if it has none.
    pub service: ServiceId,
    /// The category of that name on that port.
    pub category: CategoryId,
    /// How sure the side is, in permille, at most 990; 0 if undecided.
    pub side_confidence: u16,
    /// How sure the name is, in permille: side confidence times the trust in the name; 0 if unknown.
    pub service_confidence: u16,
}

impl Decision {
    /// The port by which summaries count the service: `None` for unknown traffic.
    pub const fn summary_port(&self) -> Option<u16> {
        match self.service {
            ServiceId::UNKNOWN => None,
            _ => self.service_port,
        }
    }

    /// The band of the service confidence.
    pub const fn confidence(&self) -> Confidence {
        Confidence::of(self.service_confidence)
    }
}

/// Decides which service a flow is, by its ports, its handshake and the table.
pub fn decide(record: &FlowRecord, table: &PortTable) -> Decision {
    let verdict = decide_side(record, table);
    let service_port = match (verdict.side, verdict.basis) {
        (Some(side), _) => Some(record.endpoint(side).port),
        (None, Basis::Symmetric) => Some(record.endpoints[0].port),
        (None, _) => None,
    };
    let entry = service_port.map_or_else(Entry::default, |port| table.entry(record.transport, port));
    let (unanswered, refused) = fate_of_syn(record);
    Decision {
        service_side: verdict.side,
        basis: verdict.basis,
        unanswered,
        refused,
        service_port,
        service: entry.service,
        category: entry.category,
        side_confidence: verdict.confidence,
        service_confidence: confidence::product(verdict.confidence, entry.standing.trust()),
    }
}

/// The side, before the name.
struct Verdict {
    side: Option<Side>,
    basis: Basis,
    /// In permille.
    confidence: u16,
}

/// The first rule that applies.
fn decide_side(record: &FlowRecord, table: &PortTable) -> Verdict {
    let [a, b] = record.endpoints.map(|endpoint| endpoint.port);
    // Port 0 is reserved: on both ends it is no common service.
    if a == b && a != 0 {
        return Verdict { side: None, basis: Basis::Symmetric, confidence: SHOWN };
    }
    let client = record.handshake.client();
    if let Some(server) = ftp_data_server(record)
        && client.is_none_or(|client| client == server)
    {
        return Verdict { side: Some(server), basis: Basis::Callback, confidence: CALLED_BACK };
    }
    if let Some(client) = client {
        let seen_syn = record.handshake.syn.iter().any(Option::is_some);
        let basis = if seen_syn { Basis::HandshakeSyn } else { Basis::HandshakeSynAck };
        return Verdict { side: Some(client.other()), basis, confidence: SHOWN };
    }
    by_evidence(record, table)
}

/// The side with TCP port 20, if the other port is not a system port.
fn ftp_data_server(record: &FlowRecord) -> Option<Side> {
    let port = |side| record.endpoint(side).port;
    let is_server = |side: &Side| port(*side) == FTP_DATA && port(side.other()) > 1023;
    Side::BOTH.into_iter().find(|side| record.transport == Transport::Tcp && is_server(side))
}

fn by_evidence(record: &FlowRecord, table: &PortTable) -> Verdict {
    let mut sums = [0; 2];
    let mut has_service = false;
    weigh(record, table, |side, kind, points| {
        sums[side.index()] += points;
        has_service |= kind.shows_service();
    });
    let [a, b] = record.endpoints.map(|endpoint| endpoint.port);
    let gap = sums[0].abs_diff(sums[1]);
    if !has_service || (gap < TIE && a == b) {
        Verdict { side: None, basis: Basis::Undecided, confidence: 0 }
    } else if gap < TIE {
        let lower = if a < b { Side::A } else { Side::B };
        Verdict { side: Some(lower), basis: Basis::Tie, confidence: EVEN }
    } else {
        let stronger = if sums[0] > sums[1] { Side::A } else { Side::B };
        Verdict { side: Some(stronger), basis: Basis::Evidence, confidence: confidence::of_gap(gap) }
    }
}

/// Whether a SYN was left unanswered, and whether it was refused.
fn fate_of_syn(record: &FlowRecord) -> (bool, bool) {
    let handshake = &record.handshake;
    let seen_syn = handshake.syn.iter().any(Option::is_some);
    let Some(asked) = handshake.client().map(Side::other).filter(|_| seen_syn && !handshake.answered())
    else {
        return (false, false);
    };
    let reset = record.sent_by(asked).flags.contains(TcpFlags::RST);
    (true, reset && handshake.ack[asked.index()].is_none())
}
