//! Decisions: the written cases, and laws on random flows.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)]

use std::net::IpAddr;
use std::sync::LazyLock;

use portolan::classify::{
    self, Basis, Candidate, CategoryId, Confidence, Decision, EvidenceKind, Explanation, Learned, Observed,
    PortTable, Rank, ServiceId, is_in_doubt, may_be_in_doubt, weigh,
};
use portolan::flow::{FlowRecord, Handshake, Traffic};
use portolan::net::{Endpoint, Side, Timestamp, Transport};
use portolan::packet::TcpFlags;
use proptest::prelude::*;

static TABLE: LazyLock<PortTable> = LazyLock::new(PortTable::built_in);

const CASES: &str = include_str!("../data/port-pair-cases.csv");

/// The first packet of a flow.
#[derive(Clone, Copy, PartialEq)]
enum First {
    Syn,
    SynAck,
    Data,
}

/// A flow whose first packet goes from the first endpoint to the second one.
fn flow(transport: Transport, from: (&str, u16), to: (&str, u16), first: First) -> FlowRecord {
    let [from, to] = [from, to].map(|(address, port)| Endpoint::new(address.parse().unwrap(), port));
    let opener = if from <= to { Side::A } else { Side::B };
    let mut handshake = Handshake::default();
    let mut sent = [Traffic { packets: 1, bytes: 60, flags: TcpFlags::default() }; 2];
    let packet = match first {
        First::Syn => Some((&mut handshake.syn, TcpFlags::SYN)),
        First::SynAck => Some((&mut handshake.syn_ack, TcpFlags::SYN | TcpFlags::ACK)),
        First::Data => None,
    };
    if let Some((times, flags)) = packet {
        times[opener.index()] = Some(Timestamp::from_nanos(1));
        sent[opener.index()].flags = flags;
    }
    let endpoints = [from.min(to), from.max(to)];
    FlowRecord { transport, endpoints, span: None, sent, opener, handshake, intervals: Vec::new() }
}

/// TCP between two hosts, from the client's port to the server's.
fn tcp(from: u16, to: u16, first: First) -> FlowRecord {
    flow(Transport::Tcp, ("10.0.0.1", from), ("10.0.0.2", to), first)
}

fn udp(from: u16, to: u16) -> FlowRecord {
    flow(Transport::Udp, ("10.0.0.1", from), ("10.0.0.2", to), First::Data)
}

/// The same flow with the sides' names exchanged.
fn mirrored(record: &FlowRecord) -> FlowRecord {
    let mut mirror = record.clone();
    mirror.endpoints.reverse();
    mirror.sent.reverse();
    mirror.opener = record.opener.other();
    mirror.handshake.syn.reverse();
    mirror.handshake.syn_ack.reverse();
    mirror.handshake.ack.reverse();
    mirror
}

fn names(decision: &Decision) -> (&'static str, &'static str) {
    (TABLE.service_name(decision.service), &TABLE.category(decision.category).id)
}

/// What candidates there are, as port and name.
fn other_names(record: &FlowRecord) -> Vec<(u16, &'static str)> {
    let found = candidates(record, &decide(record, &TABLE), &TABLE);
    found.iter().map(|other| (other.port, TABLE.service_name(other.service))).collect()
}

/// What is decided of a flow by itself.
fn decide(record: &FlowRecord, table: &PortTable) -> Decision {
    classify::decide(&record.into(), table, &Learned::new())
}

fn candidates(record: &FlowRecord, decision: &Decision, table: &PortTable) -> Vec<Candidate> {
    classify::candidates(&record.into(), decision, table)
}

fn explain(record: &FlowRecord) -> Explanation {
    classify::explain(&record.into(), &TABLE, &Learned::new())
}

/// The evidence, as port and words.
fn lines(record: &FlowRecord) -> Vec<String> {
    let explanation = explain(record);
    let line = |piece: &classify::Evidence| {
        let port = record.endpoint(piece.side).port;
        format!("{port}: {} {:+}", piece.kind.describe(), piece.kind.points())
    };
    explanation.evidence.iter().map(line).collect()
}

