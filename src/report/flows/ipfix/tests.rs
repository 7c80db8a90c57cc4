//! What a collector makes of the messages: a reader that knows nothing but RFC 7011.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::classify::Basis;
use crate::flow::Traffic;
use crate::net::{Endpoint, Timestamp, Transport};
use crate::packet::TcpFlags;
use crate::report::flows::FlowEnd;

/// A record: each element's number and enterprise, and its value.
type Record = BTreeMap<(u16, u32), Vec<u8>>;

/// Elements of a template: number, enterprise and length.
type Elements = Vec<(u16, u32, u16)>;

/// Takes bytes off the front.
fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (front, rest) = bytes.split_at(length);
    *bytes = rest;
    front
}

fn take_u16(bytes: &mut &[u8]) -> u16 {
    u16::from_be_bytes(take(bytes, 2).try_into().expect("two bytes"))
}

fn take_u32(bytes: &mut &[u8]) -> u32 {
    u32::from_be_bytes(take(bytes, 4).try_into().expect("four bytes"))
}

/// What a collector knows.
#[derive(Default)]
struct Collector {
    templates: BTreeMap<u16, Elements>,
    records: Vec<Record>,
    /// How many messages had templates.
    taught: u32,
}

impl Collector {
    fn message(&mut self, message: &[u8], time: u32) {
        let mut rest = message;
        assert_eq!(take_u16(&mut rest), 10);
        assert_eq!(usize::from(take_u16(&mut rest)), message.len());
        assert_eq!(take_u32(&mut rest), time);
        assert_eq!(take_u32(&mut rest) as usize, self.records.len(), "records before this message");
        assert_eq!(take_u32(&mut rest), 0);
        while !rest.is_empty() {
            let id = take_u16(&mut rest);
            let length = usize::from(take_u16(&mut rest)) - 4;
            let mut set = take(&mut rest, length);
            if id == 2 {
                self.taught += 1;
            }
            while !set.is_empty() {
                if id == 2 { self.template(&mut set) } else { self.record(id, &mut set) }
            }
        }
    }

    fn template(&mut self, set: &mut &[u8]) {
        let (id, count) = (take_u16(set), take_u16(set));
        let mut element = || {
            let (number, length) = (take_u16(set), take_u16(set));
            let enterprise = if number & 0x8000 == 0 { 0 } else { take_u32(set) };
            (number & 0x7fff, enterprise, length)
        };
        let elements: Elements = (0..count).map(|_| element()).collect();
        assert!(self.templates.insert(id, elements.clone()).is_none_or(|before| before == elements));
    }

    fn record(&mut self, id: u16, set: &mut &[u8]) {
        let mut value = |length| match length {
            u16::MAX => {
                let length = take(set, 1)[0];
                assert!(length < 255, "longer ones have two more bytes");
                take(set, usize::from(length))
            }
            length => take(set, usize::from(length)),
        };
        let elements = &self.templates[&id];
        let record = elements
            .iter()
            .map(|(number, enterprise, length)| ((*number, *enterprise), value(*length).to_vec()));
        self.records.push(record.collect());
    }
}

