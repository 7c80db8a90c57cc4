//! What one flow and the table say for and against each side being the service's.
//!
//! Points are hundredths; they add up to log odds. What only the whole capture can tell (who listens, who has many
//! peers) is of other kinds and is to be weighed beside these.

use std::net::{IpAddr, Ipv4Addr};

use super::listing::Standing;
use super::table::PortTable;
use crate::flow::FlowRecord;
use crate::net::{Side, Transport};

/// A reason for or against a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvidenceKind {
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
        matches!(self, Self::Listed(_) | Self::GroupDestination)
    }

    /// In words, as reasons use them.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Listed(standing) => standing.describe(),
            Self::ClientRole => "the client's port by its protocol",
            Self::SystemPort => "system port in the table",
            Self::LowSystemPort => "system port below 512",
            Self::DynamicRange => "dynamic range, 49152-65535",
            Self::LinuxClientRange => "client range of Linux, 32768-49151",
            Self::OldClientRange => "client range of older systems, 1024-5000",
            Self::GroupDestination => "multicast or broadcast destination",
            Self::FirstDestination => "destination of the first packet",
        }
    }
}

/// Hands every piece of evidence to `each`, with the side it is about and its points in hundredths.
pub fn weigh(record: &FlowRecord, table: &PortTable, mut each: impl FnMut(Side, EvidenceKind, i32)) {
    for side in Side::BOTH {
        let endpoint = record.endpoint(side);
        let standing = table.entry(record.transport, endpoint.port).standing;
        let mut add = |kind: EvidenceKind| each(side, kind, kind.points());
        if standing != Standing::Unlisted {
            add(EvidenceKind::Listed(standing));
        }
        if matches!(endpoint.port, 68 | 546) {
            add(EvidenceKind::ClientRole);
        }
        if let Some(kind) = port_range(endpoint.port, standing) {
            add(kind);
        }
        if record.transport == Transport::Udp {
            if is_group(endpoint.address) {
                add(EvidenceKind::GroupDestination);
            }
            if record.opener == side.other() {
                add(EvidenceKind::FirstDestination);
            }
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

/// Whether packets can only go to an address, never come from it. A subnet's broadcast address cannot be told
/// from a host's without the mask, so it is not among them.
fn is_group(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address == Ipv4Addr::BROADCAST,
        IpAddr::V6(address) => address.is_multicast(),
    }
}