/// One row of `port-pair-cases.csv`, from a source with a smaller or a larger address than the destination's.
fn check_case(row: &csv::StringRecord, source: &str) {
    let destination = match &row[5] {
        "unicast" => "10.0.0.5",
        "multicast" => "239.1.2.3",
        "broadcast" => "255.255.255.255",
        other => panic!("destination {other}"),
    };
    let first = match &row[4] {
        "syn" => First::Syn,
        "syn-ack" => First::SynAck,
        "data" | "udp" => First::Data,
        other => panic!("first packet {other}"),
    };
    let transport = Transport::from_name(&row[1]).unwrap();
    let [from, to] = [2, 3].map(|column: usize| row[column].parse().unwrap());
    let record = flow(transport, (source, from), (destination, to), first);
    let decision = decide(&record, &TABLE);

    let port = decision.service_port.map_or("none".to_owned(), |port| port.to_string());
    assert_eq!((port.as_str(), names(&decision)), (&row[7], (&row[8], &row[9])), "{row:?}");
    let side = match (decision.service_side, decision.basis) {
        (None, Basis::Symmetric) => "both",
        (None, Basis::Undecided) => "none",
        (Some(side), _) if side == record.opener => "src",
        (Some(_), _) => "dst",
        (None, basis) => panic!("no side by {basis}"),
    };
    assert_eq!(side, &row[10], "{row:?}");
}

#[test]
fn all_written_cases_come_out() {
    let rows: Vec<_> = csv::Reader::from_reader(CASES.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 52);
    for row in &rows {
        check_case(row, "10.0.0.1");
        check_case(row, "10.0.0.9");
    }
}

#[test]
fn port_20_calls_back_only_where_the_handshake_agrees() {
    let basis = |record: &FlowRecord| decide(record, &TABLE).basis;
    assert_eq!(basis(&tcp(20, 52_011, First::Syn)), Basis::Callback);
    assert_eq!(basis(&tcp(52_011, 20, First::SynAck)), Basis::Callback);
    assert_eq!(basis(&tcp(52_011, 20, First::Data)), Basis::Callback);
    let asked = tcp(52_011, 20, First::Syn);
    assert_eq!((basis(&asked), decide(&asked, &TABLE).service_port), (Basis::HandshakeSyn, Some(20)));
    let system = tcp(20, 80, First::Syn);
    assert_eq!((basis(&system), decide(&system, &TABLE).service_port), (Basis::HandshakeSyn, Some(80)));
    // A scan from port 20 gets through some filters; its targets are the services.
    let scan = tcp(20, 5432, First::Syn);
    assert_eq!((basis(&scan), decide(&scan, &TABLE).service_port), (Basis::HandshakeSyn, Some(5432)));
    let mut refused = tcp(20, 52_011, First::Syn);
    refused.sent[1].flags = TcpFlags::RST | TcpFlags::ACK;
    assert_eq!(basis(&refused), Basis::HandshakeSyn);
    assert_ne!(basis(&flow(Transport::Sctp, ("::1", 20), ("::2", 52_011), First::Data)), Basis::Callback);
}

#[test]
fn port_0_on_both_ends_is_unknown() {
    let decision = decide(&udp(0, 0), &TABLE);
    assert_eq!((decision.basis, decision.service_port), (Basis::Undecided, None));
    assert_eq!((decision.side_confidence, decision.service_confidence), (0, 0));
}

#[test]
fn an_unknown_port_keeps_its_side_and_has_no_row_in_a_summary() {
    let decision = decide(&tcp(52_012, 39_001, First::Syn), &TABLE);
    assert_eq!((decision.service_side, decision.service_port), (Some(Side::B), Some(39_001)));
    assert_eq!((decision.service, decision.category), (ServiceId::UNKNOWN, CategoryId::UNKNOWN));
    assert_eq!((decision.summary_port(), decision.side_confidence), (None, 990));
    assert_eq!((decision.service_confidence, decision.confidence()), (0, Confidence::Low));
}

