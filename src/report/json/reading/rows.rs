//! The rows of the lists.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use super::values::{Bands, Count, Counts, Distributions, basis, port_class, transport};
use crate::classify::Basis;
use crate::merge::Merge as _;
use crate::net::{PortClass, PortPair, Transport};
use crate::summary::{
    self, ConfidenceFlows, PortPairs, ServiceKey, ServiceTotals, UnknownEndpoint, UnknownEndpoints,
};

#[derive(Deserialize)]
pub(super) struct ServiceRow {
    service: String,
    alias: Option<String>,
    category: String,
    #[serde(default)]
    family: String,
    #[serde(deserialize_with = "transport")]
    transport: Transport,
    port: Option<u16>,
    #[serde(flatten)]
    counts: Counts,
    confidence: Bands<Count>,
    basis: Option<BTreeMap<String, Count>>,
    #[serde(default)]
    unanswered: Count,
    #[serde(default)]
    refused: Count,
    #[serde(default)]
    distributions: Distributions,
}

impl ServiceRow {
    pub(super) fn into_parts(self) -> (ServiceKey, ServiceTotals) {
        let key = ServiceKey {
            service: self.service,
            alias: self.alias,
            category: self.category,
            family: self.family,
            transport: self.transport,
            port: self.port,
        };
        let mut totals = ServiceTotals {
            counts: self.counts.into(),
            confidence: ConfidenceFlows {
                high: self.confidence.high.0,
                medium: self.confidence.medium.0,
                low: self.confidence.low.0,
            },
            unanswered: self.unanswered.0,
            refused: self.refused.0,
            flow_bytes: self.distributions.flow_bytes.0,
            flow_packets: self.distributions.flow_packets.0,
            flow_duration_ns: self.distributions.flow_duration_ns.0,
            handshake_rtt_ns: self.distributions.handshake_rtt_ns.0,
            ..ServiceTotals::default()
        };
        for (name, flows) in self.basis.iter().flatten() {
            totals.bases[basis(name).index()] += flows.0;
        }
        if self.basis.is_none() {
            totals.bases[Basis::Undecided.index()] = totals.counts.flows;
        }
        (key, totals)
    }
}

#[derive(Deserialize)]
pub(super) struct PortClassRow {
    #[serde(deserialize_with = "port_class")]
    service_class: PortClass,
    #[serde(deserialize_with = "port_class")]
    peer_class: PortClass,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Deserialize)]
pub(super) struct PortPairRow {
    #[serde(deserialize_with = "transport")]
    transport: Transport,
    low: u16,
    high: u16,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Deserialize)]
pub(super) struct UnknownEndpointRow {
    #[serde(deserialize_with = "transport")]
    transport: Transport,
    address: Option<IpAddr>,
    port: u16,
    #[serde(flatten)]
    counts: Counts,
    #[serde(default)]
    candidates: Vec<String>,
}

pub(super) fn port_classes(rows: Vec<PortClassRow>) -> BTreeMap<(PortClass, PortClass), summary::Counts> {
    let mut classes = BTreeMap::<_, summary::Counts>::new();
    for row in rows {
        classes.entry((row.service_class, row.peer_class)).or_default().merge(row.counts.into());
    }
    classes
}

pub(super) fn port_pairs(rows: Vec<PortPairRow>) -> PortPairs {
    rows.into_iter().map(|row| (PortPair::new(row.transport, row.low, row.high), row.counts.into())).collect()
}

pub(super) fn unknown_endpoints(rows: Vec<UnknownEndpointRow>) -> UnknownEndpoints {
    let mut endpoints = UnknownEndpoints::default();
    for UnknownEndpointRow { transport, address, port, counts, candidates } in rows {
        let endpoint = UnknownEndpoint { transport, port, address };
        endpoints.count(endpoint, counts.into());
        for service in candidates {
            endpoints.suggest(endpoint, &service);
        }
    }
    endpoints
}
