//! The endpoints of unknown traffic: what a user may have a rule for.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::Counts;
use crate::classify::{Decision, PortTable, ServiceId};
use crate::flow::FlowRecord;
use crate::merge::Merge;
use crate::net::{Endpoint, Side, Transport};

/// What unknown traffic goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownEndpoint {
    /// The transport.
    pub transport: Transport,
    /// The service's port; of flows whose side is unknown, the lower one.
    pub port: u16,
    /// Its address; `None` where there were too many to tell them apart.
    pub address: Option<IpAddr>,
}

/// Counts by unknown endpoint, in bounded memory: past [`UnknownEndpoints::MOST`] endpoints only the ports are told apart,
/// whatever the order they came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownEndpoints {
    counts: HashMap<UnknownEndpoint, Counts, RandomState>,
    /// Of those endpoints that have any.
    candidates: HashMap<UnknownEndpoint, BTreeSet<String>, RandomState>,
    without_addresses: bool,
}

impl UnknownEndpoints {
    /// The most endpoints that are told apart by address.
    pub const MOST: usize = 1 << 16;

    /// The most candidates that an endpoint has: the first ones by name.
    pub const MOST_CANDIDATES: usize = 4;

    /// Counts a flow, if its service is unknown.
    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    pub(super) fn add(
        &mut self,
        record: &FlowRecord,
        decision: &Decision,
        counts: Counts,
        table: &PortTable,
    ) {
        if decision.service == ServiceId::UNKNOWN {
            let side = decision.service_side.unwrap_or(lower_port(record));
            self.add_unknown((record.transport, record.endpoints), side, counts, table);
        }
    }

    /// It gets by value what it needs, so that the record of a known flow need not be in memory.
    #[inline(never)]
    fn add_unknown(
        &mut self,
        (transport, endpoints): (Transport, [Endpoint; 2]),
        side: Side,
        counts: Counts,
        table: &PortTable,
    ) {
        let Endpoint { address, port } = side.of(endpoints);
        let endpoint = UnknownEndpoint { transport, port, address: Some(address) };
        self.count(endpoint, counts);
        // Most ports have no name: asking for it is much cheaper than for all names.
        let is_named = |port: &u16| table.entry(transport, *port).service != ServiceId::UNKNOWN;
        for port in endpoints.map(|endpoint| endpoint.port).iter().filter(|port| is_named(port)) {
            for listing in table.listings_of(transport, *port) {
                self.suggest(endpoint, table.service_name(listing.service));
            }
        }
    }

    /// Adds a service that flows of an endpoint may be, for one of their ports has its name.
    pub fn suggest(&mut self, mut endpoint: UnknownEndpoint, service: &str) {
        if self.without_addresses {
            endpoint.address = None;
        }
        let found = self.candidates.entry(endpoint).or_default();
        if !found.contains(service) {
            found.insert(service.to_owned());
            if found.len() > Self::MOST_CANDIDATES {
                found.pop_last();
            }
        }
    }

    /// The services that flows of an endpoint may be, by name.
    pub fn candidates(&self, endpoint: &UnknownEndpoint) -> impl Iterator<Item = &str> {
        self.candidates.get(endpoint).into_iter().flatten().map(String::as_str)
    }

    /// Adds counts to those of an endpoint.
    pub fn count(&mut self, mut endpoint: UnknownEndpoint, counts: Counts) {
        if self.without_addresses {
            endpoint.address = None;
        }
        self.counts.entry(endpoint).or_default().merge(counts);
        if !self.without_addresses && self.counts.len() > Self::MOST {
            self.drop_addresses();
        }
    }

    fn drop_addresses(&mut self) {
        self.without_addresses = true;
        for (endpoint, counts) in std::mem::take(&mut self.counts) {
            self.count(endpoint, counts);
        }
        let candidates = std::mem::take(&mut self.candidates);
        self.suggest_all(candidates);
    }

    fn suggest_all(&mut self, candidates: HashMap<UnknownEndpoint, BTreeSet<String>, RandomState>) {
        for (endpoint, services) in candidates {
            for service in services {
                self.suggest(endpoint, &service);
            }
        }
    }

    /// All of them, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&UnknownEndpoint, &Counts)> {
        self.counts.iter()
    }
}

fn lower_port(record: &FlowRecord) -> Side {
    if record.endpoints[1].port < record.endpoints[0].port { Side::B } else { Side::A }
}

impl Merge for UnknownEndpoints {
    fn merge(&mut self, other: Self) {
        if other.without_addresses && !self.without_addresses {
            self.drop_addresses();
        }
        for (endpoint, counts) in other.counts {
            self.count(endpoint, counts);
        }
        self.suggest_all(other.candidates);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Volume;
    use std::net::Ipv4Addr;

    fn filled(hosts: std::ops::Range<u32>) -> UnknownEndpoints {
        let mut endpoints = UnknownEndpoints::default();
        for host in hosts {
            let address = Some(Ipv4Addr::from_bits(host).into());
            let endpoint = UnknownEndpoint { transport: Transport::Udp, port: 40_000, address };
            endpoints.count(endpoint, Counts { volume: Volume { packets: 1, bytes: 60 }, flows: 1 });
            endpoints.suggest(endpoint, ["f", "c", "a", "e", "b", "d"][host as usize % 6]);
        }
        endpoints
    }

    #[test]
    fn too_many_endpoints_lose_their_addresses_and_nothing_else() {
        assert_eq!(filled(0..65_536).iter().count(), 65_536);
        let many = filled(0..65_537);
        let (endpoint, counts) = many.iter().next().expect("there is one");
        assert_eq!((many.iter().count(), endpoint.address, counts.flows), (1, None, 65_537));
        assert_eq!(many.candidates(endpoint).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn merging_parts_equals_the_whole_within_the_bound_and_past_it() {
        for last in [1000, 70_000] {
            let mut merged = filled(500..last);
            merged.merge(filled(0..500));
            assert_eq!(merged, filled(0..last));
        }
    }
}
