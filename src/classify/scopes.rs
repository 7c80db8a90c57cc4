//! The rules that hold on some hosts alone, and which of them a port of a host gets.

use std::collections::HashMap;
use std::net::IpAddr;

use foldhash::fast::FixedState;

use super::listing::{Entry, Listing};
use super::rules::{Claim, Stretch, stretches};
use crate::net::{Endpoint, Network, Transport};

/// A row of the table for the hosts of one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopedListing {
    /// Where it holds.
    pub network: Network,
    /// What it says there.
    pub listing: Listing,
}

/// All rules with hosts.
#[derive(Clone, Debug, Default)]
pub(super) struct Scopes {
    /// The most specific first.
    listings: Vec<ScopedListing>,
    /// The lengths of all prefixes, the longest first: of IPv4, of IPv6.
    lengths: [Vec<u8>; 2],
    /// By place, the ports with the entry that the most specific rule of that place gives them.
    places: HashMap<(Transport, Network), Vec<(Stretch, Entry)>, FixedState>,
}

impl Scopes {
    /// The claims with a network.
    pub(super) fn of(claims: &[Claim]) -> Self {
        let mut scopes = Self::default();
        for ((transport, network), stretches) in stretches(claims) {
            let Some(network) = network else { continue };
            let entry = |stretch: &Stretch| {
                let listing = claims[stretch.claim].listing;
                let Listing { service, category, .. } = listing;
                Entry { service, category, standing: listing.standing_of_rule() }
            };
            let ports = stretches.iter().map(|stretch| (*stretch, entry(stretch))).collect();
            scopes.places.insert((transport, network), ports);
            scopes.lengths[family(network.address())].push(network.length());
        }
        for lengths in &mut scopes.lengths {
            lengths.sort_unstable_by(|one, other| other.cmp(one));
            lengths.dedup();
        }
        let listing_of = |claim: &Claim| {
            let listing = claim.listing;
            claim.network.map(|network| ScopedListing { network, listing })
        };
        scopes.listings = claims.iter().filter_map(listing_of).collect();
        scopes.listings.sort_by_key(|ScopedListing { network, listing }| {
            (u8::MAX - network.length(), listing.last - listing.first)
        });
        scopes
    }

    /// What the most specific rule says that holds an endpoint, and the length of its prefix.
    #[inline]
    pub(super) fn entry(&self, transport: Transport, endpoint: Endpoint) -> Option<(u8, Entry)> {
        if self.listings.is_empty() { None } else { self.most_specific(transport, endpoint) }
    }

    fn most_specific(&self, transport: Transport, endpoint: Endpoint) -> Option<(u8, Entry)> {
        let Endpoint { address, port } = endpoint;
        self.lengths[family(address)].iter().find_map(|length| {
            let ports = self.places.get(&(transport, Network::holding(address, *length)))?;
            let before = ports.partition_point(|(stretch, _)| stretch.last < port);
            ports.get(before).filter(|(stretch, _)| stretch.first <= port).map(|(_, entry)| (*length, *entry))
        })
    }

    pub(super) fn listings(&self) -> &[ScopedListing] {
        &self.listings
    }
}

/// 0 for IPv4, 1 for IPv6.
fn family(address: IpAddr) -> usize {
    usize::from(address.is_ipv6())
}
