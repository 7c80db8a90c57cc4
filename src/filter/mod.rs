//! Filters in the language of libpcap (pcap-filter(7)), for frames of any link type.
//!
//! libpcap compiles the expression, once for each link type that is met; the program runs here, since a frame that
//! was cut has to be judged by its length on the wire as well.

mod program;

use std::borrow::Cow;
use std::collections::HashMap;

use pcap::{Capture, Linktype};

use crate::net::LinkType;
use crate::source::Frame;
use program::Program;

/// A filter expression.
#[derive(Clone, Debug)]
pub struct Filter {
    expression: String,
    /// The program for each link type met; `None` where libpcap has none.
    programs: HashMap<LinkType, Option<Program>>,
}

/// What libpcap says of an expression that it cannot compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("filter `{expression}`: {message}")]
pub struct FilterError {
    /// The expression.
    pub expression: String,
    /// libpcap's words.
    pub message: String,
}

/// Link types that have primitives of their own: an expression that none of them takes is wrong.
const PROBES: [LinkType; 4] = [LinkType::ETHERNET, LinkType::RADIOTAP, LinkType::PPP, LinkType::PFLOG];

impl Filter {
    /// Checks an expression.
    ///
    /// # Errors
    /// If it makes sense for no link type.
    pub fn new(expression: &str) -> Result<Self, FilterError> {
        let mut errors = PROBES.iter().map_while(|&link| compile(expression, link).err());
        match (errors.next(), errors.count() + 1 == PROBES.len()) {
            (Some(message), true) => Err(FilterError { expression: expression.to_owned(), message }),
            _ => Ok(Self { expression: expression.to_owned(), programs: HashMap::new() }),
        }
    }

    /// Whether a frame passes. None does of a link type for which the expression makes no sense.
    pub fn passes(&mut self, frame: &Frame<'_>) -> bool {
        let expression = &self.expression;
        let captured = as_of_this_host(frame);
        self.programs
            .entry(frame.link)
            .or_insert_with(|| compile(expression, frame.link).ok())
            .as_ref()
            .is_some_and(|program| program.passes(&captured, frame.wire_len))
    }

    /// Takes over the link types that another one of the same expression has met.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.programs.extend(other.programs);
    }

    /// The link types met for which the expression makes no sense, by number.
    pub fn unusable_links(&self) -> Vec<LinkType> {
        let unusable = self.programs.iter().filter(|(_, program)| program.is_none());
        let mut links: Vec<LinkType> = unusable.map(|(&link, _)| link).collect();
        links.sort_unstable();
        links
    }
}

/// The captured bytes, with the address family of BSD loopback in the number and byte order of this host: libpcap's
/// program knows no other, for it is meant for what this host captures.
fn as_of_this_host<'a>(frame: &Frame<'a>) -> Cow<'a, [u8]> {
    const INET6: u32 = if cfg!(target_vendor = "apple") {
        30
    } else if cfg!(target_os = "freebsd") {
        28
    } else if cfg!(any(target_os = "openbsd", target_os = "netbsd")) {
        24
    } else {
        10
    };
    let family = match (frame.link, frame.captured) {
        (LinkType::NULL | LinkType::LOOP, [0, 0, 0, family, ..] | [family, 0, 0, 0, ..]) => {
            u32::from(*family)
        }
        _ => return Cow::Borrowed(frame.captured),
    };
    let family = if matches!(family, 24 | 28 | 30) { INET6 } else { family };
    let family = if frame.link == LinkType::LOOP { family.to_be_bytes() } else { family.to_ne_bytes() };
    Cow::Owned([&family, &frame.captured[4..]].concat())
}

fn compile(expression: &str, link: LinkType) -> Result<Program, String> {
    let message = |error: pcap::Error| match error {
        pcap::Error::PcapError(message) => message,
        other => other.to_string(),
    };
    let capture = Capture::dead(Linktype(data_link_type(link))).map_err(message)?;
    let compiled = capture.compile(expression, true).map_err(message)?;
    Program::new(compiled.get_instructions().iter().map(ToString::to_string))
        .ok_or_else(|| "libpcap made a program that is not classic BPF".to_owned())
}

