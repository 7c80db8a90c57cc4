//! Example summaries for the tests of reports.

use std::net::Ipv4Addr;

use portolan::classify::{Basis, Confidence};
use portolan::merge::Merge;
use portolan::net::{PortClass, PortPair, Timestamp, Transport};
use portolan::report::{Format, ReportOptions, write};
use portolan::summary::{
    ConfidenceFlows, Counts, InputReport, Series, ServiceKey, ServiceTotals, Summary, UnknownEndpoint, Volume,
};

/// The report as text.
pub fn report(format: Format, summary: &Summary, options: ReportOptions) -> String {
    let mut out = Vec::new();
    write(format, summary, &options, &mut out).expect("memory takes everything");
    String::from_utf8(out).expect("reports are UTF-8")
}

/// What a service of the example is: name, alias, category, family, transport, port.
type Who = (&'static str, Option<&'static str>, &'static str, &'static str, Transport, Option<u16>);

/// Flows of one service, all alike but for a spread that their number gives.
#[derive(Clone, Copy)]
struct Load {
    flows: u64,
    packets: u64,
    bytes: u64,
    duration_ns: u64,
    rtt_ns: u64,
    basis: Basis,
}

const fn load(flows: u64, packets: u64, bytes: u64) -> Load {
    Load { flows, packets, bytes, duration_ns: 1_300_000_000, rtt_ns: 0, basis: Basis::Evidence }
}

const fn tcp(load: Load, duration_ns: u64, rtt_ns: u64) -> Load {
    Load { duration_ns, rtt_ns, basis: Basis::HandshakeSyn, ..load }
}

/// One hour of a small office.
pub fn office() -> Summary {
    use Transport::{Tcp, Udp};
    let mut summary = Summary::default();
    let (ms, s) = (1_000_000, 1_000_000_000);
    let services: [(Who, Load); 14] = [
        (("https", None, "web-tls", "web", Tcp, Some(443)), tcp(load(410, 520, 412_000), 4 * s, 18 * ms)),
        (("https", Some("quic"), "web-tls", "web", Udp, Some(443)), load(120, 300, 260_000)),
        (
            ("postgresql", Some("postgres"), "database", "data", Tcp, Some(5432)),
            tcp(load(24, 2_600, 2_100_000), 600 * s, ms),
        ),
        (
            ("microsoft-ds", Some("smb"), "file-sharing", "data", Tcp, Some(445)),
            tcp(load(9, 1_900, 1_700_000), 900 * s, ms / 2),
        ),
        (("imaps", None, "mail", "apps", Tcp, Some(993)), tcp(load(31, 80, 42_000), 45 * s, 31 * ms)),
        (
            ("domain", Some("dns"), "name-service", "infra", Udp, Some(53)),
            Load { duration_ns: 21 * ms, ..load(3_120, 2, 240) },
        ),
        (
            ("domain", Some("dns"), "name-service", "infra", Tcp, Some(53)),
            tcp(load(4, 11, 2_400), 30 * ms, 9 * ms),
        ),
        (
            ("ssh", None, "remote-access", "access", Tcp, Some(22)),
            tcp(load(14, 600, 96_000), 420 * s, 22 * ms),
        ),
        (
            ("ms-wbt-server", Some("rdp"), "remote-access", "access", Tcp, Some(3389)),
            tcp(load(3, 9_000, 3_200_000), 1_500 * s, 2 * ms),
        ),
        (("sip", None, "voip", "media", Udp, Some(5060)), load(12, 14, 8_400)),
        (
            ("ntp", None, "time", "infra", Udp, Some(123)),
            Load { basis: Basis::Symmetric, ..load(60, 2, 180) },
        ),
        (("ipp", None, "printing", "data", Tcp, Some(631)), tcp(load(5, 240, 180_000), 12 * s, 3 * ms)),
        (
            ("mdns", None, "name-service", "infra", Udp, Some(5353)),
            Load { basis: Basis::Symmetric, ..load(18, 9, 1_500) },
        ),
        (
            ("unknown", None, "unknown", "unknown", Udp, None),
            Load { basis: Basis::Undecided, ..load(37, 50, 31_000) },
        ),
    ];
    for (who, load) in services {
        add(&mut summary, who, &load);
    }
    for totals in
        summary.services.iter_mut().filter(|(key, _)| key.service == "ssh").map(|(_, totals)| totals)
    {
        totals.unanswered = 6;
        totals.refused = 2;
    }
    add_without_ports(&mut summary);
    finish(&mut summary);
    summary
}

