//! Hosts and conversations with the most bytes.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::talkers::Listed;
use crate::summary::{self, Conversation, Heaviest, Summary};

/// The talkers of all flows, or of one service or category.
#[derive(JsonSchema, Serialize)]
pub(super) struct Talkers<'a> {
    /// The name of the service or category; null for all flows.
    of: Option<&'a str>,
    hosts: List<Host>,
    conversations: List<Pair>,
}

/// A list with the most bytes first.
#[derive(JsonSchema, Serialize)]
struct List<K> {
    listed: Vec<Row<K>>,
    /// All others together.
    others: Counts,
    /// Bytes that a row may have more than it shows.
    listed_error_bytes: u64,
    /// Bytes that one of the others has at most.
    others_most_bytes: u64,
}

#[derive(JsonSchema, Serialize)]
struct Row<K> {
    #[serde(flatten)]
    key: K,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(JsonSchema, Serialize)]
struct Host {
    address: IpAddr,
}

#[derive(JsonSchema, Serialize)]
struct Pair {
    /// The smaller address of the two; IPv4 before IPv6.
    low: IpAddr,
    high: IpAddr,
}

/// Counts of which some may not be known.
#[derive(JsonSchema, Serialize)]
struct Counts {
    /// Null where there were too many to count each.
    packets: Option<u64>,
    bytes: u64,
    /// As packets.
    flows: Option<u64>,
}

impl<'a> Talkers<'a> {
    /// All lists of a summary, those of all flows first; `top` rows of each, 0 for all.
    pub(super) fn all(summary: &'a Summary, top: usize) -> Vec<Self> {
        let lists = summary.talkers.iter().map(|(within, talkers)| Self {
            of: within.as_deref(),
            hosts: List::of(&talkers.hosts, top, |&address| Host { address }),
            conversations: List::of(&talkers.conversations, top, |&Conversation { low, high }| Pair {
                low,
                high,
            }),
        });
        lists.collect()
    }
}

impl<K> List<K> {
    fn of<S: Ord>(heaviest: &Heaviest<S>, top: usize, key: impl Fn(&S) -> K) -> Self {
        let listed = Listed::of(heaviest, top);
        let rows =
            listed.rows.into_iter().map(|(name, counts)| Row { key: key(name), counts: counts.into() });
        Self {
            listed: rows.collect(),
            others: listed.others.into(),
            listed_error_bytes: listed.error,
            others_most_bytes: listed.others_most,
        }
    }
}

impl From<summary::TalkerCounts> for Counts {
    fn from(counts: summary::TalkerCounts) -> Self {
        let summary::TalkerCounts { bytes, packets, flows } = counts;
        Self { packets, bytes, flows }
    }
}