/// libpcap's own number (`DLT_…`) for the link type that a file states: they differ where systems disagreed.
fn data_link_type(link: LinkType) -> i32 {
    match link {
        LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 => 12,
        LinkType(100) => 11,
        LinkType(102) => 15,
        LinkType(103) => 16,
        LinkType(106) => 19,
        LinkType(other) => i32::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A UDP datagram from 10.0.0.1:4000 to 10.0.0.2:53 in an Ethernet frame.
    fn dns_query() -> Vec<u8> {
        let mut bytes = vec![0; 12];
        bytes.extend([0x08, 0x00, 0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        bytes.extend([0x0f, 0xa0, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4]);
        bytes
    }

    fn passes(expression: &str, link: LinkType, captured: &[u8], wire_len: u32) -> bool {
        let mut filter = Filter::new(expression).expect("a valid expression");
        filter.passes(&Frame { link, timestamp: None, captured, wire_len })
    }

    #[test]
    fn one_expression_serves_several_link_types() {
        let frame = dns_query();
        for expression in ["udp port 53", "src host 10.0.0.1 and not tcp", "udp[8:2] = 0x0102", ""] {
            assert!(passes(expression, LinkType::ETHERNET, &frame, 46), "{expression}");
            assert!(passes(expression, LinkType::RAW, &frame[14..], 32), "{expression}");
        }
        assert!(!passes("tcp", LinkType::ETHERNET, &frame, 46));
        assert!(!passes("port 54", LinkType::RAW, &frame[14..], 32));
    }

    #[test]
    fn lengths_are_those_on_the_wire() {
        let frame = dns_query();
        assert!(passes("greater 1000", LinkType::ETHERNET, &frame, 1500));
        assert!(!passes("greater 1000", LinkType::ETHERNET, &frame, 46));
        assert!(!passes("udp port 53", LinkType::ETHERNET, &frame[..20], 46));
    }

    #[test]
    fn loopback_of_every_system_is_judged_alike() {
        let v4 = dns_query()[14..].to_vec();
        let mut v6 = vec![0x60, 0, 0, 0, 0, 12, 17, 64];
        v6.extend([0; 32]);
        v6.extend(&v4[20..]);
        for family in [[2, 0, 0, 0], [0, 0, 0, 2]] {
            let frame = [&family[..], &v4].concat();
            assert!(passes("ip and udp port 53", LinkType::NULL, &frame, 50), "{family:?}");
            assert!(!passes("ip6", LinkType::NULL, &frame, 50), "{family:?}");
        }
        for family in [24, 28, 30] {
            for (link, family) in [
                (LinkType::NULL, [family, 0, 0, 0]),
                (LinkType::NULL, [0, 0, 0, family]),
                (LinkType::LOOP, [0, 0, 0, family]),
            ] {
                let frame = [&family[..], &v6].concat();
                assert!(passes("ip6 and udp port 53", link, &frame, 60), "{link} {family:?}");
                assert!(!passes("ip", link, &frame, 60), "{link} {family:?}");
            }
        }
    }

    #[test]
    fn nonsense_is_refused_with_libpcaps_words() {
        let error = Filter::new("tcp prot 80").expect_err("nonsense");
        assert!(error.to_string().starts_with("filter `tcp prot 80`: "), "{error}");
        assert!(Filter::new("type mgt").is_ok());
    }

    #[test]
    fn a_link_type_without_a_program_is_told() {
        let mut filter = Filter::new("type mgt").expect("a valid expression");
        let frame = dns_query();
        assert!(!filter.passes(&Frame {
            link: LinkType::ETHERNET,
            timestamp: None,
            captured: &frame,
            wire_len: 46
        }));
        assert_eq!(filter.unusable_links(), [LinkType::ETHERNET]);
    }
}
