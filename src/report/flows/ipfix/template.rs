//! What the records hold: elements of IANA's registry, and their reverse ones (RFC 5103).

use std::net::IpAddr;

use super::super::FlowLine;
use crate::classify::Basis;

/// The private enterprise number of elements that are said of the reverse direction (RFC 5103, section 6.1).
const REVERSE: u32 = 29305;

/// The bit of an element's number that says that an enterprise number follows (RFC 7011, section 3.2).
const ENTERPRISE: u16 = 0x8000;

/// The length that says that each value tells its own (RFC 7011, section 7).
const VARIABLE: u16 = u16::MAX;

/// The first number that a template may have (RFC 7011, section 3.4.1).
const FIRST_TEMPLATE: u16 = 256;

/// The longest text in a record: a record with two of them has room in the smallest message.
const LONGEST_TEXT: usize = 120;

/// An element of a template.
#[derive(Clone, Copy, Debug)]
struct Element {
    number: u16,
    /// In bytes, or [`VARIABLE`].
    length: u16,
    is_reverse: bool,
}

const fn element(number: u16, length: u16) -> Element {
    Element { number, length, is_reverse: false }
}

const fn reverse(number: u16, length: u16) -> Element {
    Element { number, length, is_reverse: true }
}

/// `flowStartMilliseconds`, `flowEndMilliseconds`.
const TIMES: [Element; 2] = [element(152, 8), element(153, 8)];

/// `sourceIPv4Address`, `destinationIPv4Address`.
const IPV4: [Element; 2] = [element(8, 4), element(12, 4)];

/// `sourceIPv6Address`, `destinationIPv6Address`.
const IPV6: [Element; 2] = [element(27, 16), element(28, 16)];

/// What every record has.
const COMMON: [Element; 12] = [
    element(7, 2),   // sourceTransportPort
    element(11, 2),  // destinationTransportPort
    element(4, 1),   // protocolIdentifier
    element(239, 1), // biflowDirection
    element(2, 8),   // packetDeltaCount
    element(1, 8),   // octetDeltaCount
    element(6, 2),   // tcpControlBits
    reverse(2, 8),
    reverse(1, 8),
    reverse(6, 2),
    element(96, VARIABLE),  // applicationName
    element(372, VARIABLE), // applicationCategoryName
];

/// Which elements a record has. What is not known of a flow is not in its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Template {
    is_ipv6: bool,
    has_times: bool,
}

impl Template {
    const ALL: [Self; 4] = [
        Self { is_ipv6: false, has_times: true },
        Self { is_ipv6: true, has_times: true },
        Self { is_ipv6: false, has_times: false },
        Self { is_ipv6: true, has_times: false },
    ];

    /// The template of a flow's record.
    pub(super) const fn of(line: &FlowLine<'_>) -> Self {
        Self { is_ipv6: line.client.endpoint.address.is_ipv6(), has_times: line.span.is_some() }
    }

    /// The number that sets of such records go by.
    pub(super) const fn id(self) -> u16 {
        FIRST_TEMPLATE + self.is_ipv6 as u16 + 2 * !self.has_times as u16
    }

    fn elements(self) -> impl ExactSizeIterator<Item = Element> {
        let times = if self.has_times { &TIMES[..] } else { &[] };
        let addresses = if self.is_ipv6 { IPV6 } else { IPV4 };
        [times, &addresses, &COMMON].concat().into_iter()
    }
}

/// The records of all templates (RFC 7011, section 3.4.1).
pub(super) fn template_records() -> Vec<u8> {
    let mut bytes = Vec::new();
    for template in Template::ALL {
        let elements = template.elements();
        let count = u16::try_from(elements.len()).expect("there are few elements");
        bytes.extend([template.id(), count].map(u16::to_be_bytes).as_flattened());
        for Element { number, length, is_reverse } in elements {
            let number = if is_reverse { number | ENTERPRISE } else { number };
            bytes.extend([number, length].map(u16::to_be_bytes).as_flattened());
            if is_reverse {
                bytes.extend(REVERSE.to_be_bytes());
            }
        }
    }
    bytes
}

/// Puts the record of a flow behind `bytes`, by its [`Template`].
pub(super) fn encode(line: &FlowLine<'_>, bytes: &mut Vec<u8>) {
    let (client, server) = (&line.client, &line.server);
    if let Some((first, last)) = line.span {
        for time in [first, last] {
            // What a file claims to be older than 1970 has no other number.
            let millis = time.as_nanos().max(0).unsigned_abs() / 1_000_000;
            bytes.extend(millis.to_be_bytes());
        }
    }
    for end in [client, server] {
        match end.endpoint.address {
            IpAddr::V4(address) => bytes.extend(address.octets()),
            IpAddr::V6(address) => bytes.extend(address.octets()),
        }
    }
    for end in [client, server] {
        bytes.extend(end.endpoint.port.to_be_bytes());
    }
    bytes.extend([line.transport.protocol_number(), biflow_direction(line.basis)]);
    for end in [client, server] {
        bytes.extend(end.sent.packets.to_be_bytes());
        bytes.extend(end.sent.bytes.to_be_bytes());
        bytes.extend(u16::from(end.sent.flags.0).to_be_bytes());
    }
    for name in [line.service, line.category] {
        let name = shortened(name);
        bytes.push(u8::try_from(name.len()).expect("it is not longer than the longest"));
        bytes.extend(name.as_bytes());
    }
}

/// What the source of the biflow is, as far as the meter can tell (RFC 5103, section 6.3): the client, if there is one.
const fn biflow_direction(basis: Basis) -> u8 {
    const ARBITRARY: u8 = 0;
    const INITIATOR: u8 = 1;
    const REVERSE_INITIATOR: u8 = 2;
    match basis {
        Basis::Symmetric | Basis::Tie | Basis::Undecided => ARBITRARY,
        // The server opens the connection.
        Basis::Callback => REVERSE_INITIATOR,
        Basis::HandshakeSyn | Basis::HandshakeSynAck | Basis::Evidence => INITIATOR,
    }
}

/// The beginning of a text, as much as a record takes.
fn shortened(text: &str) -> &str {
    let is_end = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=LONGEST_TEXT.min(text.len())).rev().find(is_end).unwrap_or(0);
    &text[..end]
}
