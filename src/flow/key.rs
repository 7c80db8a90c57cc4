//! What tells flows apart: the unordered pair of endpoints. The transport stands beside it, where it fills a gap.

use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use crate::net::{Endpoint, Side, Transport};

/// What hashes are keyed with, so that nobody can choose flows that collide.
pub(super) type Seed = foldhash::fast::RandomState;

/// The seed of this process: the same for all its tables, so that a flow is in the same shard of each.
pub(super) fn seed() -> Seed {
    static SEED: LazyLock<Seed> = LazyLock::new(Seed::default);
    SEED.clone()
}

/// A pair of endpoints of one address family, the smaller one first.
pub(super) trait Key: Copy + Eq + Ord {
    /// Something aligned as the entries of such flows have to be, so that they touch as few cache lines as can be.
    type Line: Copy + std::fmt::Debug;

    /// Mixes the key and the transport into 32 bits.
    fn mark(&self, transport: Transport, seed: &Seed) -> u32;

    /// The endpoints, by side.
    fn endpoints(&self) -> [Endpoint; 2];
}

/// A packet's key, its hash, and the side that sent it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<K> {
    pub(super) key: K,
    pub(super) mark: u32,
    pub(super) sender: Side,
}

/// A pair of IPv4 endpoints: 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct V4Key {
    addresses: [u32; 2],
    ports: [u16; 2],
}

/// A pair of IPv6 endpoints: 36 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct V6Key {
    addresses: [[u8; 16]; 2],
    ports: [u16; 2],
}

impl V4Key {
    /// The key of a packet, its hash, and the side that sent it. A packet between equal endpoints is sent by A.
    #[inline]
    pub(super) fn of(
        [source, destination]: [Ipv4Addr; 2],
        [sport, dport]: [u16; 2],
        transport: Transport,
        seed: &Seed,
    ) -> Found<Self> {
        // As numbers, for no processor can foretell who is the smaller one.
        let source = number(source.to_bits(), sport);
        let destination = number(destination.to_bits(), dport);
        let sender = if source <= destination { Side::A } else { Side::B };
        let ends = [source.min(destination), source.max(destination)];
        #[allow(clippy::cast_possible_truncation)] // the parts of which the numbers were made
        let key = Self { addresses: ends.map(|end| (end >> 16) as u32), ports: ends.map(|end| end as u16) };
        Found { key, mark: mark(ends, transport, seed), sender }
    }
}

impl V6Key {
    /// The key of a packet, its hash, and the side that sent it. A packet between equal endpoints is sent by A.
    #[inline]
    #[allow(clippy::needless_bitwise_bool)] // one condition instead of three
    pub(super) fn of(
        addresses: [Ipv6Addr; 2],
        [sport, dport]: [u16; 2],
        transport: Transport,
        seed: &Seed,
    ) -> Found<Self> {
        // As numbers, for no processor can foretell who is the smaller one.
        let [from, to] = addresses.map(Ipv6Addr::to_bits);
        let is_of_a = (from < to) | ((from == to) & (sport <= dport));
        // The bits in which both ends differ, where they have to be exchanged.
        let (bits, port_bits) = if is_of_a { (0, 0) } else { (from ^ to, sport ^ dport) };
        let addresses = [from ^ bits, to ^ bits].map(u128::to_be_bytes);
        let key = Self { addresses, ports: [sport ^ port_bits, dport ^ port_bits] };
        let sender = if is_of_a { Side::A } else { Side::B };
        Found { key, mark: key.mark(transport, seed), sender }
    }
}

/// An IPv4 endpoint in 48 bits that order it.
fn number(address: u32, port: u16) -> u64 {
    u64::from(address) << 16 | u64::from(port)
}

/// Mixes a pair of IPv4 endpoints and the transport into 32 bits.
#[inline]
fn mark([a, b]: [u64; 2], transport: Transport, seed: &Seed) -> u32 {
    let mut hasher = seed.build_hasher();
    hasher.write_u64(a);
    hasher.write_u64(b | (transport as u64) << 48);
    fold(hasher.finish())
}

/// Both ports and the transport in one word.
fn word(ports: [u16; 2], transport: Transport) -> u64 {
    u64::from(ports[0]) << 24 | u64::from(ports[1]) << 8 | transport as u64
}

#[allow(clippy::cast_possible_truncation)] // folds 64 bits to 32
fn fold(hash: u64) -> u32 {
    (hash ^ (hash >> 32)) as u32
}

/// A cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Line;

/// Half a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct HalfLine;

impl Key for V4Key {
    type Line = Line;

    #[inline]
    fn mark(&self, transport: Transport, seed: &Seed) -> u32 {
        mark([0, 1].map(|side| number(self.addresses[side], self.ports[side])), transport, seed)
    }

    fn endpoints(&self) -> [Endpoint; 2] {
        [0, 1].map(|side| Endpoint::new(Ipv4Addr::from_bits(self.addresses[side]).into(), self.ports[side]))
    }
}

impl Key for V6Key {
    type Line = HalfLine;

    #[inline]
    fn mark(&self, transport: Transport, seed: &Seed) -> u32 {
        let mut hasher = seed.build_hasher();
        for address in self.addresses {
            hasher.write_u128(u128::from_ne_bytes(address));
        }
        hasher.write_u64(word(self.ports, transport));
        fold(hasher.finish())
    }

    fn endpoints(&self) -> [Endpoint; 2] {
        [0, 1].map(|side| Endpoint::new(Ipv6Addr::from(self.addresses[side]).into(), self.ports[side]))
    }
}
