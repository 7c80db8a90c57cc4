//! What can be seen of a flow without its payload.

use std::net::{IpAddr, Ipv4Addr};

#[cfg(feature = "read")]
use crate::flow::{FlowRecord, Handshake};
use crate::net::{Endpoint, Side, Transport};
#[cfg(feature = "read")]
use crate::packet::TcpFlags;

/// What a decision is made from, besides the table: one flow as it was seen.
///
/// The sides may be named either way round: exchanging them changes nothing but the names in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Observed {
    /// The transport.
    pub transport: Transport,
    /// The endpoints, by [`Side`].
    pub endpoints: [Endpoint; 2],
    /// Who sent the first packet, if that is known.
    pub opener: Option<Side>,
    /// The TCP handshake, as far as it was seen.
    pub opening: Option<Opening>,
    /// Whether a side sent anything but resets.
    pub spoke: [bool; 2],
    /// Whether a side of a UDP flow is a group of hosts, multicast or broadcast, to which packets can only go.
    pub is_group: [bool; 2],
}

/// How a TCP connection was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Opening {
    /// Who asked for the connection.
    pub client: Side,
    /// Whether the SYN was seen; else only the SYN/ACK was.
    pub seen_syn: bool,
    /// Whether a SYN/ACK came back, or the client's ACK shows that one did.
    pub answered: bool,
    /// Whether RST came back instead.
    pub refused: bool,
}

impl Observed {
    /// A flow of which both ends spoke, and nobody knows who began.
    pub fn without_handshake(transport: Transport, endpoints: [Endpoint; 2]) -> Self {
        let is_group = match transport {
            Transport::Udp => endpoints.map(|endpoint| is_group(endpoint.address)),
            Transport::Tcp | Transport::Sctp => [false; 2],
        };
        Self { transport, endpoints, opener: None, opening: None, spoke: [true; 2], is_group }
    }

    /// The endpoint of a side.
    pub const fn endpoint(&self, side: Side) -> Endpoint {
        side.of(self.endpoints)
    }

    /// The service's endpoint, if a SYN/ACK came from it: something listens there.
    pub fn listener(&self) -> Option<Endpoint> {
        let opening = self.opening.filter(|opening| opening.answered)?;
        Some(self.endpoint(opening.client.other()))
    }
}

