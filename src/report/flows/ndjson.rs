//! NDJSON, with the field names of the Elastic Common Schema (ECS).

use std::io::{self, Write};
use std::net::IpAddr;

use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::{FlowEnd, FlowLine};
use crate::net::Transport;
use crate::packet::TcpFlags;
use crate::report::schema;
use crate::report::units::rfc_3339;

/// The version of ECS whose names are used.
const ECS_VERSION: &str = "8.17.0";

/// Writes a flow as one JSON object and a newline.
///
/// A dotted name of ECS such as `source.ip` is a nested object, `{"source":{"ip":…}}`, as the tools around Elasticsearch write it;
/// those that know dotted names take both for the same field. What ECS has no name for stands under `portolan`. What is not
/// known is left out.
pub(super) fn write(line: &FlowLine<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Record::of(line))?;
    out.write_all(b"\n")
}

#[derive(JsonSchema, Serialize)]
struct Record<'a> {
    #[serde(rename = "@timestamp", skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    ecs: Ecs,
    event: Event,
    source: End,
    destination: End,
    network: Network<'a>,
    portolan: Own<'a>,
}

#[derive(JsonSchema, Serialize)]
struct Ecs {
    version: &'static str,
}

#[derive(JsonSchema, Serialize)]
struct Event {
    kind: &'static str,
    category: [&'static str; 1],
    #[serde(rename = "type")]
    types: [&'static str; 1],
    #[serde(flatten)]
    span: Option<Span>,
}

#[derive(JsonSchema, Serialize)]
struct Span {
    start: String,
    end: String,
    duration: u64,
}

#[derive(JsonSchema, Serialize)]
struct End {
    ip: IpAddr,
    port: u16,
    packets: u64,
    bytes: u64,
}

#[derive(JsonSchema, Serialize)]
struct Network<'a> {
    transport: &'static str,
    #[serde(rename = "type")]
    ip_version: &'static str,
    protocol: &'a str,
    community_id: String,
    packets: u64,
    bytes: u64,
}

#[derive(JsonSchema, Serialize)]
struct Own<'a> {
    category: &'a str,
    service_class: &'static str,
    peer_class: &'static str,
    basis: &'a str,
    confidence: Confidence,
    candidates: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_flags: Option<FlagsBothWays>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handshake_rtt_ns: Option<u64>,
}

#[derive(JsonSchema, Serialize)]
struct Confidence {
    side: f64,
    service: f64,
}

#[derive(JsonSchema, Serialize)]
struct FlagsBothWays {
    source: Flags,
    destination: Flags,
}

#[derive(JsonSchema, Serialize)]
struct Flags {
    value: u8,
    names: Vec<&'static str>,
}

impl<'a> Record<'a> {
    fn of(line: &'a FlowLine<'a>) -> Self {
        Self {
            timestamp: line.span.map(|(first, _)| rfc_3339(first)),
            ecs: Ecs { version: ECS_VERSION },
            event: Event {
                kind: "event",
                category: ["network"],
                types: ["connection"],
                span: line.span.map(|(first, last)| Span {
                    start: rfc_3339(first),
                    end: rfc_3339(last),
                    duration: last.nanos_since(first),
                }),
            },
            source: End::of(&line.client),
            destination: End::of(&line.server),
            network: Network::of(line),
            portolan: Own::of(line),
        }
    }
}

impl End {
    const fn of(end: &FlowEnd) -> Self {
        let FlowEnd { endpoint, sent } = *end;
        Self { ip: endpoint.address, port: endpoint.port, packets: sent.packets, bytes: sent.bytes }
    }
}

impl<'a> Network<'a> {
    fn of(line: &FlowLine<'a>) -> Self {
        Self {
            transport: line.transport.name(),
            ip_version: line.ip_version(),
            protocol: line.service,
            community_id: line.community_id(),
            packets: line.packets(),
            bytes: line.bytes(),
        }
    }
}

impl<'a> Own<'a> {
    fn of(line: &'a FlowLine<'a>) -> Self {
        let permille = |confidence| f64::from(confidence) / 1000.0;
        Self {
            category: line.category,
            service_class: line.server.port_class().name(),
            peer_class: line.client.port_class().name(),
            basis: line.basis.name(),
            confidence: Confidence {
                side: permille(line.side_confidence),
                service: permille(line.service_confidence),
            },
            candidates: &line.candidates,
            tcp_flags: (line.transport == Transport::Tcp).then(|| FlagsBothWays {
                source: Flags::of(line.client.sent.flags),
                destination: Flags::of(line.server.sent.flags),
            }),
            handshake_rtt_ns: line.handshake_rtt_ns,
        }
    }
}

