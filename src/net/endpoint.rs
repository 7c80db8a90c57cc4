//! An address and a port, and the two sides of a flow.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// An address and a port.
///
/// The order is the one that flow keys use: IPv4 before IPv6, then the address bytes, then the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The IP address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

impl Endpoint {
    /// An endpoint from its parts.
    pub const fn new(address: IpAddr, port: u16) -> Self {
        Self { address, port }
    }
}

impl fmt::Display for Endpoint {
    /// `10.0.0.1:80`, `[2001:db8::1]:80` (RFC 5952, section 6).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// One of the two endpoints of a flow: `A` is the smaller one in the order of [`Endpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Side {
    /// The smaller endpoint.
    A = 0,
    /// The larger endpoint.
    B = 1,
}

impl Side {
    /// Both sides.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The opposite side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The one of two values by side that is this side's. Unlike an index it lets both stay in registers.
    #[inline]
    pub const fn of<T: Copy>(self, values: [T; 2]) -> T {
        match self {
            Self::A => values[0],
            Self::B => values[1],
        }
    }

    /// 0 for A, 1 for B: the place of this side in a pair of values.
    pub const fn index(self) -> usize {
        self as usize
    }
}