fn add(summary: &mut Summary, (service, alias, category, family, transport, port): Who, load: &Load) {
    let key = ServiceKey {
        service: service.into(),
        alias: alias.map(Into::into),
        category: category.into(),
        family: family.into(),
        transport,
        port,
    };
    let mut totals = ServiceTotals::default();
    for number in 0..load.flows {
        // A spread of 50 to 150 per cent.
        let spread = |value: u64| value / 2 + value * (number * 37 % 101) / 100;
        let volume = Volume { packets: spread(load.packets).max(1), bytes: spread(load.bytes) };
        totals.counts.merge(Counts { volume, flows: 1 });
        totals.flow_bytes.record(volume.bytes);
        totals.flow_packets.record(volume.packets);
        totals.flow_duration_ns.record(spread(load.duration_ns));
        if load.rtt_ns > 0 {
            totals.handshake_rtt_ns.record(spread(load.rtt_ns));
        }
        summary.packet_size.record_n(volume.bytes / volume.packets, volume.packets);
        let (low, high) = (port.unwrap_or(40_000), 49_152 + u16::try_from(number * 31 % 97).unwrap_or(0));
        let counts = Counts { volume, flows: 1 };
        summary.port_pairs.merge([(PortPair::new(transport, low, high), counts)].into_iter().collect());
        let classes = (PortClass::of(low), PortClass::of(high));
        summary.port_classes.entry(classes).or_default().merge(counts);
    }
    totals.bases[load.basis.index()] = load.flows;
    let (confidence, band) = match (service, load.basis) {
        ("unknown", _) => {
            (ConfidenceFlows { low: load.flows, ..ConfidenceFlows::default() }, Confidence::Low)
        }
        (_, Basis::Evidence) => {
            (ConfidenceFlows { medium: load.flows, ..ConfidenceFlows::default() }, Confidence::Medium)
        }
        _ => (ConfidenceFlows { high: load.flows, ..ConfidenceFlows::default() }, Confidence::High),
    };
    totals.confidence = confidence;
    summary.certainty.bases[load.basis.index()].merge(totals.counts);
    summary.certainty.bands[band.index()].merge(totals.counts);
    if service == "unknown" {
        let address = Some(Ipv4Addr::new(192, 0, 2, 7).into());
        summary.unknown_endpoints.count(UnknownEndpoint { transport, port: 40_000, address }, totals.counts);
    }
    summary.services.insert(key, totals);
}

fn add_without_ports(summary: &mut Summary) {
    let volume = |packets, size| Volume { packets, bytes: packets * size };
    let unclassified = &mut summary.unclassified;
    unclassified.fragment = volume(14, 900);
    unclassified.malformed = volume(2, 60);
    unclassified.non_ip = volume(2_310, 60);
    unclassified.other_ip = [(1, volume(388, 98)), (2, volume(96, 60)), (200, volume(1, 77))].into();
    for (packets, size) in [(14, 900), (2, 60), (2_310, 60), (388, 98), (96, 60), (1, 77)] {
        summary.packet_size.record_n(size, packets);
    }
}

fn finish(summary: &mut Summary) {
    let mut all = summary.unclassified.total();
    all.merge(summary.classified().volume);
    let start = 1_772_352_000_123_456_789;
    summary.capture.packets = all.packets;
    summary.capture.wire_bytes = all.bytes;
    summary.capture.captured_bytes = all.bytes;
    summary.capture.span =
        Some((Timestamp::from_nanos(start), Timestamp::from_nanos(start + 3_599_876_000_000)));
    summary.tables.insert("2026.11".into());
    summary.inputs = vec![InputReport {
        path: "office/gateway.pcapng.gz".into(),
        format: "pcapng+gzip".into(),
        packets: all.packets,
        complete: true,
        refused: false,
        message: String::new(),
    }];
}

/// Two services, every kind of loss, a broken input with a hostile name, and a series.
pub fn small() -> Summary {
    let mut summary = Summary::default();
    let dns = ("domain", Some("dns"), "name-service", "infra", Transport::Udp, Some(53));
    add(&mut summary, dns, &load(3, 2, 240));
    let unknown = ("unknown", None, "unknown", "unknown", Transport::Tcp, None);
    add(&mut summary, unknown, &Load { basis: Basis::Tie, ..tcp(load(1, 5, 600), 2_000_000, 150_000) });
    add_without_ports(&mut summary);
    finish(&mut summary);
    summary.capture.captured_bytes /= 2;
    summary.loss.kernel_dropped = 1_200;
    summary.loss.interface_dropped = 1;
    summary.loss.evicted_flows = 2;
    summary.certainty.endpoints_learned = 200_000;
    summary.certainty.learned_halvings = 1;
    let defect = "cut short in the middle of a record, at byte 1,337";
    summary.inputs.push(InputReport {
        path: "evil\u{1b}[2J|`x`\n.pcap".into(),
        format: "pcap".into(),
        packets: 7,
        complete: false,
        refused: false,
        message: defect.into(),
    });
    let mut series = Series { width_ns: 10_000_000_000, ..Series::default() };
    for (start, packets) in [(None, 1), (Some(1_772_352_000_000_000_000), 5)] {
        let interval = series.intervals.entry(start.map(Timestamp::from_nanos)).or_default();
        let volume = Volume { packets, bytes: packets * 120 };
        interval.insert(("domain".into(), "name-service".into()), volume);
    }
    summary.series = Some(series);
    summary
}
