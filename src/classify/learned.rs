//! What the whole input shows of the endpoints that ports and handshakes leave in doubt: who listens, who is talked to
//! by many.
//!
//! Evidence is gathered in two passes over the flows: [`Learned::ask`] notes the endpoints of those in doubt,
//! [`Learned::learn`] what all flows say of these. Both only add to sets, so neither order nor cuts change anything.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::IpAddr;

use foldhash::fast::RandomState;
use foldhash::quality::FixedState;

use super::observed::Observed;
use crate::merge::Merge;
use crate::net::{Endpoint, Side, Transport};

/// What flows say of endpoints, in bounded memory.
///
/// With more than [`Learned::MOST_ENDPOINTS`] in doubt, only every second one is kept, or every fourth, and so on: which
/// ones, their hashes tell, so that the choice is the same for every order.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    endpoints: HashMap<(Transport, Endpoint), Habits, RandomState>,
    /// A bit for each of [`SHADES`] parts of the endpoints that are kept.
    shades: Vec<u64>,
    /// Endpoints are kept whose hash ends in as many zeros.
    zeros: u32,
}

/// Parts into which endpoints fall by [`shade`]: nearly all endpoints that are not kept fall into empty ones, which is cheap to
/// see.
const SHADES: usize = 1 << 20;

/// What is known of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// It answered a SYN.
    pub listens: bool,
    /// A bit for each of 64 parts of the ports: whether something came from one of them.
    ///
    /// Ports, not endpoints: the clients of a server have all kinds of ports, while the servers that one port asks have
    /// the same one.
    peers: u64,
}

impl Habits {
    /// What a flow says of one of its sides.
    pub fn of(flow: &Observed, side: Side) -> Self {
        let endpoint = flow.endpoint(side);
        let listens = flow.listener() == Some(endpoint);
        // A SYN that nobody answered is no talk: a scan would make a service of every port.
        let is_talk = flow.opening.is_none_or(|opening| opening.answered && opening.client != side);
        let peer = side.other();
        // Over UDP, answers to a scan are no talk either.
        let is_asked = flow.transport != Transport::Udp || flow.opener.is_none_or(|opener| opener == peer);
        let peers = if is_talk && is_asked && peer.of(flow.spoke) {
            1 << (hash(&flow.endpoint(peer).port) >> 58)
        } else {
            0
        };
        Self { listens, peers }
    }

    /// From how many different ports something was sent here; past a dozen it is too few.
    pub const fn peers(self) -> u32 {
        self.peers.count_ones()
    }
}

impl Learned {
    /// The most endpoints of which anything is kept: 2^18, about 24 MiB.
    pub const MOST_ENDPOINTS: usize = 1 << 18;

    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is known of an endpoint.
    pub fn of(&self, transport: Transport, endpoint: Endpoint) -> Habits {
        // Most inputs leave nothing in doubt.
        if self.endpoints.is_empty() {
            return Habits::default();
        }
        self.endpoints.get(&(transport, endpoint)).copied().unwrap_or_default()
    }

    /// Whether something may be kept of one of a flow's endpoints: `false` is certain.
    #[inline]
    pub fn may_know(&self, endpoints: [Endpoint; 2]) -> bool {
        let is_set = |endpoint| self.shades[shade(endpoint) / 64] >> (shade(endpoint) % 64) & 1 == 1;
        !self.shades.is_empty() && endpoints.into_iter().any(is_set)
    }

    /// How many endpoints something is kept of.
    pub fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// Whether no flow was in doubt.
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }

    /// One endpoint in this many is kept: 1 for all of them, 2, 4, 8 … past the bound.
    pub const fn one_in(&self) -> u64 {
        1 << self.zeros
    }

    /// Notes the endpoints of a flow that is [in doubt](super::is_in_doubt).
    pub fn ask(&mut self, flow: &Observed) {
        for endpoint in flow.endpoints {
            self.keep((flow.transport, endpoint), Habits::default());
        }
    }

    /// Adds what a flow says of the endpoints noted so far.
    pub fn learn(&mut self, flow: &Observed) {
        if self.endpoints.is_empty() {
            return;
        }
        for side in Side::BOTH {
            let habits = Habits::of(flow, side);
            if habits != Habits::default()
                && let Some(known) = self.endpoints.get_mut(&(flow.transport, flow.endpoint(side)))
            {
                known.merge(habits);
            }
        }
    }

    /// Adds what a flow says of its endpoints, for one that will not be seen again: its listener may be asked for later.
    pub fn remember(&mut self, flow: &Observed, in_doubt: bool) {
        for side in Side::BOTH {
            let habits = Habits::of(flow, side);
            if in_doubt || habits.listens {
                self.keep((flow.transport, flow.endpoint(side)), habits);
            }
        }
    }

    fn keep(&mut self, key: (Transport, Endpoint), habits: Habits) {
        if !is_kept(key, self.zeros) {
            return;
        }
        if self.shades.is_empty() {
            self.shades = vec![0; SHADES / 64];
        }
        let shade = shade(key.1);
        self.shades[shade / 64] |= 1 << (shade % 64);
        self.endpoints.entry(key).or_default().merge(habits);
        while self.endpoints.len() > Self::MOST_ENDPOINTS {
            self.thin(self.zeros + 1);
        }
    }

    fn thin(&mut self, zeros: u32) {
        self.zeros = zeros;
        self.endpoints.retain(|key, _| is_kept(*key, zeros));
    }
}

