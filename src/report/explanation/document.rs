//! The shape of `portolan.explain/1`.

use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::Told;
use crate::classify::{self, Basis, Explanation, PortTable, ServiceId};
use crate::net::PortClass;
use crate::report::schema;

/// The name and version of the schema.
const SCHEMA: &str = "portolan.explain/1";

#[derive(JsonSchema, Serialize)]
pub(super) struct Document<'a> {
    #[schemars(extend("const" = "portolan.explain/1"))]
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

#[derive(JsonSchema, Serialize)]
struct Evidence {
    port: u16,
    kind: &'static str,
    weight: f64,
    text: String,
}

#[derive(JsonSchema, Serialize)]
struct Candidate<'a> {
    port: u16,
    service: &'a str,
    category: &'a str,
    source: &'static str,
    rank: &'static str,
}

impl<'a> Document<'a> {
    pub(super) fn of(told: &Told<'a>) -> Self {
        let Told { explanation, source, table } = *told;
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

/// The schema of the answer about a port pair.
pub(in crate::report) fn schema() -> Schema {
    schema::of::<Document<'static>>()
}
