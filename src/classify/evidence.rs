//! What speaks for and against each side being the service's: the flow itself, the table, and what the whole input shows.
//!
//! Points are hundredths; they add up to log odds.

use super::learned::Learned;
use super::listing::Standing;
use super::observed::Observed;
use super::table::PortTable;
use crate::net::{Endpoint, Side, Transport};

/// The weight, in hundredths, of what decides alone: more than anything else together.
const DECISIVE: i32 = 2000;
/// So many peers show a service: a client's port may well be used twice.
const MANY: u32 = 3;
/// The server's port of active FTP data connections, which the server opens (RFC 959, section 3.2).
const FTP_DATA: u16 = 20;

/// A reason for or against a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvidenceKind {
    /// The same port on both ends. Decides alone.
    SamePort,
    /// TCP port 20 against a client's port: the server's end of an FTP data connection. Decides alone.
    FtpData,
    /// The destination of the first SYN. Decides alone.
    Syn,
    /// The sender of the SYN/ACK, where no SYN was seen. Decides alone.
    SynAck,
    /// Answered a SYN in another flow of the input.
    Listener,
    /// Is talked to from at least that many different ports, 2 or more.
    Peers(u32),
    /// The table knows the port, and how well.
    Listed(Standing),
    /// The port is the client's by its protocol: 68 (DHCP, RFC 2131), 546 (`DHCPv6`, RFC 8415).
    ClientRole,
    /// Below 1024 and in the table.
    SystemPort,
    /// Below 512 and not in the table. From 512 to 1023, hosts draw the ports of privileged clients.
    LowSystemPort,
    /// From 49152 up: the dynamic ports (RFC 6335), where most systems draw client ports.
    DynamicRange,
    /// 32768-49151: the part of Linux's client ports that lies below the dynamic ones.
    LinuxClientRange,
    /// 1024-5000: the client ports of BSD and of Windows before 2008.
    OldClientRange,
    /// UDP to a multicast group, or to the limited broadcast address.
    GroupDestination,
    /// UDP: the first packet went there. Weak, since many captures begin with an answer.
    FirstDestination,
}

impl EvidenceKind {
    /// The weight, in hundredths.
    pub const fn points(self) -> i32 {
        match self {
            Self::SamePort | Self::FtpData | Self::Syn | Self::SynAck => DECISIVE,
            Self::Listener => 800,
            Self::Peers(peers) => log2_hundredths(peers),
            Self::Listed(standing) => standing.points(),
            Self::ClientRole => -300,
            Self::SystemPort => 200,
            Self::LowSystemPort => 50,
            Self::DynamicRange => -250,
            Self::LinuxClientRange => -150,
            Self::OldClientRange => -30,
            Self::GroupDestination => 300,
            Self::FirstDestination => 70,
        }
    }

    /// Whether it can show that there is a service at all. Where nothing does, ranges and the order of packets
    /// would only guess.
    pub const fn shows_service(self) -> bool {
        match self {
            Self::Listed(_) | Self::GroupDestination | Self::Listener => true,
            Self::Peers(peers) => peers >= MANY,
            _ => false,
        }
    }

