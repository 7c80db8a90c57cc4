//! Which flow the next packet is of, and what the packet is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::random::{Random, mix};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mix,
    Small,
    Scan,
    Collide,
}

/// How much of it.
pub(crate) struct Plan {
    kind: Kind,
    pub(crate) packets: u64,
    pub(crate) flows: u64,
    /// The length of every frame; without it, as the kind has it.
    pub(crate) size: Option<u64>,
}

impl Kind {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "mix" => Some(Self::Mix),
            "small" => Some(Self::Small),
            "scan" => Some(Self::Scan),
            "collide" => Some(Self::Collide),
            _ => None,
        }
    }

    pub(crate) const fn plan(self) -> Plan {
        let (packets, flows) = match self {
            Self::Mix => (6_200_000, 200_000),
            Self::Small => (10_000_000, 1_000_000),
            Self::Scan | Self::Collide => (11_000_000, 10_000_000),
        };
        Plan { kind: self, packets, flows, size: None }
    }
}

/// One packet before it is written.
pub(crate) struct Packet {
    pub(crate) time_ns: u64,
    /// Client and server, IPv4 addresses or the ends of IPv6 ones.
    pub(crate) addresses: [u32; 2],
    pub(crate) ports: [u16; 2],
    pub(crate) is_v6: bool,
    pub(crate) is_udp: bool,
    /// From the server to the client.
    pub(crate) is_answer: bool,
    pub(crate) tcp_flags: u8,
    /// Of the frame from its Ethernet header on.
    pub(crate) length: u64,
}

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const PSH_ACK: u8 = 0x18;

const TCP_PORTS: [u16; 16] =
    [443, 443, 443, 443, 443, 80, 80, 22, 25, 993, 5432, 3306, 6379, 8080, 445, 39_001];
const UDP_PORTS: [u16; 8] = [53, 53, 53, 443, 443, 123, 5060, 51_820];

/// Frames of client and server hello sizes, with 630 bytes on average.
const LENGTHS: [(u64, u64); 4] = [(66, 40), (114, 5), (590, 25), (1514, 30)];

/// Packets between two of a handshake, at most: 50 ms of `mix`.
const MOST_BETWEEN: u64 = 5_000;

/// Bytes that hardly compress, as those of TLS, and a text that does.
const POOL: usize = 1 << 20;

pub(crate) struct Flows {
    kind: Kind,
    size: Option<u64>,
    count: u64,
    random: Random,
    /// Packets so far, by flow: the first three of a TCP flow are its handshake. Not for scans.
    seen: Vec<u32>,
    /// Shares of the first n flows, in 2^-32, for the choice of one.
    shares: Vec<u32>,
    /// What is left of handshakes: the number of the packet after which it comes, the flow, and which of its packets it is.
    due: BinaryHeap<Reverse<(u64, usize, u32)>>,
    number: u64,
    pool: Vec<u8>,
}

impl Flows {
    pub(crate) fn new(plan: &Plan) -> Self {
        let is_scan = matches!(plan.kind, Kind::Scan | Kind::Collide);
        let mut random = Random::new(0x706f_7274);
        let pool = (0..POOL / 8).flat_map(|_| random.next().to_le_bytes()).collect();
        Self {
            kind: plan.kind,
            size: plan.size,
            count: plan.flows,
            random,
            seen: if is_scan { Vec::new() } else { vec![0; usize::try_from(plan.flows).unwrap()] },
            shares: if is_scan { Vec::new() } else { zipf(plan.flows) },
            due: BinaryHeap::new(),
            number: 0,
            pool,
        }
    }

    pub(crate) fn next_packet(&mut self) -> Packet {
        self.number += 1;
        match self.kind {
            Kind::Mix | Kind::Small => self.traffic(),
            Kind::Scan => self.scan(),
            Kind::Collide => self.collide(),
        }
    }

    /// A packet that completes a handshake, if one is due; else one of a flow that is drawn, and which of its packets that is.
    fn choose(&mut self) -> (usize, u32) {
        while let Some(Reverse((_, flow, nth))) =
            self.due.peek().copied().filter(|due| due.0.0 <= self.number)
        {
            self.due.pop();
            // Where the flow was drawn meanwhile, it has come already.
            if self.seen[flow] == nth {
                return (flow, nth);
            }
        }
        #[allow(clippy::cast_possible_truncation)] // the upper half
        let point = (self.random.next() >> 32) as u32;
        let flow = self.shares.partition_point(|share| *share < point).min(self.seen.len() - 1);
        (flow, self.seen[flow])
    }

