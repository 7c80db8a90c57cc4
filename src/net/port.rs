//! Port numbers: their classes (RFC 6335, section 6) and unordered pairs.

use std::fmt;

use super::Transport;

/// The class of a port number by RFC 6335, section 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PortClass {
    /// 0-1023, "System Ports".
    WellKnown,
    /// 1024-49151, "User Ports".
    Registered,
    /// 49152-65535, "Dynamic and/or Private Ports".
    Ephemeral,
}

impl PortClass {
    /// All classes, by rising port number.
    pub const ALL: [Self; 3] = [Self::WellKnown, Self::Registered, Self::Ephemeral];

    /// The class in which `port` lies.
    pub const fn of(port: u16) -> Self {
        match port {
            0..=1023 => Self::WellKnown,
            1024..=49151 => Self::Registered,
            49152..=65535 => Self::Ephemeral,
        }
    }

    /// `well-known`, `registered` or `ephemeral`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WellKnown => "well-known",
            Self::Registered => "registered",
            Self::Ephemeral => "ephemeral",
        }
    }
}

impl fmt::Display for PortClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The two ports of a flow, unordered: which is the service's is decided elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortPair {
    /// The transport that both ports belong to.
    pub transport: Transport,
    /// The smaller port number.
    pub low: u16,
    /// The larger port number, or the same.
    pub high: u16,
}

impl PortPair {
    /// The pair of two ports, given in any order.
    pub const fn new(transport: Transport, one: u16, other: u16) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self { transport, low, high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_change_at_the_borders_of_rfc_6335() {
        let class_of = |port| PortClass::of(port).name();
        assert_eq!([class_of(0), class_of(1023)], ["well-known"; 2]);
        assert_eq!([class_of(1024), class_of(49151)], ["registered"; 2]);
        assert_eq!([class_of(49152), class_of(65535)], ["ephemeral"; 2]);
    }

    #[test]
    fn a_pair_has_no_order() {
        let pair = PortPair::new(Transport::Tcp, 51234, 443);
        assert_eq!(pair, PortPair::new(Transport::Tcp, 443, 51234));
        assert_eq!((pair.low, pair.high), (443, 51234));
    }
}