    /// The name that programs read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SamePort => "same-port",
            Self::FtpData => "ftp-data",
            Self::Syn => "syn",
            Self::SynAck => "syn-ack",
            Self::Listener => "listener",
            Self::Peers(_) => "peers",
            Self::Listed(Standing::Rule | Standing::WideRule) => "rule",
            Self::Listed(_) => "table",
            Self::ClientRole => "client-role",
            Self::SystemPort => "system-port",
            Self::LowSystemPort => "low-system-port",
            Self::DynamicRange => "dynamic-range",
            Self::LinuxClientRange => "linux-client-range",
            Self::OldClientRange => "old-client-range",
            Self::GroupDestination => "group-destination",
            Self::FirstDestination => "first-destination",
        }
    }

    /// In words, as explanations use them.
    pub fn describe(self) -> String {
        let words = match self {
            Self::SamePort => "the port of both ends: decides alone",
            Self::FtpData => "the FTP server opens its data connections from there: decides alone",
            Self::Syn => "destination of the SYN: decides alone",
            Self::SynAck => "sender of the SYN/ACK: decides alone",
            Self::Listener => "answered a SYN in another flow",
            Self::Peers(peers) => return format!("talked to from at least {peers} ports"),
            Self::Listed(standing) => standing.describe(),
            Self::ClientRole => "the client's port by its protocol",
            Self::SystemPort => "system port in the table",
            Self::LowSystemPort => "system port below 512",
            Self::DynamicRange => "dynamic range, 49152-65535",
            Self::LinuxClientRange => "client range of Linux, 32768-49151",
            Self::OldClientRange => "client range of older systems, 1024-5000",
            Self::GroupDestination => "multicast or broadcast destination",
            Self::FirstDestination => "destination of the first packet",
        };
        words.to_owned()
    }
}

/// What the ranked rules say before any evidence is added up: the first one that applies, and the side that it shows;
/// no side where the port is that of both.
#[inline(always)]
#[allow(clippy::inline_always)] // for every flow
pub(super) fn shown(flow: &Observed, table: &PortTable) -> Option<(Option<Side>, EvidenceKind)> {
    let [a, b] = flow.endpoints.map(|endpoint| endpoint.port);
    // Port 0 is reserved: on both ends it is no common service.
    if a == b && a != 0 {
        return Some((None, EvidenceKind::SamePort));
    }
    if (a == FTP_DATA || b == FTP_DATA)
        && let Some(server) = ftp_data_server(flow, table)
        && flow.opening.is_none_or(|opening| opening.client == server && !opening.refused)
    {
        return Some((Some(server), EvidenceKind::FtpData));
    }
    let opening = flow.opening?;
    let kind = if opening.seen_syn { EvidenceKind::Syn } else { EvidenceKind::SynAck };
    Some((Some(opening.client.other()), kind))
}

/// The side with TCP port 20, if the other port may be a client's: neither a system port nor that of a service of common
/// use, which some ask from port 20 to get through filters.
#[inline(never)]
fn ftp_data_server(flow: &Observed, table: &PortTable) -> Option<Side> {
    let may_be_clients = |endpoint: Endpoint| {
        endpoint.port > 1023 && table.entry_at(flow.transport, endpoint).standing < Standing::CommonPrimary
    };
    let is_server =
        |side: &Side| flow.endpoint(*side).port == FTP_DATA && may_be_clients(flow.endpoint(side.other()));
    Side::BOTH.into_iter().find(|side| flow.transport == Transport::Tcp && is_server(side))
}

/// Hands every piece of evidence that adds up to `each`, with the side it is about. What was learned elsewhere in the input
/// counts only for flows that are in doubt without it.
pub fn weigh(
    flow: &Observed,
    table: &PortTable,
    learned: &Learned,
    mut each: impl FnMut(Side, EvidenceKind),
) {
    if !learned.is_empty() && is_in_doubt(flow, table) {
        weigh_learned(flow, learned, &mut each);
    }
    weigh_alone(flow, table, each);
}

/// Whether what is learned elsewhere in the input could decide the flow.
pub fn is_in_doubt(flow: &Observed, table: &PortTable) -> bool {
    shown(flow, table).is_none() && Sums::alone(flow, table).are_in_doubt(flow.transport, 0)
}

/// Whether a flow between these endpoints can be in doubt, whatever else was seen of it: much cheaper to tell, and `false`
/// for most.
pub fn may_be_in_doubt(transport: Transport, endpoints: [Endpoint; 2], table: &PortTable) -> bool {
    // What the ports show, a handshake may only show in another way.
    let flow = Observed::without_handshake(transport, endpoints);
    let unseen = EvidenceKind::FirstDestination.points();
    shown(&flow, table).is_none() && Sums::alone(&flow, table).are_in_doubt(transport, unseen)
}