#[test]
fn confidence_is_side_times_name() {
    let confidence = |record: &FlowRecord| {
        let decision = decide(record, &TABLE);
        (decision.side_confidence, decision.service_confidence, decision.confidence().name())
    };
    assert_eq!(confidence(&tcp(51_234, 443, First::Syn)), (990, 941, "high"));
    assert_eq!(confidence(&tcp(51_234, 443, First::Data)), (980, 931, "high"));
    assert_eq!(confidence(&tcp(51_234, 8443, First::Syn)), (990, 743, "medium"));
    assert_eq!(confidence(&tcp(80, 4660, First::Syn)), (990, 149, "low"));
    // +4.0 - 0.3 against +4.0 - 1.5: 1.2 of a gap.
    assert_eq!(confidence(&tcp(3306, 33_060, First::Data)), (808, 768, "medium"));
    assert_eq!(confidence(&udp(53, 53)), (990, 941, "high"));
    assert_eq!(confidence(&tcp(20, 52_011, First::Syn)), (970, 922, "high"));
}

#[test]
fn even_evidence_takes_the_lower_port() {
    // Both are IANA's system ports with a curated primary name.
    for record in [tcp(443, 22, First::Data), tcp(22, 443, First::Data)] {
        let decision = decide(&record, &TABLE);
        assert_eq!((decision.basis, decision.service_port), (Basis::Tie, Some(22)));
        assert_eq!(decision.side_confidence, 500);
    }
}

#[test]
fn the_first_packet_decides_between_udp_ports_of_one_standing() {
    for (from, to) in [(5353, 5060), (5060, 5353)] {
        let decision = decide(&udp(from, to), &TABLE);
        assert_eq!((decision.basis, decision.service_port), (Basis::Evidence, Some(to)));
        assert_eq!(decision.side_confidence, 698);
    }
    // The table goes before it: captures that begin with the answer are common.
    assert_eq!(decide(&udp(5353, 50_999), &TABLE).service_port, Some(5353));
}

#[test]
fn a_syn_is_answered_unanswered_or_refused() {
    let fate = |record: &FlowRecord| {
        let decision = decide(record, &TABLE);
        (decision.unanswered, decision.refused)
    };
    let mut record = tcp(51_234, 443, First::Syn);
    assert_eq!(fate(&record), (true, false));
    record.sent[1].flags = TcpFlags::RST | TcpFlags::ACK;
    assert_eq!(fate(&record), (true, true));
    record.handshake.ack[1] = Some(Timestamp::from_nanos(2));
    assert_eq!(fate(&record), (true, false), "a connection that was reset later");
    record.handshake.syn_ack[1] = Some(Timestamp::from_nanos(2));
    assert_eq!(fate(&record), (false, false));
    assert_eq!(fate(&tcp(443, 51_234, First::SynAck)), (false, false));
    assert_eq!(fate(&tcp(51_234, 443, First::Data)), (false, false));
    // The one who is asked need not be the service.
    let mut callback = tcp(20, 52_011, First::Syn);
    callback.sent[1].flags = TcpFlags::RST;
    assert_eq!(fate(&callback), (true, true));
}

#[test]
fn groups_attract_ipv6_and_broadcast_too() {
    let to = |address, first| {
        let from = if address == "255.255.255.255" { "10.0.0.1" } else { "fe80::1" };
        let record = flow(Transport::Udp, (from, 51_000), (address, 50_999), first);
        let decision = decide(&record, &TABLE);
        (decision.basis, decision.service_port, decision.service)
    };
    let found = (Basis::Evidence, Some(50_999), ServiceId::UNKNOWN);
    assert_eq!(to("ff02::c", First::Data), found);
    assert_eq!(to("255.255.255.255", First::Data), found);
    assert_eq!(to("fe80::2", First::Data), (Basis::Undecided, None, ServiceId::UNKNOWN));
}

#[test]
fn candidates_are_the_other_names() {
    assert_eq!(
        other_names(&tcp(53_211, 5000, First::Syn)).iter().map(|(_, name)| *name).collect::<Vec<_>>(),
        ["commplex-main", "airplay", "docker-registry", "keystone", "ms-teams", "webex"]
    );
    assert!(other_names(&tcp(53_212, 2049, First::Syn)).contains(&(2049, "shilp")));
    assert!(other_names(&tcp(51_234, 443, First::Syn)).contains(&(443, "https")), "under the category web");
    assert!(!other_names(&tcp(51_234, 22, First::Data)).iter().any(|(port, _)| *port != 22));
    assert_eq!(other_names(&udp(16_500, 27_204)), [(16_500, "rtp"), (27_204, "rtp")]);
    assert_eq!(other_names(&udp(16_500, 16_500)), [(16_500, "rtp")]);
    assert_eq!(other_names(&tcp(36_500, 45_990, First::Data)), []);
}

