//! What can be seen of a flow without its payload.

#[cfg(feature = "read")]
use crate::flow::FlowRecord;
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
}

/// How a TCP connection was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Opening {
    /// Who asked for the connection.
    pub client: Side,
    /// Whether the SYN was seen; else only the SYN/ACK was.
    pub seen_syn: bool,
    /// Whether a SYN/ACK came back.
    pub answered: bool,
    /// Whether RST came back instead.
    pub refused: bool,
}

impl Observed {
    /// A flow of which both ends spoke, and nobody knows who began.
    pub const fn without_handshake(transport: Transport, endpoints: [Endpoint; 2]) -> Self {
        Self { transport, endpoints, opener: None, opening: None, spoke: [true; 2] }
    }

    /// The endpoint of a side.
    pub const fn endpoint(&self, side: Side) -> Endpoint {
        self.endpoints[side.index()]
    }

    /// The service's endpoint, if a SYN/ACK came from it: something listens there.
    pub fn listener(&self) -> Option<Endpoint> {
        let opening = self.opening.filter(|opening| opening.answered)?;
        Some(self.endpoint(opening.client.other()))
    }
}

#[cfg(feature = "read")]
impl From<&FlowRecord> for Observed {
    fn from(record: &FlowRecord) -> Self {
        let spoke = |side: Side| {
            let sent = record.sent_by(side);
            // A host resets what nobody asked it for.
            let only_resets = sent.flags.contains(TcpFlags::RST)
                && !sent.flags.intersects(TcpFlags::SYN | TcpFlags::PSH | TcpFlags::FIN);
            sent.packets > 0 && !only_resets
        };
        Self {
            transport: record.transport,
            endpoints: record.endpoints,
            opener: Some(record.opener),
            opening: opening(record),
            spoke: Side::BOTH.map(spoke),
        }
    }
}

#[cfg(feature = "read")]
fn opening(record: &FlowRecord) -> Option<Opening> {
    let handshake = &record.handshake;
    let client = handshake.client()?;
    let seen_syn = handshake.syn.iter().any(Option::is_some);
    let answered = handshake.answered();
    let asked = client.other();
    let reset = record.sent_by(asked).flags.contains(TcpFlags::RST);
    let refused = seen_syn && !answered && reset && handshake.ack[asked.index()].is_none();
    Some(Opening { client, seen_syn, answered, refused })
}

#[cfg(all(test, feature = "read"))]
mod tests {
    use super::*;
    use crate::flow::{Handshake, Traffic};
    use crate::net::Timestamp;

    fn record(flags: [TcpFlags; 2], handshake: Handshake) -> FlowRecord {
        let endpoint = |last, port| Endpoint::new(std::net::Ipv4Addr::new(10, 0, 0, last).into(), port);
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
    fn who_only_resets_did_not_speak() {
        let spoke = |flags| Observed::from(&record([TcpFlags::ACK, flags], Handshake::default())).spoke[1];
        assert!(!spoke(TcpFlags::RST) && !spoke(TcpFlags::RST | TcpFlags::ACK));
        assert!(spoke(TcpFlags::RST | TcpFlags::PSH) && spoke(TcpFlags::ACK));
    }
}
