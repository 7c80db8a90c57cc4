//! Which side of a flow is the service's, and what the service is.

use std::fmt;

use super::confidence::{self, Confidence};
use super::evidence::{EvidenceKind, Sums, shown};
use super::learned::Learned;
use super::listing::{CategoryId, Entry, ServiceId};
use super::observed::Observed;
use super::table::PortTable;
use crate::net::{Side, Transport};

/// Side confidence, in permille, where the ports are the same or a handshake shows the side.
const SHOWN: u16 = 990;
/// Side confidence, in permille, of an FTP data connection.
const CALLED_BACK: u16 = 970;
/// Side confidence, in permille, where the evidence is even.
const EVEN: u16 = 500;
/// Below this gap between the sums, in hundredths, the evidence is even.
const TIE: u32 = 25;
/// From this gap on, in hundredths, a connection has a side even if nothing shows which service: somebody listened. Not so
/// for UDP, where both ends may have taken any port.
const WITHOUT_SERVICE: u32 = 100;

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

    /// Its place in [`Basis::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

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

/// Decides which service a flow is: by its ports, its handshake, the table, and what was learned elsewhere in the input.
#[inline(always)]
#[allow(clippy::inline_always)] // for every flow
pub fn decide(flow: &Observed, table: &PortTable, learned: &Learned) -> Decision {
    let verdict = decide_side(flow, table, learned);
    let entry = entry_of(flow, verdict.side, verdict.basis, table);
    let service_port = match (verdict.side, verdict.basis) {
        (Some(side), _) => Some(flow.endpoint(side).port),
        (None, Basis::Symmetric) => Some(flow.endpoints[0].port),
        (None, _) => None,
    };
    Decision {
        service_side: verdict.side,
        basis: verdict.basis,
        unanswered: flow.opening.is_some_and(|opening| opening.seen_syn && !opening.answered),
        refused: flow.opening.is_some_and(|opening| opening.refused),
        service_port,
        service: entry.service,
        category: entry.category,
        side_confidence: verdict.confidence,
        service_confidence: confidence::product(verdict.confidence, entry.standing.trust()),
    }
}

/// What the table says of the service port.
#[inline]
pub(super) fn entry_of(flow: &Observed, side: Option<Side>, basis: Basis, table: &PortTable) -> Entry {
    match (side, basis) {
        (Some(side), _) => table.entry_at(flow.transport, flow.endpoint(side)),
        (None, Basis::Symmetric) => best_entry(flow, table),
        (None, _) => Entry::default(),
    }
}

/// What the table says of a port that both ends use. A rule may be for the hosts of one end: the more specific one counts,
/// and of equal ones that of the smaller endpoint.
#[cold]
fn best_entry(flow: &Observed, table: &PortTable) -> Entry {
    let [one, other] = flow.endpoints.map(|endpoint| table.entry_at(flow.transport, endpoint));
    let [length, other_length] = flow.endpoints.map(|endpoint| table.prefix_at(flow.transport, endpoint));
    let is_other =
        (other_length, other.standing, flow.endpoints[0]) > (length, one.standing, flow.endpoints[1]);
    if is_other { other } else { one }
}

/// The side, before the name.
struct Verdict {
    side: Option<Side>,
    basis: Basis,
    /// In permille.
    confidence: u16,
}

/// The first rule that applies.
#[inline]
fn decide_side(flow: &Observed, table: &PortTable, learned: &Learned) -> Verdict {
    let Some((side, kind)) = shown(flow, table) else { return by_evidence(flow, table, learned) };
    let (basis, confidence) = match kind {
        EvidenceKind::FtpData => (Basis::Callback, CALLED_BACK),
        EvidenceKind::Syn => (Basis::HandshakeSyn, SHOWN),
        EvidenceKind::SynAck => (Basis::HandshakeSynAck, SHOWN),
        _ => (Basis::Symmetric, SHOWN),
    };
    Verdict { side, basis, confidence }
}

#[inline(never)]
fn by_evidence(flow: &Observed, table: &PortTable, learned: &Learned) -> Verdict {
    let Sums { points, has_service } = Sums::of(flow, table, learned);
    let [a, b] = flow.endpoints.map(|endpoint| endpoint.port);
    let gap = points[0].abs_diff(points[1]);
    let is_telling = has_service || (flow.transport != Transport::Udp && gap >= WITHOUT_SERVICE);
    if !is_telling || (gap < TIE && a == b) {
        Verdict { side: None, basis: Basis::Undecided, confidence: 0 }
    } else if gap < TIE {
        let lower = if a < b { Side::A } else { Side::B };
        Verdict { side: Some(lower), basis: Basis::Tie, confidence: EVEN }
    } else {
        let stronger = if points[0] > points[1] { Side::A } else { Side::B };
        Verdict { side: Some(stronger), basis: Basis::Evidence, confidence: confidence::of_gap(gap) }
    }
}