#[test]
fn candidates_say_what_rank_they_have() {
    let record = udp(30_081, 30_080);
    let found = candidates(&record, &decide(&record, &TABLE), &TABLE);
    let of_port = |port| found.iter().filter(move |other| other.port == port);
    for port in [30_080, 30_081] {
        let named: Vec<_> = of_port(port).map(|other| TABLE.service_name(other.service)).collect();
        assert_eq!(named, ["rtp", "kube-nodeport"]);
    }
    assert!(found.iter().all(|other| other.rank == Rank::Candidate));
}

#[test]
fn explanations_say_what_decided_the_weightiest_first() {
    assert_eq!(
        lines(&tcp(40_112, 5432, First::Data)),
        ["5432: primary, IANA's name +400", "40112: client range of Linux, 32768-49151 -150"]
    );
    let scan = tcp(80, 4660, First::Syn);
    assert_eq!(lines(&scan)[0], "4660: destination of the SYN: decides alone +2000");
    let http = TABLE.services_named("http")[0];
    assert_eq!(explain(&scan).odd_client, Some((80, http)));
    assert_eq!(explain(&tcp(51_234, 443, First::Syn)).odd_client, None);
    let both =
        ["36500: client range of Linux, 32768-49151 -150", "45990: client range of Linux, 32768-49151 -150"];
    assert_eq!(lines(&tcp(36_500, 45_990, First::Data)), both);
    assert_eq!(lines(&udp(53, 53))[0], "53: the port of both ends: decides alone +2000");
    let callback = lines(&tcp(52_011, 20, First::Data));
    assert!(callback[0].starts_with("20: the FTP server opens"), "{callback:?}");
    assert!(lines(&tcp(52_012, 39_001, First::SynAck))[0].starts_with("52012: sender of the SYN/ACK"));
}

/// What three clients of a server with a handshake, and one without, show.
#[test]
fn what_is_learned_elsewhere_decides_where_ports_cannot() {
    let server = ("10.0.0.9", 39_001);
    let mut handshake = flow(Transport::Tcp, ("10.0.0.1", 40_001), server, First::Syn);
    handshake.handshake.syn_ack[1] = Some(Timestamp::from_nanos(2));
    let in_doubt = flow(Transport::Tcp, ("10.0.0.2", 40_002), server, First::Data);
    assert_eq!(decide(&in_doubt, &TABLE).basis, Basis::Undecided);

    let mut learned = Learned::new();
    learned.ask(&(&in_doubt).into());
    learned.learn(&(&handshake).into());
    let decision = classify::decide(&(&in_doubt).into(), &TABLE, &learned);
    assert_eq!((decision.basis, decision.service_port), (Basis::Evidence, Some(39_001)));
    assert!(decision.side_confidence >= 950);
    let explanation = classify::explain(&(&in_doubt).into(), &TABLE, &learned);
    assert_eq!(explanation.evidence[0].kind, EvidenceKind::Listener);
}

/// A port that asks many others the same is a client, not a service: of the peers' ports there is but one.
#[test]
fn a_client_with_one_port_is_not_popular() {
    let flows: Vec<_> = (0..40)
        .map(|host| {
            flow(Transport::Tcp, ("10.0.1.1", 45_990), (&format!("10.0.0.{host}"), 46_990), First::Data)
        })
        .collect();
    let mut learned = Learned::new();
    for flow in &flows {
        learned.ask(&flow.into());
        learned.learn(&flow.into());
    }
    assert_eq!(learned.of(Transport::Tcp, Endpoint::new([10, 0, 1, 1].into(), 45_990)).peers(), 1);
    assert_eq!(classify::decide(&(&flows[3]).into(), &TABLE, &learned).service_side, None);
}

/// The answers to a scan are not asked for by those who give them.
#[test]
fn answers_to_a_scan_make_nobody_popular() {
    let scanner = ("10.0.1.1", 45_990);
    let mut learned = Learned::new();
    for port in 30_000..30_100 {
        let probe: Observed = (&flow(Transport::Udp, scanner, ("10.0.0.9", port), First::Data)).into();
        assert_eq!(probe.spoke, [true; 2]);
        learned.ask(&probe);
        learned.learn(&probe);
    }
    assert_eq!(learned.of(Transport::Udp, Endpoint::new([10, 0, 1, 1].into(), 45_990)).peers(), 0);
}

