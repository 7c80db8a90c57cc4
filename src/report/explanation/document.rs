//! The shape of `portolan.explain/1`.

use serde::Serialize;

use crate::classify::{self, Basis, Explanation, PortTable, ServiceId};
use crate::net::{PortClass, Side};

/// The name and version of the schema.
const SCHEMA: &str = "portolan.explain/1";

#[derive(Serialize)]
pub(super) struct Document<'a> {
    schema: &'static str,
    transport: &'static str,
    /// The source's port and the destination's.
    ports: [u16; 2],
    side: &'static str,
    service_port: Option<u16>,
    service: &'a str,
    alias: Option<&'a str>,
    category: &'a str,
    classes: [&'static str; 2],
    side_confidence: f64,
    service_confidence: f64,
    basis: &'static str,
    unanswered: bool,
    refused: bool,
    evidence: Vec<Evidence>,
    candidates: Vec<Candidate<'a>>,
}

#[derive(Serialize)]
struct Evidence {
    port: u16,
    kind: &'static str,
    weight: f64,
    text: String,
}

#[derive(Serialize)]
struct Candidate<'a> {
    port: u16,
    service: &'a str,
    category: &'a str,
    source: &'static str,
    rank: &'static str,
}

impl<'a> Document<'a> {
    pub(super) fn of(explanation: &Explanation, source: Side, table: &'a PortTable) -> Self {
        let Explanation { flow, decision, .. } = explanation;
        let ports = [source, source.other()].map(|side| flow.endpoint(side).port);
        let is_known = decision.service != ServiceId::UNKNOWN;
        Self {
            schema: SCHEMA,
            transport: flow.transport.name(),
            ports,
            side: match (decision.service_side, decision.basis) {
                (Some(side), _) if side == source => "src",
                (Some(_), _) => "dst",
                (None, Basis::Symmetric) => "both",
                (None, _) => "none",
            },
            service_port: decision.service_port,
            service: table.service_name(decision.service),
            alias: table.alias(decision.service).filter(|_| is_known),
            category: &table.category(decision.category).id,
            classes: ports.map(|port| PortClass::of(port).name()),
            side_confidence: permille(decision.side_confidence),
            service_confidence: permille(decision.service_confidence),
            basis: decision.basis.name(),
            unanswered: decision.unanswered,
            refused: decision.refused,
            evidence: explanation.evidence.iter().map(|piece| Evidence::of(*piece, explanation)).collect(),
            candidates: explanation.candidates.iter().map(|other| Candidate::of(*other, table)).collect(),
        }
    }
}

impl Evidence {
    fn of(piece: classify::Evidence, explanation: &Explanation) -> Self {
        Self {
            port: explanation.flow.endpoint(piece.side).port,
            kind: piece.kind.name(),
            weight: f64::from(piece.kind.points()) / 100.0,
            text: piece.kind.describe(),
        }
    }
}

impl<'a> Candidate<'a> {
    fn of(other: classify::Candidate, table: &'a PortTable) -> Self {
        Self {
            port: other.port,
            service: table.service_name(other.service),
            category: &table.category(other.category).id,
            source: other.origin.name(),
            rank: other.rank.name(),
        }
    }
}

fn permille(confidence: u16) -> f64 {
    f64::from(confidence) / 1000.0
}
