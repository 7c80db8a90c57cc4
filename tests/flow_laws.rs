//! The laws of the flow table, against a naive grouping of the same packets.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use portolan::flow::{FlowOptions, FlowRecord, FlowTable, Handshake};
use portolan::net::{Endpoint, Side, Timestamp, Transport};
use portolan::packet::{Addresses, PacketMeta, TcpFlags};
use proptest::prelude::*;

const TIMEOUT: u64 = 10;

fn packet() -> impl Strategy<Value = PacketMeta> {
    let flags =
        prop_oneof![Just(0x02), Just(0x12), Just(0x10), Just(0x18), Just(0x11), Just(0x04), any::<u8>()];
    let wire_len = prop_oneof![9 => 1u32..2000, 1 => Just(u32::MAX)];
    let time = prop_oneof![12 => (0i64..120).prop_map(Some), 1 => Just(None)];
    (0..3usize, any::<bool>(), 0u8..2, 0u8..2, 1u16..3, 1u16..3, flags, time, wire_len).prop_map(
        |(transport, v6, source, destination, source_port, destination_port, flags, time, wire_len)| {
            let transport = Transport::ALL[transport];
            PacketMeta {
                transport,
                addresses: if v6 {
                    let address =
                        |host| Ipv6Addr::from([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
                    Addresses::V6 { source: address(source), destination: address(destination) }
                } else {
                    let address = |host| Ipv4Addr::new(10, 0, 0, host);
                    Addresses::V4 { source: address(source), destination: address(destination) }
                },
                source_port,
                destination_port,
                flags: if transport == Transport::Tcp { TcpFlags(flags) } else { TcpFlags(0) },
                timestamp: time.map(Timestamp::from_nanos),
                wire_len,
            }
        },
    )
}

/// Packets with an idle timeout or none, in ns: close to each other, or so far apart that times do not fit into 32 bits.
fn packets() -> impl Strategy<Value = (Vec<PacketMeta>, Option<u64>)> {
    let unit = prop::sample::select(vec![1, 700_000_000]);
    (prop::collection::vec(packet(), 0..200), unit, any::<bool>()).prop_map(
        |(mut packets, unit, has_timeout)| {
            for packet in &mut packets {
                packet.timestamp = packet.timestamp.map(|time| Timestamp::from_nanos(time.as_nanos() * unit));
            }
            (packets, has_timeout.then_some(TIMEOUT * unit.unsigned_abs()))
        },
    )
}

fn options(idle_timeout_ns: Option<u64>) -> FlowOptions {
    FlowOptions { idle_timeout_ns, interval_ns: Some(7), ..FlowOptions::default() }
}

/// Without a series, so that there is a shard for each thread.
fn in_shards(threads: usize, idle_timeout_ns: Option<u64>) -> FlowOptions {
    FlowOptions { idle_timeout_ns, threads, ..FlowOptions::default() }
}

fn table_of(packets: &[PacketMeta], options: &FlowOptions) -> FlowTable {
    let mut table = FlowTable::new(options);
    for packet in packets {
        table.add(packet, &mut |record| panic!("evicted {record:?}"));
    }
    table
}

fn records(table: FlowTable) -> Vec<FlowRecord> {
    let mut records = Vec::new();
    let flows = table.finish();
    flows.visit_in_order(|record| records.push(record.clone()));
    records
}

/// Endpoints in order, and the side that sent the packet.
fn orient(packet: &PacketMeta) -> ([Endpoint; 2], Side) {
    let source = Endpoint::new(packet.addresses.source(), packet.source_port);
    let destination = Endpoint::new(packet.addresses.destination(), packet.destination_port);
    if source <= destination { ([source, destination], Side::A) } else { ([destination, source], Side::B) }
}

/// The flows of a set of packets as the design defines them: sorted by time, cut where a gap is too wide.
fn naive(packets: &[PacketMeta], timeout: Option<u64>) -> Vec<Vec<PacketMeta>> {
    let mut keys: BTreeMap<_, Vec<PacketMeta>> = BTreeMap::new();
    for packet in packets {
        keys.entry((packet.transport, orient(packet).0)).or_default().push(*packet);
    }
    let mut flows = Vec::new();
    for mut of_key in keys.into_values() {
        of_key.sort_by_key(|packet| packet.timestamp);
        let mut last: Option<Timestamp> = None;
        let mut flow = Vec::new();
        for packet in of_key {
            if let (Some(last), Some(now), Some(timeout)) = (last, packet.timestamp, timeout)
                && now.nanos_since(last) > timeout
            {
                flows.push(std::mem::take(&mut flow));
            }
            last = packet.timestamp.or(last);
            flow.push(packet);
        }
        flows.push(flow);
    }
    flows
}

/// Transport, endpoints, first and last time, and packets, bytes and flags of each side.
type Compact = (Transport, [Endpoint; 2], Option<(Timestamp, Timestamp)>, [(u64, u64, u8); 2]);

/// What the record of a naive flow has to say, in a form to compare.
fn expectation(flow: &[PacketMeta]) -> Compact {
    let times = || flow.iter().filter_map(|packet| packet.timestamp);
    let mut sent = [(0, 0, 0); 2];
    for packet in flow {
        let side = &mut sent[orient(packet).1.index()];
        *side = (side.0 + 1, side.1 + u64::from(packet.wire_len), side.2 | packet.flags.0);
    }
    (flow[0].transport, orient(&flow[0]).0, times().min().zip(times().max()), sent)
}

fn opener(flow: &[PacketMeta]) -> Option<Side> {
    let first = flow.iter().filter_map(|packet| packet.timestamp).min()?;
    flow.iter().filter(|packet| packet.timestamp == Some(first)).map(|packet| orient(packet).1).min()
}

/// When each side sent the first packet with such flags.
fn first_times(flow: &[PacketMeta], is_such: impl Fn(TcpFlags) -> bool) -> [Option<Timestamp>; 2] {
    Side::BOTH.map(|side| {
        let such = |packet: &&PacketMeta| is_such(packet.flags) && orient(packet).1 == side;
        flow.iter().filter(such).filter_map(|packet| packet.timestamp).min()
    })
}

proptest! {
    #[test]
    fn flows_are_what_the_definition_says(
        (packets, timeout) in packets(),
    ) {
        let mut expected: Vec<_> = naive(&packets, timeout);
        let records = records(table_of(&packets, &options(timeout)));
        prop_assert_eq!(records.len(), expected.len());
        let compact = |record: &FlowRecord| {
            let sent = record.sent.map(|sent| (sent.packets, sent.bytes, sent.flags.0));
            (record.transport, record.endpoints, record.span, sent)
        };
        expected.sort_by_key(|flow| expectation(flow));
        let mut found = records.clone();
        found.sort_by_key(compact);
        for (record, flow) in found.iter().zip(&expected) {
            prop_assert_eq!(compact(record), expectation(flow));
            if let Some(opener) = opener(flow) {
                prop_assert_eq!(record.opener, opener);
            }
            if flow.iter().all(|packet| packet.timestamp.is_some()) {
                let Handshake { syn, syn_ack, ack } = record.handshake;
                prop_assert_eq!(syn, first_times(flow, TcpFlags::is_syn));
                prop_assert_eq!(syn_ack, first_times(flow, TcpFlags::is_syn_ack));
                prop_assert_eq!(ack, first_times(flow, TcpFlags::is_plain_ack));
            }
            let of_intervals = record.intervals.iter().fold((0, 0), |sum, interval| {
                (sum.0 + interval.packets.iter().sum::<u64>(), sum.1 + interval.bytes.iter().sum::<u64>())
            });
            prop_assert_eq!(of_intervals, (record.packets(), record.bytes()));
            prop_assert!(record.intervals.is_sorted_by(|one, next| one.start < next.start));
        }
    }

    #[test]
    fn order_and_cuts_change_nothing(
        (packets, timeout) in packets(),
        shuffled in any::<prop::sample::Index>(),
        part_of in prop::collection::vec(0..4usize, 200),
        backwards in any::<bool>(),
    ) {
        let options = options(timeout);
        let whole = records(table_of(&packets, &options));
        let mut rotated = packets.clone();
        if !rotated.is_empty() {
            let middle = shuffled.index(rotated.len());
            rotated.rotate_left(middle);
            rotated[..middle].reverse();
        }
        prop_assert_eq!(&records(table_of(&rotated, &options)), &whole);
        let mut parts = vec![Vec::new(); 4];
        for (packet, part) in packets.iter().zip(&part_of) {
            parts[*part].push(*packet);
        }
        if backwards {
            parts.reverse();
        }
        let mut merged = FlowTable::new(&options);
        for part in parts {
            merged.merge(table_of(&part, &options), &mut |record| panic!("evicted {record:?}"));
        }
        prop_assert_eq!(records(merged), whole);
    }

    #[test]
    fn shards_change_nothing(
        (packets, timeout) in packets(),
        cut in any::<prop::sample::Index>(),
        threads in 2..20usize,
    ) {
        let whole = records(table_of(&packets, &in_shards(1, timeout)));
        let options = in_shards(threads, timeout);
        let (one, other) = packets.split_at(if packets.is_empty() { 0 } else { cut.index(packets.len()) });
        let mut merged = table_of(one, &options);
        merged.merge(table_of(other, &options), &mut |record| panic!("evicted {record:?}"));
        prop_assert_eq!(records(merged), whole);
    }

    #[test]
    fn eviction_keeps_the_bound_and_every_total(
        // Close to each other, so that packets out of order join what was apart, or far.
        seeds in prop_oneof![Just(100i64), Just(400), Just(100_000)].prop_flat_map(|until| {
            prop::collection::vec((any::<u16>(), 0..until, 1u32..2000), 0..2000)
        }),
        max_flows in FlowOptions::FEWEST_FLOWS..300,
        threads in 1..4usize,
    ) {
        let options = FlowOptions { max_flows, ..in_shards(threads, Some(TIMEOUT)) };
        let mut table = FlowTable::new(&options);
        let mut evicted = Vec::new();
        let mut of_one = FlowTable::new(&FlowOptions { threads: 1, ..options });
        let mut evicted_of_one = Vec::new();
        let packets: Vec<PacketMeta> = seeds.into_iter().map(|(port, time, wire_len)| PacketMeta {
            transport: Transport::Udp,
            addresses: Addresses::V4 {
                source: Ipv4Addr::new(10, 0, 0, 1),
                destination: Ipv4Addr::new(10, 0, 0, 2),
            },
            source_port: port % 300,
            destination_port: 53,
            flags: TcpFlags::default(),
            timestamp: Some(Timestamp::from_nanos(time)),
            wire_len,
        }).collect();
        let total: u64 = packets.iter().map(|packet| u64::from(packet.wire_len)).sum();
        for packet in &packets {
            table.add(packet, &mut |record| evicted.push(record));
            of_one.add(packet, &mut |record| evicted_of_one.push(record));
            prop_assert!(table.len() <= options.max_flows);
        }
        prop_assert_eq!(&evicted, &evicted_of_one);
        let flows = table.finish();
        prop_assert_eq!(flows.evicted(), evicted.len() as u64);
        let mut held = 0;
        flows.visit_in_order(|record| held += record.bytes());
        prop_assert_eq!(held + evicted.iter().map(FlowRecord::bytes).sum::<u64>(), total);
    }

    #[test]
    fn a_series_too_fine_gets_coarser_by_the_same_measure_in_any_order(
        times in prop::collection::vec(0i64..1_000_000, 1000..1500),
    ) {
        let options = FlowOptions {
            max_flows: FlowOptions::FEWEST_FLOWS,
            idle_timeout_ns: None,
            interval_ns: Some(1),
            threads: 3,
        };
        let packets: Vec<PacketMeta> = times.iter().map(|&time| PacketMeta {
            transport: Transport::Udp,
            addresses: Addresses::V4 { source: Ipv4Addr::LOCALHOST, destination: Ipv4Addr::LOCALHOST },
            source_port: 1,
            destination_port: 2,
            flags: TcpFlags::default(),
            timestamp: Some(Timestamp::from_nanos(time)),
            wire_len: 1,
        }).collect();
        let forwards = table_of(&packets, &options).finish();
        let reversed: Vec<PacketMeta> = packets.iter().rev().copied().collect();
        let backwards = table_of(&reversed, &options).finish();
        prop_assert_eq!(forwards.interval_ns(), backwards.interval_ns());
        prop_assert!(forwards.interval_ns().unwrap() > 1);
        let mut cells = 0;
        forwards.visit_in_order(|record| {
            cells = record.intervals.len();
            assert_eq!(record.packets(), packets.len() as u64);
            assert_eq!(record.intervals.iter().flat_map(|interval| interval.packets).sum::<u64>(), record.packets());
        });
        prop_assert!(cells <= 2 * FlowOptions::FEWEST_FLOWS);
    }
}

/// A UDP packet of one of some hosts.
fn datagram(host: u8, nanos: i64) -> PacketMeta {
    PacketMeta {
        transport: Transport::Udp,
        addresses: Addresses::V4 { source: Ipv4Addr::new(10, 0, 0, host), destination: Ipv4Addr::LOCALHOST },
        source_port: 7,
        destination_port: 8,
        flags: TcpFlags(0),
        timestamp: Some(Timestamp::from_nanos(nanos)),
        wire_len: 60,
    }
}

#[test]
fn what_is_joined_in_a_small_table_makes_room() {
    const APART: u8 = 8;
    for max_flows in FlowOptions::FEWEST_FLOWS..140 {
        for hosts in max_flows * 3 / 4..max_flows {
            let hosts = u8::try_from(hosts).unwrap();
            // Some flows are in two, until a packet between them comes.
            let packets = (0..hosts)
                .map(|host| datagram(host, 0))
                .chain((0..APART).map(|host| datagram(host, 16)))
                .chain((0..APART).map(|host| datagram(host, 8)))
                .chain((0..64).map(|_| datagram(0, 8)));
            let mut table = FlowTable::new(&FlowOptions { max_flows, ..in_shards(1, Some(TIMEOUT)) });
            let mut evicted = 0;
            for packet in packets {
                table.add(&packet, &mut |record| evicted += record.packets());
                assert!(table.len() <= max_flows);
            }
            let mut held = 0;
            table.finish().visit_in_order(|record| held += record.packets());
            assert_eq!(evicted + held, u64::from(hosts) + 2 * u64::from(APART) + 64, "{max_flows} {hosts}");
        }
    }
}

/// Packets of many flows, with gaps between them and handshakes that end late.
fn packets_of_many(flows: std::ops::Range<u16>, salt: u16) -> Vec<PacketMeta> {
    const FLAGS: [u8; 4] = [0x02, 0x12, 0x10, 0x18];
    let packet = |flow: u16, turn: u16| {
        let chosen = (u32::from(flow ^ salt) * 31 + u32::from(turn)).wrapping_mul(0x9E37_79B9) >> 16;
        let mut packet =
            datagram(if chosen & 1 == 0 { 7 } else { 8 }, i64::from(chosen / 8 % 7) * 6_000_000_000);
        packet.transport = Transport::Tcp;
        packet.source_port = flow;
        packet.flags = TcpFlags(FLAGS[chosen as usize / 2 % 4]);
        packet
    };
    flows.flat_map(|flow| (0..flow % 5).map(move |turn| packet(flow, turn))).collect()
}

#[test]
fn tables_of_any_sizes_merge_into_that_of_the_whole() {
    for (own, other) in [
        (0..9_000, 8_990..9_100),
        (4_000..4_100, 0..9_000),
        (0..6_000, 0..6_000),
        (0..5_000, 2_500..7_500),
        (0..40, 40..80),
        (0..0, 0..5_000),
    ] {
        for (timeout, threads) in [(None, 1), (Some(10_000_000_000), 1), (Some(10_000_000_000), 3)] {
            let options = in_shards(threads, timeout);
            let parts = [(own.clone(), 1), (other.clone(), 2), (other.clone(), 3), (own.clone(), 4)];
            let parts = parts.map(|(flows, salt)| packets_of_many(flows, salt));
            let mut merged = table_of(&parts[0], &options);
            for part in &parts[1..] {
                merged.merge(table_of(part, &options), &mut |record| panic!("evicted {record:?}"));
            }
            let whole = records(table_of(&parts.concat(), &options));
            assert!(records(merged) == whole, "{own:?} {other:?} {timeout:?} {threads}");
        }
    }
}

#[test]
fn no_timeout_is_so_long_that_order_counts() {
    // Further apart than any timeout; those in between let the second one be looked up ahead of time.
    let ends = [datagram(1, -5_000_000_000_000_000_000), datagram(1, 9_000_000_000_000_000_000)];
    let between: Vec<PacketMeta> = (2..200).map(|host| datagram(host, 0)).collect();
    let flows = |[one, other]: [PacketMeta; 2]| {
        let packets = [&[one], &*between, &[other], &*between].concat();
        records(table_of(&packets, &options(Some(u64::MAX)))).len()
    };
    assert_eq!(flows(ends), between.len() + 2);
    assert_eq!(flows([ends[1], ends[0]]), between.len() + 2);
}

#[test]
fn a_handshake_at_the_end_of_time_is_one() {
    let packet = |reply: bool, flags, nanos| {
        let addresses = [Ipv4Addr::new(10, 0, 0, 9), Ipv4Addr::new(10, 0, 0, 2)];
        let (source, destination) = if reply { (1, 0) } else { (0, 1) };
        PacketMeta {
            transport: Transport::Tcp,
            addresses: Addresses::V4 { source: addresses[source], destination: addresses[destination] },
            source_port: [50_000, 50_001][source],
            destination_port: [50_000, 50_001][destination],
            flags: TcpFlags(flags),
            timestamp: Some(Timestamp::from_nanos(nanos)),
            wire_len: 60,
        }
    };
    for time in [0, i64::MIN, i64::MAX] {
        let packets = [packet(false, 0x02, time), packet(true, 0x12, time), packet(false, 0x10, time)];
        let [record] = records(table_of(&packets, &options(Some(TIMEOUT)))).try_into().unwrap();
        assert_eq!(record.handshake.client(), Some(Side::B), "{time}");
        assert_eq!(record.handshake_rtt_ns(), Some(0), "{time}");
    }
}
