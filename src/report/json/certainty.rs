//! How much is certain, and what is not.

use std::collections::BTreeMap;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::values::Counts;
use crate::classify::Confidence;
use crate::report::view;
use crate::summary::{self, Summary, UnknownEndpoint};

#[derive(JsonSchema, Serialize)]
pub(super) struct Certainty {
    confidence: Bands,
    basis: BTreeMap<&'static str, Counts>,
    learned: Learned,
}

#[derive(JsonSchema, Serialize)]
struct Bands {
    high: Counts,
    medium: Counts,
    low: Counts,
}

#[derive(JsonSchema, Serialize)]
struct Learned {
    endpoints: u64,
    /// One endpoint in this many was kept.
    one_in: u64,
}

impl Certainty {
    pub(super) fn of(summary: &Summary) -> Self {
        let certainty = &summary.certainty;
        let band = |band| certainty.band(band).into();
        Self {
            confidence: Bands {
                high: band(Confidence::High),
                medium: band(Confidence::Medium),
                low: band(Confidence::Low),
            },
            basis: view::bases(summary)
                .into_iter()
                .map(|(basis, counts)| (basis.name(), counts.into()))
                .collect(),
            learned: Learned {
                endpoints: certainty.endpoints_learned,
                one_in: 1 << certainty.learned_halvings.min(63),
            },
        }
    }
}

#[derive(JsonSchema, Serialize)]
pub(super) struct UnknownEndpointRow {
    transport: &'static str,
    /// Null where there were too many to tell them apart.
    address: Option<IpAddr>,
    port: u16,
    #[serde(flatten)]
    counts: Counts,
    /// Services by the name of one of the ports; the first summaries of this version have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<String>,
}

impl UnknownEndpointRow {
    pub(super) fn of(summary: &Summary, (endpoint, counts): (UnknownEndpoint, summary::Counts)) -> Self {
        let candidates = summary.unknown_endpoints.candidates(&endpoint).map(str::to_owned).collect();
        let UnknownEndpoint { transport, port, address } = endpoint;
        Self { transport: transport.name(), address, port, counts: counts.into(), candidates }
    }
}

#[derive(JsonSchema, Serialize)]
pub(super) struct OtherEndpoints {
    /// How many; null if they were never told apart.
    endpoints: Option<usize>,
    #[serde(flatten)]
    counts: Counts,
}

impl OtherEndpoints {
    pub(super) fn of(rest: view::Rest) -> Self {
        Self { endpoints: rest.rows, counts: rest.counts.into() }
    }
}