    /// A packet of a popular flow more often than one of another.
    #[allow(clippy::cast_possible_truncation)] // hashes are cut into parts
    fn traffic(&mut self) -> Packet {
        let (flow, nth) = self.choose();
        self.seen[flow] += 1;
        let hash = mix(flow as u64 + 1);
        let is_udp = hash % 10 < 3;
        if !is_udp && nth < 2 {
            self.due.push(Reverse((self.number + 10 + (hash >> 24) % MOST_BETWEEN, flow, nth + 1)));
        }
        let server = if is_udp {
            UDP_PORTS[(hash >> 8) as usize % UDP_PORTS.len()]
        } else {
            TCP_PORTS[(hash >> 8) as usize % TCP_PORTS.len()]
        };
        let is_shake = !is_udp && nth < 3;
        let is_answer = if nth < 3 { nth == 1 } else { self.random.percent(60) };
        Packet {
            time_ns: self.time(),
            addresses: [
                0x0a00_0000 | (hash >> 20) as u32 & 0xff_ffff,
                0xc633_0000 | (hash >> 44) as u32 & 0xfff,
            ],
            ports: [32_768 + (mix(hash) % 28_232) as u16, server],
            is_v6: (hash >> 16) % 10 < 2,
            is_udp,
            is_answer,
            tcp_flags: [SYN, SYN | ACK, ACK][..].get(nth as usize).copied().unwrap_or(PSH_ACK),
            length: if is_shake { 66 } else { self.length() },
        }
    }

    fn length(&mut self) -> u64 {
        if let Some(size) = self.size {
            return size;
        }
        if self.kind == Kind::Small {
            return 64 + self.random.below(27);
        }
        let mut point = self.random.below(100);
        for (length, share) in LENGTHS {
            if point < share {
                return length;
            }
            point -= share;
        }
        LENGTHS[0].0
    }

    /// A SYN to each address and port, in no order that can be seen, as scanners send them; one packet in eleven is
    /// a refusal.
    #[allow(clippy::cast_possible_truncation)] // hashes are cut into parts
    fn scan(&mut self) -> Packet {
        /// A prime: its multiples meet every flow once.
        const STRIDE: u64 = 2_654_435_761;
        let is_answer = self.number.is_multiple_of(11);
        let flow = (self.number - self.number / 11) % self.count * STRIDE % self.count;
        let hash = mix(flow);
        Packet {
            time_ns: self.time(),
            addresses: [0x0a00_0001 + (hash >> 60) as u32, 0xac10_0000 | (flow / 64) as u32 & 0xf_ffff],
            ports: [40_000 + (hash % 16_384) as u16, (mix(flow % 64) % 10_000) as u16],
            is_v6: false,
            is_udp: false,
            is_answer,
            tcp_flags: if is_answer { 0x14 } else { SYN },
            length: 64,
        }
    }

    /// Addresses and ports of which hashes that only add or exclude bits make the same number.
    #[allow(clippy::cast_possible_truncation)] // numbers below 2^24
    fn collide(&mut self) -> Packet {
        let flow = (self.number % self.count) as u32;
        Packet {
            time_ns: self.time(),
            addresses: [0x0a00_0000 + flow, 0x0a00_0000 ^ flow],
            ports: [4096, 4096],
            is_v6: false,
            is_udp: true,
            is_answer: false,
            tcp_flags: 0,
            length: 64,
        }
    }

    /// Ten microseconds a packet for traffic; scans are faster.
    const fn time(&self) -> u64 {
        let step = if matches!(self.kind, Kind::Mix) { 10_000 } else { 1_000 };
        1_780_000_000_000_000_000 + self.number * step
    }

    /// Bytes for a packet to carry: six in ten of them as if encrypted.
    pub(crate) fn payload(&self, packet: &Packet) -> &[u8] {
        const TEXT: &[u8; 1600] = &[b'x'; 1600];
        let hash = mix(packet.time_ns);
        if hash % 10 < 6 {
            let place = usize::try_from(hash >> 40).unwrap() % (POOL - 1600);
            &self.pool[place..place + 1600]
        } else {
            TEXT
        }
    }
}

/// The shares of the first 1, 2, 3 … of `count` flows, where the nth flow has one nth of the first one's packets.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // shares of 2^32
fn zipf(count: u64) -> Vec<u32> {
    let mut sum = 0.0;
    let sums: Vec<f64> = (1..=count)
        .map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        })
        .collect();
    sums.iter().map(|part| (part / sum * f64::from(u32::MAX)) as u32).collect()
}