#[cfg(feature = "read")]
impl From<&FlowRecord> for Observed {
    #[inline(always)]
    #[allow(clippy::inline_always)] // for every flow
    fn from(record: &FlowRecord) -> Self {
        let spoke = |side: Side| {
            let sent = record.sent_by(side);
            // A host resets what nobody asked it for.
            let only_resets = sent.flags.contains(TcpFlags::RST)
                && !sent.flags.intersects(TcpFlags::SYN | TcpFlags::PSH | TcpFlags::FIN);
            sent.packets > 0 && !only_resets
        };
        Self {
            opener: Some(record.opener),
            opening: opening(record),
            spoke: Side::BOTH.map(spoke),
            ..Self::without_handshake(record.transport, record.endpoints)
        }
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

#[cfg(feature = "read")]
#[inline]
fn opening(record: &FlowRecord) -> Option<Opening> {
    let handshake = &record.handshake;
    let seen_syn = handshake.syn.iter().any(Option::is_some);
    let client = client(handshake)?;
    let asked = client.other();
    // Only with RST, and never with ACK.
    let turned_down =
        |side: Side| record.sent_by(side).flags.contains(TcpFlags::RST) && side.of(handshake.ack).is_none();
    // Whoever is sent a SYN/ACK out of the blue resets it: that may be a scan, and shows no service.
    if !seen_syn && turned_down(client) {
        return None;
    }
    // Where only one direction was captured, the client's ACK tells of the answer.
    let answered = asked.of(handshake.syn_ack).is_some() || client.of(handshake.ack).is_some();
    Some(Opening { client, seen_syn, answered, refused: seen_syn && !answered && turned_down(asked) })
}

/// The side that asked for the connection: the one that sent the only SYN. Where none was seen, or both sides sent one, the one
/// that got the only SYN/ACK: a simultaneous open (RFC 9293, section 3.5) has no client.
#[cfg(feature = "read")]
#[inline]
fn client(handshake: &Handshake) -> Option<Side> {
    let [syn, syn_ack] = [handshake.syn, handshake.syn_ack].map(|times| times.map(|time| time.is_some()));
    match (syn, syn_ack) {
        ([true, false], _) => Some(Side::A),
        ([false, true], _) | (_, [true, false]) => Some(Side::B),
        (_, [false, true]) => Some(Side::A),
        _ => None,
    }
}

#[cfg(all(test, feature = "read"))]
mod tests {
    use super::*;
    use crate::flow::{Handshake, Traffic};
    use crate::net::Timestamp;

    fn record(flags: [TcpFlags; 2], handshake: Handshake) -> FlowRecord {
        let endpoint = |last, port| Endpoint::new(Ipv4Addr::new(10, 0, 0, last).into(), port);
        FlowRecord {
            transport: Transport::Tcp,
            endpoints: [endpoint(1, 50_000), endpoint(2, 80)],
            span: None,
            sent: flags.map(|flags| Traffic { packets: 1, bytes: 60, flags }),
            opener: Side::A,
            handshake,
            intervals: Vec::new(),
        }
    }

    #[test]
    fn only_an_answered_syn_makes_a_listener() {
        let seen = [Some(Timestamp::from_nanos(1)), None];
        let asked = Handshake { syn: seen, ..Handshake::default() };
        let answered = Handshake { syn_ack: [None, Some(Timestamp::from_nanos(2))], ..asked };
        let listener = |handshake| {
            Observed::from(&record([TcpFlags::SYN, TcpFlags::SYN | TcpFlags::ACK], handshake))
                .listener()
                .map(|endpoint| endpoint.port)
        };
        assert_eq!((listener(asked), listener(answered)), (None, Some(80)));
    }

    #[test]
    fn the_clients_ack_tells_of_an_answer_that_was_not_captured() {
        let at = |nanos| [Some(Timestamp::from_nanos(nanos)), None];
        let half = Handshake { syn: at(1), ack: at(2), ..Handshake::default() };
        let flow = Observed::from(&record([TcpFlags::SYN | TcpFlags::ACK, TcpFlags::default()], half));
        assert_eq!(flow.listener().map(|endpoint| endpoint.port), Some(80));
    }

    #[test]
    fn who_only_resets_did_not_speak() {
        let spoke = |flags| Observed::from(&record([TcpFlags::ACK, flags], Handshake::default())).spoke[1];
        assert!(!spoke(TcpFlags::RST) && !spoke(TcpFlags::RST | TcpFlags::ACK));
        assert!(spoke(TcpFlags::RST | TcpFlags::PSH) && spoke(TcpFlags::ACK));
    }
    #[test]
    fn a_syn_ack_out_of_the_blue_that_is_reset_shows_nothing() {
        let seen = [None, Some(Timestamp::from_nanos(1))];
        let blue = Handshake { syn_ack: seen, ..Handshake::default() };
        let both = TcpFlags::SYN | TcpFlags::ACK;
        let opening = |flags, handshake| Observed::from(&record([flags, both], handshake)).opening;
        assert_eq!(opening(TcpFlags::ACK, blue).map(|opening| opening.client), Some(Side::A));
        assert_eq!(opening(TcpFlags::default(), blue).map(|opening| opening.client), Some(Side::A));
        assert_eq!(opening(TcpFlags::RST, blue), None);
        let later = Handshake { ack: [Some(Timestamp::from_nanos(2)), None], ..blue };
        assert_eq!(
            opening(TcpFlags::RST | TcpFlags::ACK, later).map(|opening| opening.client),
            Some(Side::A)
        );
    }

    #[test]
    fn a_simultaneous_open_has_no_client() {
        let at = |nanos| Some(Timestamp::from_nanos(nanos));
        let both = Handshake { syn: [at(1), at(2)], ..Handshake::default() };
        let client = |handshake| {
            let flags = [TcpFlags::SYN, TcpFlags::SYN];
            Observed::from(&record(flags, handshake)).opening.map(|opening| opening.client)
        };
        assert_eq!(client(both), None);
        assert_eq!(client(Handshake { syn_ack: [at(3), at(3)], ..both }), None);
        assert_eq!(client(Handshake { syn_ack: [at(3), None], ..both }), Some(Side::B));
        assert_eq!(client(Handshake { syn_ack: [None, at(3)], ..both }), Some(Side::A));
    }
}