/// Whether a flow's endpoints were noted for another one's sake makes no difference to it.
#[test]
fn what_needs_no_more_evidence_gets_none() {
    let settled = flow(Transport::Udp, ("10.0.0.1", 50_000), ("10.0.0.9", 53), First::Data);
    let mut learned = Learned::new();
    learned.ask(&(&settled).into());
    for host in 0..50_u16 {
        let asks = flow(
            Transport::Udp,
            (&format!("10.0.2.{host}"), 40_000 + host),
            ("10.0.0.1", 50_000),
            First::Data,
        );
        learned.learn(&(&asks).into());
    }
    assert!(learned.of(Transport::Udp, Endpoint::new([10, 0, 0, 1].into(), 50_000)).peers() > 16);
    let alone = classify::decide(&(&settled).into(), &TABLE, &Learned::new());
    assert_eq!(classify::decide(&(&settled).into(), &TABLE, &learned), alone);
}

#[test]
fn two_peers_are_chance_and_three_a_service() {
    let server = ("10.0.0.9", 39_001);
    let flows: Vec<_> = (0..3)
        .map(|host| flow(Transport::Udp, (&format!("10.0.0.{host}"), 45_990 + host), server, First::Data))
        .collect();
    let decided = |count: usize| {
        let mut learned = Learned::new();
        flows[..count].iter().for_each(|flow| learned.ask(&flow.into()));
        flows[..count].iter().for_each(|flow| learned.learn(&flow.into()));
        classify::decide(&(&flows[0]).into(), &TABLE, &learned).service_port
    };
    assert_eq!([decided(2), decided(3)], [None, Some(39_001)]);
}

#[test]
fn the_smallest_decision_is_small() {
    assert!(size_of::<Decision>() <= 20, "{}", size_of::<Decision>());
}

fn any_port() -> impl Strategy<Value = u16> {
    let telling =
        [0, 20, 53, 68, 80, 443, 511, 512, 546, 1023, 1024, 5000, 5001, 32_767, 32_768, 49_151, 49_152];
    prop_oneof![any::<u16>(), 0_u16..2000, prop::sample::select(telling.to_vec())]
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(IpAddr::from),
        prop::sample::select(vec!["255.255.255.255", "224.0.0.251", "ff02::fb", "::1"])
            .prop_map(|text| text.parse().unwrap()),
    ]
}

/// The times of two sides, never the same: which of two packets at one time came first cannot be told.
fn any_times() -> impl Strategy<Value = [Option<Timestamp>; 2]> {
    prop::option::of(-50_i64..50).prop_flat_map(|a| {
        let time = |half: i64| Timestamp::from_nanos(half);
        prop::option::of(-50_i64..50).prop_map(move |b| [a.map(|a| time(2 * a)), b.map(|b| time(2 * b + 1))])
    })
}

