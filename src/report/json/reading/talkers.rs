//! Hosts and conversations.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use super::values::Count;
use crate::merge::Merge as _;
use crate::summary::{self, Conversation, Heaviest};

#[derive(Deserialize)]
pub(super) struct Talkers {
    of: Option<String>,
    hosts: TalkerList<Host>,
    conversations: TalkerList<Pair>,
}

#[derive(Deserialize)]
struct TalkerList<K> {
    listed: Vec<TalkerRow<K>>,
    others: TalkerCounts,
    listed_error_bytes: Count,
    others_most_bytes: Count,
}

#[derive(Deserialize)]
struct TalkerRow<K> {
    #[serde(flatten)]
    key: K,
    #[serde(flatten)]
    counts: TalkerCounts,
}

#[derive(Deserialize)]
struct Host {
    address: IpAddr,
}

#[derive(Deserialize)]
struct Pair {
    low: IpAddr,
    high: IpAddr,
}

#[derive(Deserialize)]
struct TalkerCounts {
    packets: Option<Count>,
    bytes: Count,
    flows: Option<Count>,
}

impl From<TalkerCounts> for summary::TalkerCounts {
    fn from(counts: TalkerCounts) -> Self {
        let known = |count: Option<Count>| count.map(|count| count.0);
        Self { bytes: counts.bytes.0, packets: known(counts.packets), flows: known(counts.flows) }
    }
}

impl<K> TalkerList<K> {
    fn into_heaviest<S: Ord>(self, key: impl Fn(K) -> S) -> Heaviest<S> {
        let mut listed = BTreeMap::<S, summary::TalkerCounts>::new();
        for row in self.listed {
            listed.entry(key(row.key)).or_default().merge(row.counts.into());
        }
        Heaviest {
            listed,
            others: self.others.into(),
            listed_error: self.listed_error_bytes.0,
            others_most: self.others_most_bytes.0,
        }
    }
}

pub(super) fn talkers(lists: Vec<Talkers>) -> BTreeMap<Option<String>, summary::Talkers> {
    let mut talkers = BTreeMap::<_, summary::Talkers>::new();
    for Talkers { of, hosts, conversations } in lists {
        talkers.entry(of).or_default().merge(summary::Talkers {
            hosts: hosts.into_heaviest(|host| host.address),
            conversations: conversations.into_heaviest(|pair| Conversation::new(pair.low, pair.high)),
        });
    }
    talkers
}