/// All messages of some flows.
fn messages(carrier: IpfixCarrier, lines: &[FlowLine<'_>], time: u32) -> Vec<Vec<u8>> {
    let mut messages = carrier.messages();
    let mut found = Vec::new();
    for line in lines {
        let mut record = Vec::new();
        template::encode(line, &mut record);
        found.extend(messages.push(Template::of(line), &record, time));
    }
    found.extend(messages.finish(time));
    found
}

fn collect(messages: &[Vec<u8>], time: u32) -> Collector {
    let mut collector = Collector::default();
    for message in messages {
        collector.message(message, time);
    }
    collector
}

/// What a record of the flow has to hold.
fn expected(line: &FlowLine<'_>) -> Record {
    let mut record = Record::new();
    if let Some((first, last)) = line.span {
        for (number, time) in [(152, first), (153, last)] {
            record.insert((number, 0), (time.as_nanos().unsigned_abs() / 1_000_000).to_be_bytes().to_vec());
        }
    }
    for (end, ports, addresses, enterprise) in
        [(line.client, 7, (8, 27), 0), (line.server, 11, (12, 28), 29305)]
    {
        record.insert((ports, 0), end.endpoint.port.to_be_bytes().to_vec());
        match end.endpoint.address {
            IpAddr::V4(address) => record.insert((addresses.0, 0), address.octets().to_vec()),
            IpAddr::V6(address) => record.insert((addresses.1, 0), address.octets().to_vec()),
        };
        record.insert((2, enterprise), end.sent.packets.to_be_bytes().to_vec());
        record.insert((1, enterprise), end.sent.bytes.to_be_bytes().to_vec());
        record.insert((6, enterprise), vec![0, end.sent.flags.0]);
    }
    let protocol = match line.transport {
        Transport::Tcp => 6,
        Transport::Udp => 17,
        Transport::Sctp => 132,
    };
    record.insert((4, 0), vec![protocol]);
    let direction = match line.basis.name() {
        "symmetric" | "tie" | "undecided" => 0, // arbitrary
        "callback" => 2,                        // reverseInitiator: the server opened it
        _ => 1,                                 // initiator
    };
    record.insert((239, 0), vec![direction]);
    record.insert((96, 0), line.service.as_bytes().to_vec());
    record.insert((372, 0), line.category.as_bytes().to_vec());
    record
}

fn endpoint() -> impl Strategy<Value = (Endpoint, Endpoint)> {
    let pair = (any::<u16>(), any::<u16>());
    prop_oneof![
        (any::<[[u8; 4]; 2]>(), pair).prop_map(|(at, ports)| (
            Endpoint::new(at[0].into(), ports.0),
            Endpoint::new(at[1].into(), ports.1)
        )),
        (any::<[[u8; 16]; 2]>(), pair).prop_map(|(at, ports)| (
            Endpoint::new(at[0].into(), ports.0),
            Endpoint::new(at[1].into(), ports.1)
        )),
    ]
}

fn sent() -> impl Strategy<Value = Traffic> {
    any::<(u64, u64, u8)>().prop_map(|(packets, bytes, flags)| Traffic {
        packets,
        bytes,
        flags: TcpFlags(flags),
    })
}

const NAMES: [&str; 3] = ["unknown", "postgresql", "böse \t\"name\""];

fn flow() -> impl Strategy<Value = FlowLine<'static>> {
    let span = proptest::option::of((0..=i64::MAX / 2, 0..=i64::MAX / 2));
    let basis = proptest::sample::select(Basis::ALL.to_vec());
    (0..3usize, endpoint(), sent(), sent(), span, 0..3usize, basis).prop_map(
        |(transport, (client, server), forth, back, span, name, basis)| FlowLine {
            transport: Transport::ALL[transport],
            client: FlowEnd { endpoint: client, sent: forth },
            server: FlowEnd { endpoint: server, sent: back },
            span: span
                .map(|(first, more)| (Timestamp::from_nanos(first), Timestamp::from_nanos(first + more))),
            service: NAMES[name],
            category: NAMES[(name + 1) % 3],
            basis,
            side_confidence: 0,
            service_confidence: 0,
            candidates: Vec::new(),
            handshake_rtt_ns: None,
        },
    )
}

proptest! {
    #[test]
    fn a_collector_finds_every_flow(lines in proptest::collection::vec(flow(), 0..400), time: u32) {
        for (carrier, limit) in [(IpfixCarrier::Datagrams, 512), (IpfixCarrier::Stream, 16_384)] {
            let messages = messages(carrier, &lines, time);
            prop_assert!(messages.iter().all(|message| message.len() <= limit));
            let collector = collect(&messages, time);
            prop_assert_eq!(collector.records, lines.iter().map(expected).collect::<Vec<_>>());
            prop_assert_eq!(collector.templates.len(), 4);
            let rounds = if limit == 512 { messages.len().div_ceil(64) } else { 1 };
            prop_assert_eq!(collector.taught as usize, rounds);
        }
    }
}

fn named(name: &str) -> FlowLine<'_> {
    let end = |address: [u8; 16], port| FlowEnd {
        endpoint: Endpoint::new(address.into(), port),
        sent: Traffic::default(),
    };
    FlowLine {
        transport: Transport::Udp,
        client: end([1; 16], 1),
        server: end([2; 16], 2),
        span: Some((Timestamp::from_nanos(0), Timestamp::from_nanos(0))),
        service: name,
        category: name,
        basis: Basis::Evidence,
        side_confidence: 0,
        service_confidence: 0,
        candidates: Vec::new(),
        handshake_rtt_ns: None,
    }
}

#[test]
fn long_names_are_cut_between_letters_and_fit_a_datagram() {
    let name = format!("a{}", "ü".repeat(2000));
    let lines = [named(&name), named(&name)];
    let messages = messages(IpfixCarrier::Datagrams, &lines, 0);
    assert!(messages.iter().all(|message| message.len() <= 512));
    let collector = collect(&messages, 0);
    assert_eq!(collector.records.len(), 2);
    // 120 bytes end within a letter of two.
    assert_eq!(collector.records[1][&(96, 0)], format!("a{}", "ü".repeat(59)).into_bytes());
}