impl Flags {
    fn of(flags: TcpFlags) -> Self {
        const NAMES: [(TcpFlags, &str); 8] = [
            (TcpFlags::FIN, "fin"),
            (TcpFlags::SYN, "syn"),
            (TcpFlags::RST, "rst"),
            (TcpFlags::PSH, "psh"),
            (TcpFlags::ACK, "ack"),
            (TcpFlags::URG, "urg"),
            (TcpFlags::ECE, "ece"),
            (TcpFlags::CWR, "cwr"),
        ];
        let names = NAMES.into_iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| name);
        Self { value: flags.0, names: names.collect() }
    }
}

/// The schema of a line.
pub(in crate::report) fn schema() -> Schema {
    schema::of::<Record<'static>>()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::classify::Basis;
    use crate::flow::Traffic;
    use crate::net::{Endpoint, Timestamp};

    fn end(address: impl Into<IpAddr>, port: u16, packets: u64, flags: TcpFlags) -> FlowEnd {
        FlowEnd {
            endpoint: Endpoint::new(address.into(), port),
            sent: Traffic { packets, bytes: packets * 100, flags },
        }
    }

    fn text(line: &FlowLine<'_>) -> String {
        let mut out = Vec::new();
        write(line, &mut out).expect("memory takes everything");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn a_tcp_flow_has_every_field() {
        let line = FlowLine {
            transport: Transport::Tcp,
            client: end(Ipv4Addr::new(128, 232, 110, 120), 34855, 3, TcpFlags::SYN | TcpFlags::ACK),
            server: end(Ipv4Addr::new(66, 35, 250, 204), 80, 2, TcpFlags::RST),
            span: Some((Timestamp::from_nanos(1), Timestamp::from_nanos(1_000_000_001))),
            service: "http",
            category: "web",
            basis: Basis::HandshakeSyn,
            side_confidence: 990,
            service_confidence: 950,
            candidates: vec!["ipp"],
            handshake_rtt_ns: Some(20),
        };
        let expected = concat!(
            r#"{"@timestamp":"1970-01-01T00:00:00.000000001Z","ecs":{"version":"8.17.0"},"#,
            r#""event":{"kind":"event","category":["network"],"type":["connection"],"#,
            r#""start":"1970-01-01T00:00:00.000000001Z","end":"1970-01-01T00:00:01.000000001Z","duration":1000000000},"#,
            r#""source":{"ip":"128.232.110.120","port":34855,"packets":3,"bytes":300},"#,
            r#""destination":{"ip":"66.35.250.204","port":80,"packets":2,"bytes":200},"#,
            r#""network":{"transport":"tcp","type":"ipv4","protocol":"http","#,
            r#""community_id":"1:LQU9qZlK+B5F3KDmev6m5PMibrg=","packets":5,"bytes":500},"#,
            r#""portolan":{"category":"web","service_class":"well-known","peer_class":"registered","#,
            r#""basis":"handshake-syn","confidence":{"side":0.99,"service":0.95},"candidates":["ipp"],"#,
            r#""tcp_flags":{"source":{"value":18,"names":["syn","ack"]},"#,
            r#""destination":{"value":4,"names":["rst"]}},"handshake_rtt_ns":20}}"#,
            "\n",
        );
        assert_eq!(text(&line), expected);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let line = FlowLine {
            transport: Transport::Udp,
            client: end(Ipv6Addr::LOCALHOST, 60_000, 1, TcpFlags::default()),
            server: end(Ipv6Addr::LOCALHOST, 50_000, 0, TcpFlags::default()),
            span: None,
            service: "un\"known",
            category: "unknown",
            basis: Basis::Undecided,
            side_confidence: 0,
            service_confidence: 0,
            candidates: Vec::new(),
            handshake_rtt_ns: None,
        };
        let text = text(&line);
        for absent in ["@timestamp", "start", "duration", "tcp_flags", "rtt"] {
            assert!(!text.contains(absent), "{absent} in {text}");
        }
        assert!(text.contains(r#""type":"ipv6""#) && text.contains(r#""protocol":"un\"known""#), "{text}");
        assert_eq!(text.matches('\n').count(), 1);
    }
}
