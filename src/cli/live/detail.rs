//! What the screen looks into: the heaviest endpoints of a service, the heaviest flows of an endpoint, or one flow and why it
//! was decided so.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use portolan::classify::{self, Explanation};
use portolan::flow::FlowRecord;
use portolan::merge::Merge;
use portolan::meter::DecidedFlow;
use portolan::net::{Endpoint, Side, Timestamp, Transport};
use portolan::summary::{Distribution, ServiceKey, Volume};

/// What is looked into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Scope {
    #[default]
    Nothing,
    /// The endpoints of a service.
    Service(ServiceKey),
    /// The flows of one of its endpoints.
    Endpoint(ServiceKey, Endpoint),
    /// The latest flow between two endpoints, by side.
    Flow(Transport, [Endpoint; 2]),
}

/// Where the screen leaves what it looks into, and the capture finds it.
#[derive(Clone, Debug, Default)]
pub(super) struct Request(Arc<Mutex<Scope>>);

impl Request {
    pub(super) fn set(&self, scope: Scope) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = scope;
    }

    pub(super) fn get(&self) -> Scope {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Detail {
    /// Where.
    pub(super) scope: Scope,
    /// The time in which the rows sent what they have as `now`, in ns; none while an interval is under way.
    pub(super) nanos: Option<u64>,
    /// The heaviest rows.
    pub(super) rows: Vec<Row>,
    /// Rows that were lighter.
    pub(super) left_out: usize,
    /// Why the flow was decided so, if the scope is one.
    pub(super) explanation: Option<Explanation>,
}

/// An endpoint, or a flow.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: Id,
    /// Sent either way in the last interval.
    pub(super) now: Volume,
    /// Sent either way by the flows that had packets in the last minute, since they began.
    pub(super) total: Volume,
    /// Flows that had packets in the last minute.
    pub(super) flows: u64,
    /// Nanoseconds from SYN to the ACK that completes the handshake.
    pub(super) handshake_rtt_ns: Distribution,
    /// Flows whose SYN was answered by RST alone.
    pub(super) refused: u64,
    /// Flows whose SYN nobody answered.
    pub(super) unanswered: u64,
    /// Nanoseconds from the first packet to the last.
    pub(super) lasted_ns: u64,
    /// How sure the service of a flow is, in permille; of several, the surest.
    pub(super) sure: u16,
}

/// What tells rows apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Id {
    Endpoint(Endpoint),
    /// By the end that is not the service's, the endpoints by side, and when it began in ns.
    Flow {
        peer: Endpoint,
        transport: Transport,
        endpoints: [Endpoint; 2],
        begin: i64,
    },
}

/// Rows sent to the screen.
const ROWS: usize = 200;
/// Rows kept while flows are looked through; when there are more, the lighter half goes.
const KEPT: usize = 1 << 16;

