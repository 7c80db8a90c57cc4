//! The control bits of a TCP header.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// TCP control bits: byte 13 of the header (RFC 9293, section 3.1). No bits for other transports, and where
/// the capture was cut before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// FIN.
    pub const FIN: Self = Self(0x01);
    /// SYN.
    pub const SYN: Self = Self(0x02);
    /// RST.
    pub const RST: Self = Self(0x04);
    /// PSH.
    pub const PSH: Self = Self(0x08);
    /// ACK.
    pub const ACK: Self = Self(0x10);
    /// URG.
    pub const URG: Self = Self(0x20);
    /// ECE (RFC 3168).
    pub const ECE: Self = Self(0x40);
    /// CWR (RFC 3168).
    pub const CWR: Self = Self(0x80);

    /// Whether all bits of `other` are set in `self`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set in `self`.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// SYN without ACK: asks for a connection.
    pub const fn is_syn(self) -> bool {
        self.0 & (Self::SYN.0 | Self::ACK.0) == Self::SYN.0
    }

    /// SYN with ACK: grants one.
    pub const fn is_syn_ack(self) -> bool {
        self.0 & (Self::SYN.0 | Self::ACK.0) == Self::SYN.0 | Self::ACK.0
    }

    /// ACK without SYN and RST: as the packet that completes a handshake.
    pub const fn is_plain_ack(self) -> bool {
        self.0 & (Self::SYN.0 | Self::ACK.0 | Self::RST.0) == Self::ACK.0
    }
}

impl BitOr for TcpFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for TcpFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Display for TcpFlags {
    /// One letter a bit, from CWR to FIN, `·` where a bit is not set: `···AP·S·`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = "CEUAPRSF"
            .chars()
            .enumerate()
            .map(|(place, letter)| if self.0 & (0x80 >> place) != 0 { letter } else { '·' })
            .collect();
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_handshake_packets_exclude_each_other() {
        for bits in 0..=u8::MAX {
            let flags = TcpFlags(bits);
            let kinds = [flags.is_syn(), flags.is_syn_ack(), flags.is_plain_ack()];
            assert!(kinds.iter().filter(|kind| **kind).count() <= 1, "{flags}");
        }
        assert!((TcpFlags::SYN | TcpFlags::ECE | TcpFlags::CWR).is_syn());
        assert!(!(TcpFlags::RST | TcpFlags::ACK).is_plain_ack());
    }

    #[test]
    fn letters_stand_in_the_order_of_the_header() {
        assert_eq!((TcpFlags::SYN | TcpFlags::ACK).to_string(), "···A··S·");
    }
}
