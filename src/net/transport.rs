//! Transports that carry ports.

use std::fmt;

/// A transport protocol whose header begins with a source and a destination port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Transport {
    /// TCP, IP protocol 6 (RFC 9293).
    Tcp,
    /// UDP, IP protocol 17 (RFC 768).
    Udp,
    /// SCTP, IP protocol 132 (RFC 9260).
    Sctp,
}

impl Transport {
    /// All transports, in the order in which reports name them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// The name in lower case: `tcp`, `udp` or `sctp`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }

    /// The number that IP knows it by: 6, 17 or 132 (IANA, Assigned Internet Protocol Numbers).
    pub const fn protocol_number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }

    /// The transport of a name as [`Transport::name`] gives it, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