/// Collects what a scope asks for.
pub(super) struct Collector<'a> {
    scope: &'a Scope,
    rows: HashMap<Id, Row>,
    left_out: usize,
    /// With the time when the flow began.
    explanation: Option<(i64, Explanation)>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(scope: &'a Scope) -> Self {
        Self { scope, rows: HashMap::new(), left_out: 0, explanation: None }
    }

    /// Takes a flow if it is in scope.
    pub(super) fn flow(&mut self, flow: &DecidedFlow<'_>) {
        let service = flow.server();
        let endpoint = flow.record.endpoint(service);
        let id = match self.scope {
            Scope::Service(key) if is_of(flow, key) => Id::Endpoint(endpoint),
            Scope::Endpoint(key, wanted) if endpoint == *wanted && is_of(flow, key) => flow_id(flow, service),
            Scope::Flow(transport, endpoints)
                if flow.record.transport == *transport && flow.record.endpoints == *endpoints =>
            {
                self.explain(flow);
                flow_id(flow, service)
            }
            _ => return,
        };
        if self.rows.len() >= KEPT && !self.rows.contains_key(&id) {
            let rows = std::mem::take(&mut self.rows);
            let heaviest = self.heaviest(rows, KEPT / 2);
            self.rows = heaviest.into_iter().map(|row| (row.id.clone(), row)).collect();
        }
        self.rows.entry(id.clone()).or_insert_with(|| Row::new(id)).add(flow);
    }

    fn explain(&mut self, flow: &DecidedFlow<'_>) {
        let begin = begin(flow.record);
        if self.explanation.as_ref().is_none_or(|(known, _)| *known <= begin) {
            self.explanation = Some((begin, classify::explain(flow.observed, flow.table, flow.learned)));
        }
    }

    /// What was found in `nanos`.
    pub(super) fn finish(mut self, nanos: Option<u64>) -> Detail {
        let rows = std::mem::take(&mut self.rows);
        let most = if matches!(self.scope, Scope::Flow(..)) { 1 } else { ROWS };
        let rows = self.heaviest(rows, most);
        let explanation = self.explanation.map(|(_, explanation)| explanation);
        Detail { scope: self.scope.clone(), nanos, rows, left_out: self.left_out, explanation }
    }

    /// The heaviest of them now, then ever; the latest, if it is about one flow.
    fn heaviest(&mut self, rows: HashMap<Id, Row>, most: usize) -> Vec<Row> {
        let mut rows: Vec<Row> = rows.into_values().collect();
        if matches!(self.scope, Scope::Flow(..)) {
            rows.sort_by(|one, other| other.id.cmp(&one.id));
        } else {
            rows.sort_by(|one, other| one.weight().cmp(&other.weight()).then_with(|| one.id.cmp(&other.id)));
        }
        self.left_out += rows.len().saturating_sub(most);
        rows.truncate(most);
        rows
    }
}

impl Row {
    fn new(id: Id) -> Self {
        Self {
            id,
            now: Volume::default(),
            total: Volume::default(),
            flows: 0,
            handshake_rtt_ns: Distribution::default(),
            refused: 0,
            unanswered: 0,
            lasted_ns: 0,
            sure: 0,
        }
    }

    fn add(&mut self, flow: &DecidedFlow<'_>) {
        let DecidedFlow { record, decision, .. } = flow;
        for interval in &record.intervals {
            for side in Side::BOTH.map(Side::index) {
                self.now.merge(Volume { packets: interval.packets[side], bytes: interval.bytes[side] });
            }
        }
        self.total.merge(Volume { packets: record.packets(), bytes: record.bytes() });
        self.flows += 1;
        if let Some(rtt) = record.handshake_rtt_ns() {
            self.handshake_rtt_ns.record(rtt);
        }
        self.refused += u64::from(decision.refused);
        self.unanswered += u64::from(decision.unanswered && !decision.refused);
        self.lasted_ns = self.lasted_ns.max(record.duration_ns());
        self.sure = self.sure.max(decision.service_confidence);
    }

    /// Heavier is less.
    const fn weight(&self) -> Reverse<(u64, u64)> {
        Reverse((self.now.bytes, self.total.bytes))
    }
}

/// Whether a flow is counted in a row.
fn is_of(flow: &DecidedFlow<'_>, key: &ServiceKey) -> bool {
    let DecidedFlow { record, decision, table, .. } = flow;
    record.transport == key.transport
        && decision.summary_port() == key.port
        && table.service_name(decision.service) == key.service
        && *table.category(decision.category).id == *key.category
}

fn flow_id(flow: &DecidedFlow<'_>, service: Side) -> Id {
    let FlowRecord { transport, endpoints, .. } = *flow.record;
    Id::Flow { peer: flow.record.endpoint(service.other()), transport, endpoints, begin: begin(flow.record) }
}

fn begin(record: &FlowRecord) -> i64 {
    record.span.map_or(i64::MIN, |(first, _)| Timestamp::as_nanos(first))
}