prop_compose! {
    fn any_flow()(
        transport in prop::sample::select(Transport::ALL.to_vec()),
        endpoints in [(any_address(), any_port()), (any_address(), any_port())],
        same_port in prop::bool::weighted(0.1),
        flags in any::<[u8; 2]>(),
        opener in prop::sample::select(Side::BOTH.to_vec()),
        times in [any_times(), any_times(), any_times()],
        with_handshake in any::<bool>(),
    ) -> FlowRecord {
        let seen = transport == Transport::Tcp && with_handshake;
        let [syn, syn_ack, ack] = if seen { times } else { [[None; 2]; 3] };
        let mut endpoints = endpoints.map(|(address, port)| Endpoint::new(address, port));
        if same_port {
            endpoints[1].port = endpoints[0].port;
        }
        endpoints.sort_unstable();
        FlowRecord {
            transport,
            endpoints,
            span: None,
            sent: flags.map(|flags| Traffic { packets: 1, bytes: 1, flags: TcpFlags(flags) }),
            opener,
            handshake: Handshake { syn, syn_ack, ack },
            intervals: Vec::new(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_mirror_image_is_decided_alike(record in any_flow()) {
        let decision = decide(&record, &TABLE);
        let mut expected = decision;
        expected.service_side = decision.service_side.map(Side::other);
        prop_assert_eq!(decide(&mirrored(&record), &TABLE), expected);
    }

    #[test]
    fn fields_of_a_decision_agree(record in any_flow()) {
        let decision = decide(&record, &TABLE);
        let no_side = matches!(decision.basis, Basis::Symmetric | Basis::Undecided);
        prop_assert_eq!(decision.service_side.is_none(), no_side);
        prop_assert_eq!(decision.service_port.is_none(), decision.basis == Basis::Undecided);
        if let Some(side) = decision.service_side {
            prop_assert_eq!(decision.service_port, Some(record.endpoint(side).port));
        }
        let unknown = decision.service == ServiceId::UNKNOWN;
        prop_assert_eq!(decision.category == CategoryId::UNKNOWN, unknown);
        prop_assert_eq!(decision.summary_port().is_none(), unknown);
        prop_assert_eq!(decision.service_confidence == 0, unknown);
        prop_assert!(decision.service_confidence <= decision.side_confidence);
        prop_assert!(decision.side_confidence <= 990);
        let expected_least = if decision.basis == Basis::Undecided { 0 } else { 500 };
        prop_assert!(decision.side_confidence >= expected_least);
        prop_assert!(decision.unanswered || !decision.refused);
    }

    #[test]
    fn the_handshake_has_the_last_word(record in any_flow()) {
        let [a, b] = record.endpoints.map(|endpoint| endpoint.port);
        prop_assume!(a != b || a == 0);
        let decision = decide(&record, &TABLE);
        let client = Observed::from(&record).opening.map(|opening| opening.client);
        match decision.basis {
            // The server of FTP data asks for the connection.
            Basis::Callback => {
                prop_assert_eq!(decision.service_port, Some(20));
                prop_assert!(client.is_none() || client == decision.service_side);
            }
            Basis::HandshakeSyn | Basis::HandshakeSynAck => {
                prop_assert_eq!(decision.service_side.map(Side::other), client);
                prop_assert!(client.is_some());
            }
            _ => prop_assert_eq!(client, None),
        }
        if record.handshake.syn.iter().flatten().count() == 1 {
            prop_assert!(matches!(decision.basis, Basis::HandshakeSyn | Basis::Callback));
            prop_assert_eq!(client, record.handshake.client());
        }
    }

    #[test]
    fn the_sums_decide_where_nothing_else_does(record in any_flow()) {
        let decision = decide(&record, &TABLE);
        let mut sums = [0_i32; 2];
        weigh(&(&record).into(), &TABLE, &Learned::new(), |side, kind| sums[side.index()] += kind.points());
        if let (Basis::Evidence, Some(side)) = (decision.basis, decision.service_side) {
            prop_assert!(sums[side.index()] - sums[side.other().index()] >= 25);
        }
    }

    #[test]
    fn what_cannot_be_in_doubt_is_not(record in any_flow()) {
        let may_be = may_be_in_doubt(record.transport, record.endpoints, &TABLE);
        prop_assert!(may_be || !is_in_doubt(&(&record).into(), &TABLE));
    }

    #[test]
    fn every_decision_can_be_explained(record in any_flow()) {
        let decision = decide(&record, &TABLE);
        let explanation = explain(&record);
        prop_assert_eq!(explanation.decision, decision);
        prop_assert!(explanation.evidence.iter().all(|piece| !piece.kind.describe().is_empty()));
        let decides_alone = !matches!(decision.basis, Basis::Evidence | Basis::Tie | Basis::Undecided);
        let first = explanation.evidence.first().map_or(0, |piece| piece.kind.points());
        prop_assert_eq!(first == 2000, decides_alone);
        let found = candidates(&record, &decision, &TABLE);
        let ports = record.endpoints.map(|endpoint| endpoint.port);
        for (place, other) in found.iter().enumerate() {
            prop_assert!(ports.contains(&other.port));
            prop_assert!(!found[..place].contains(other));
            let chosen = (decision.service_port, decision.service, decision.category);
            prop_assert_ne!((Some(other.port), other.service, other.category), chosen);
        }
    }
}
