//! Link types as capture files state them.

use std::fmt;

/// A link type by the registry of link types for pcap and pcapng (`LINKTYPE_…`).
///
/// Unknown values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

macro_rules! link_types {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal;)*) => {
        impl LinkType {
            $($(#[$doc])* pub const $constant: Self = Self($number);)*

            /// All link types that the walk opens.
            pub const OPENED: &'static [Self] = &[$(Self::$constant,)*];

            /// The everyday name of a link type that the walk opens; `None` for any other.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$constant => Some($name),)*
                    _ => None,
                }
            }
        }
    };
}

link_types! {
    /// BSD loopback: address family in the byte order of the host that captured.
    NULL = 0, "BSD loopback";
    /// Ethernet.
    ETHERNET = 1, "Ethernet";
    /// PPP, with or without HDLC framing.
    PPP = 9, "PPP";
    /// Raw IP, as some systems number it.
    RAW_12 = 12, "raw IP";
    /// Raw IP, as `OpenBSD` numbers it.
    RAW_14 = 14, "raw IP";
    /// PPP in HDLC-like framing, or Cisco HDLC.
    PPP_HDLC = 50, "PPP in HDLC framing";
    /// `PPPoE` session.
    PPPOE = 51, "PPPoE";
    /// Raw IP.
    RAW = 101, "raw IP";
    /// Cisco HDLC.
    C_HDLC = 104, "Cisco HDLC";
    /// 802.11.
    IEEE802_11 = 105, "802.11";
    /// `OpenBSD` loopback: address family in network byte order.
    LOOP = 108, "OpenBSD loopback";
    /// Linux cooked capture.
    LINUX_SLL = 113, "Linux cooked";
    /// `OpenBSD` pf log.
    PFLOG = 117, "pflog";
    /// Prism header before 802.11.
    PRISM = 119, "802.11 with Prism header";
    /// Radiotap header before 802.11.
    RADIOTAP = 127, "802.11 with radiotap";
    /// AVS header before 802.11.
    AVS = 163, "802.11 with AVS header";
    /// Per-Packet Information header.
    PPI = 192, "PPI";
    /// Raw IPv4.
    IPV4 = 228, "raw IPv4";
    /// Raw IPv6.
    IPV6 = 229, "raw IPv6";
    /// Linux cooked capture, version 2.
    LINUX_SLL2 = 276, "Linux cooked v2";
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "link type {}", self.0),
        }
    }
}
