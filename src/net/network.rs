//! Networks: the addresses that share a prefix (RFC 4632, RFC 4291).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No address, or no prefix length that its family has.
    #[error("bad address or network \"{0}\"")]
    Text(String),
    /// The address has bits beyond the prefix, so that it is unclear which of both is meant.
    #[error("{text} has bits beyond its prefix: the network would be {network}")]
    HostBits {
        /// What was written.
        text: String,
        /// The network that the address lies in.
        network: Network,
    },
}

impl Network {
    /// The network of this prefix length that holds an address. Longer than the address is the address alone.
    pub fn holding(address: IpAddr, length: u8) -> Self {
        match address {
            IpAddr::V4(address) => {
                let length = length.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
                Self { address: Ipv4Addr::from_bits(address.to_bits() & mask).into(), length }
            }
            IpAddr::V6(address) => {
                let length = length.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
                Self { address: Ipv6Addr::from_bits(address.to_bits() & mask).into(), length }
            }
        }
    }

    /// The first address.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// How many bits the addresses share.
    pub const fn length(self) -> u8 {
        self.length
    }

    /// Whether an address lies in it. No address of the other family does.
    pub fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && Self::holding(address, self.length) == self
    }
}

impl fmt::Display for Network {
    /// `10.20.0.0/16`; a single address without its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::holding(self.address, u8::MAX) {
            self.address.fmt(f)
        } else {
            write!(f, "{}/{}", self.address, self.length)
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let bad = || NetworkError::Text(text.to_owned());
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            // The standard library's numbers may have a sign.
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                digits.parse().ok().filter(|length| *length <= longest).ok_or_else(bad)?
            }
            Some(_) => return Err(bad()),
            None => longest,
        };
        let network = Self::holding(address, length);
        if network.address == address {
            Ok(network)
        } else {
            Err(NetworkError::HostBits { text: text.to_owned(), network })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect("a network")
    }

    #[test]
    fn a_network_reads_as_it_is_written() {
        for text in ["10.20.0.0/16", "0.0.0.0/0", "::/0", "2001:db8::/32", "10.0.0.5", "::1", "10.0.0.4/31"] {
            assert_eq!(network(text).to_string(), text);
        }
        assert_eq!(network("10.0.0.5/32"), network("10.0.0.5"));
        assert_eq!(network("::1/128").to_string(), "::1");
    }

    #[test]
    fn it_holds_the_addresses_with_its_prefix() {
        let inside = |text: &str, address: &str| network(text).contains(address.parse().expect("an address"));
        assert!(inside("10.20.0.0/16", "10.20.255.255") && !inside("10.20.0.0/16", "10.21.0.0"));
        assert!(inside("0.0.0.0/0", "255.255.255.255") && !inside("0.0.0.0/0", "::"));
        assert!(inside("::/0", "ffff::1") && !inside("::/0", "1.2.3.4"));
        assert!(inside("2001:db8::/33", "2001:db8:7fff::") && !inside("2001:db8::/33", "2001:db8:8000::"));
        assert!(inside("10.0.0.5", "10.0.0.5") && !inside("10.0.0.5", "10.0.0.4"));
    }

    #[test]
    fn what_is_no_network_is_told() {
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "host",
            "01.2.3.4",
        ] {
            let error = text.parse::<Network>().expect_err(text);
            assert_eq!(error.to_string(), format!("bad address or network \"{text}\""));
        }
        let error = "10.20.0.1/16".parse::<Network>().expect_err("host bits");
        assert_eq!(
            error.to_string(),
            "10.20.0.1/16 has bits beyond its prefix: the network would be 10.20.0.0/16"
        );
    }
}