/// Some bits of the port and of the address.
fn shade(endpoint: Endpoint) -> usize {
    let address = match endpoint.address {
        IpAddr::V4(address) => address.to_bits(),
        #[allow(clippy::cast_possible_truncation)] // the interface's half of the address
        IpAddr::V6(address) => (address.to_bits() ^ address.to_bits() >> 32) as u32,
    };
    (address.wrapping_mul(0x9e37_79b1) >> 12 ^ u32::from(endpoint.port) << 4) as usize % SHADES
}

/// The same in every process.
fn hash(value: &impl std::hash::Hash) -> u64 {
    FixedState::default().hash_one(value)
}

fn is_kept(key: (Transport, Endpoint), zeros: u32) -> bool {
    zeros == 0 || hash(&key).trailing_zeros() >= zeros
}

impl Merge for Habits {
    fn merge(&mut self, other: Self) {
        self.listens |= other.listens;
        self.peers |= other.peers;
    }
}

impl Merge for Learned {
    fn merge(&mut self, other: Self) {
        if self.endpoints.is_empty() && self.zeros <= other.zeros {
            *self = other;
            return;
        }
        if other.zeros > self.zeros {
            self.thin(other.zeros);
        }
        for (key, habits) in other.endpoints {
            self.keep(key, habits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Opening;
    use std::net::Ipv4Addr;

    fn endpoint(host: u32, port: u16) -> Endpoint {
        Endpoint::new(Ipv4Addr::from_bits(0x0a00_0000 + host).into(), port)
    }

    fn flow(from: Endpoint, to: Endpoint, opening: Option<Opening>) -> Observed {
        Observed { opening, ..Observed::without_handshake(Transport::Tcp, [from, to]) }
    }

    fn opening(answered: bool) -> Opening {
        Opening { client: Side::A, seen_syn: true, answered, refused: false }
    }

    #[test]
    fn a_handshake_elsewhere_and_many_peers_are_learned_of_what_is_in_doubt() {
        let server = endpoint(1, 39_001);
        let in_doubt = flow(endpoint(2, 41_000), server, None);
        let mut learned = Learned::new();
        learned.ask(&in_doubt);
        for host in 3..8_u16 {
            let client = endpoint(host.into(), 40_000 + 7 * host);
            learned.learn(&flow(client, server, Some(opening(true))));
        }
        learned.learn(&in_doubt);
        let habits = learned.of(Transport::Tcp, server);
        assert!(habits.listens && (5..=6).contains(&habits.peers()), "{habits:?}");
        let client = learned.of(Transport::Tcp, endpoint(2, 41_000));
        assert_eq!((client.listens, client.peers()), (false, 1));
        assert_eq!(learned.len(), 2);
    }

    #[test]
    fn a_scan_makes_nobody_popular() {
        let scanner = endpoint(9, 40_000);
        let mut learned = Learned::new();
        learned.ask(&flow(scanner, endpoint(1, 39_001), None));
        for port in 1..200 {
            learned.learn(&flow(scanner, endpoint(1, 39_000 + port), Some(opening(false))));
            let mut reset = flow(scanner, endpoint(2, 39_000 + port), None);
            reset.spoke = [true, false];
            learned.learn(&reset);
        }
        assert_eq!(learned.of(Transport::Tcp, scanner), Habits::default());
        assert_eq!(learned.of(Transport::Tcp, endpoint(1, 39_001)), Habits::default());
    }

    #[test]
    fn the_bound_holds_and_what_is_kept_does_not_depend_on_the_order() {
        let all: Vec<Observed> = (0..400_000)
            .map(|host| flow(endpoint(host, 40_000), endpoint(1_000_000 + host, 40_000), None))
            .map(|flow| Observed { endpoints: [flow.endpoints[0], endpoint(7, 40_001)], ..flow })
            .collect();
        let of = |flows: &[Observed]| {
            let mut learned = Learned::new();
            for flow in flows {
                learned.remember(flow, true);
            }
            learned
        };
        let whole = of(&all);
        assert!(whole.len() <= Learned::MOST_ENDPOINTS && whole.len() > Learned::MOST_ENDPOINTS / 4);
        assert_eq!(whole.one_in(), 2);
        let mut merged = of(&all[300_000..]);
        merged.merge(of(&all[..300_000]));
        assert!(merged.endpoints == whole.endpoints && merged.zeros == whole.zeros);
    }
}