/// Evidence that was added up.
pub(super) struct Sums {
    /// By side, in hundredths.
    pub(super) points: [i32; 2],
    /// Whether anything shows that there is a service.
    pub(super) has_service: bool,
}

impl Sums {
    /// All evidence of a flow that nothing decides alone.
    pub(super) fn of(flow: &Observed, table: &PortTable, learned: &Learned) -> Self {
        let mut sums = Self::alone(flow, table);
        if !learned.is_empty() && sums.are_in_doubt(flow.transport, 0) {
            weigh_learned(flow, learned, |side, kind| sums.add(side, kind));
        }
        sums
    }

    fn alone(flow: &Observed, table: &PortTable) -> Self {
        let mut sums = Self { points: [0; 2], has_service: false };
        weigh_alone(flow, table, |side, kind| sums.add(side, kind));
        sums
    }

    fn add(&mut self, side: Side, kind: EvidenceKind) {
        self.points[side.index()] += kind.points();
        self.has_service |= kind.shows_service();
    }

    /// Whether what is learned elsewhere could tip them, together with as many points that are not known yet.
    fn are_in_doubt(&self, transport: Transport, unseen: i32) -> bool {
        let most_peers = EvidenceKind::Peers(u32::MAX).points();
        let most = match transport {
            Transport::Tcp => most_peers + EvidenceKind::Listener.points(),
            Transport::Udp | Transport::Sctp => most_peers,
        };
        !self.has_service || (self.points[0] - self.points[1]).abs() <= most + unseen
    }
}

/// The evidence of the flow and the table.
fn weigh_alone(flow: &Observed, table: &PortTable, mut each: impl FnMut(Side, EvidenceKind)) {
    for side in Side::BOTH {
        let endpoint = flow.endpoint(side);
        let standing = table.entry_at(flow.transport, endpoint).standing;
        let mut add = |kind| each(side, kind);
        if standing != Standing::Unlisted {
            add(EvidenceKind::Listed(standing));
        }
        if matches!(endpoint.port, 68 | 546) {
            add(EvidenceKind::ClientRole);
        }
        if let Some(kind) = port_range(endpoint.port, standing) {
            add(kind);
        }
        if flow.transport == Transport::Udp {
            if side.of(flow.is_group) {
                add(EvidenceKind::GroupDestination);
            }
            if flow.opener == Some(side.other()) {
                add(EvidenceKind::FirstDestination);
            }
        }
    }
}

/// The evidence of the rest of the input.
fn weigh_learned(flow: &Observed, learned: &Learned, mut each: impl FnMut(Side, EvidenceKind)) {
    for side in Side::BOTH {
        let habits = learned.of(flow.transport, flow.endpoint(side));
        if habits.listens {
            each(side, EvidenceKind::Listener);
        }
        if habits.peers() > 1 {
            each(side, EvidenceKind::Peers(habits.peers()));
        }
    }
}

fn port_range(port: u16, standing: Standing) -> Option<EvidenceKind> {
    match (port, standing) {
        (0..512, Standing::Unlisted) => Some(EvidenceKind::LowSystemPort),
        (512..1024, Standing::Unlisted) | (5001..32768, _) => None,
        (0..1024, _) => Some(EvidenceKind::SystemPort),
        (1024..=5000, _) => Some(EvidenceKind::OldClientRange),
        (32768..49152, _) => Some(EvidenceKind::LinuxClientRange),
        (49152.., _) => Some(EvidenceKind::DynamicRange),
    }
}

/// 100 log2(n), up to 400 for 16 and more.
const fn log2_hundredths(n: u32) -> i32 {
    const VALUES: [i32; 17] =
        [0, 0, 100, 158, 200, 232, 258, 281, 300, 317, 332, 346, 358, 370, 381, 391, 400];
    VALUES[if n > 16 { 16 } else { n as usize }]
}
