//! CSV: what NDJSON has, in the same names with dots, one column each.

use std::io::{self, Write};

use ::csv::{Writer, WriterBuilder};

use super::FlowLine;
use crate::net::Transport;
use crate::packet::TcpFlags;
use crate::report::csv::text;
use crate::report::units::rfc_3339;

/// What CSV and the forms with typed columns have.
pub(super) const COLUMNS: [&str; 27] = [
    "event.start",
    "event.end",
    "event.duration",
    "source.ip",
    "source.port",
    "source.packets",
    "source.bytes",
    "destination.ip",
    "destination.port",
    "destination.packets",
    "destination.bytes",
    "network.transport",
    "network.type",
    "network.protocol",
    "network.community_id",
    "network.packets",
    "network.bytes",
    "portolan.category",
    "portolan.service_class",
    "portolan.peer_class",
    "portolan.basis",
    "portolan.confidence.side",
    "portolan.confidence.service",
    "portolan.candidates",
    "portolan.tcp_flags.source",
    "portolan.tcp_flags.destination",
    "portolan.handshake_rtt_ns",
];

/// Rows under their header.
#[derive(Debug)]
pub(super) struct Rows<W: Write>(Writer<W>);

impl<W: Write> Rows<W> {
    pub(super) fn new(out: W) -> io::Result<Self> {
        let mut writer = WriterBuilder::new().has_headers(false).from_writer(out);
        writer.write_record(COLUMNS)?;
        Ok(Self(writer))
    }

    pub(super) fn write(&mut self, line: &FlowLine<'_>) -> io::Result<()> {
        self.0.write_record(cells(line))?;
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(::csv::IntoInnerError::into_error)
    }
}

/// What is not known is empty.
fn cells(line: &FlowLine<'_>) -> Vec<String> {
    let (client, server) = (line.client, line.server);
    let [start, end, duration] = line.span.map_or_else(<[String; 3]>::default, |(first, last)| {
        [rfc_3339(first), rfc_3339(last), last.nanos_since(first).to_string()]
    });
    let permille = |confidence: u16| (f64::from(confidence) / 1000.0).to_string();
    let flags = |flags: TcpFlags| {
        if line.transport == Transport::Tcp { flags.0.to_string() } else { String::new() }
    };
    let mut cells = vec![start, end, duration];
    for side in [client, server] {
        cells.extend([
            side.endpoint.address.to_string(),
            side.endpoint.port.to_string(),
            side.sent.packets.to_string(),
            side.sent.bytes.to_string(),
        ]);
    }
    cells.extend([
        line.transport.name().to_owned(),
        line.ip_version().to_owned(),
        text(line.service),
        line.community_id(),
        line.packets().to_string(),
        line.bytes().to_string(),
        text(line.category),
        server.port_class().name().to_owned(),
        client.port_class().name().to_owned(),
        line.basis.name().to_owned(),
        permille(line.side_confidence),
        permille(line.service_confidence),
        text(&line.candidates.join(" ")),
        flags(client.sent.flags),
        flags(server.sent.flags),
        line.handshake_rtt_ns.map(|nanos| nanos.to_string()).unwrap_or_default(),
    ]);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Basis;
    use crate::flow::Traffic;
    use crate::net::Endpoint;
    use crate::report::flows::FlowEnd;

    #[test]
    fn no_text_is_a_formula() {
        let end = FlowEnd { endpoint: Endpoint::new([10, 0, 0, 1].into(), 1), sent: Traffic::default() };
        let line = FlowLine {
            transport: Transport::Udp,
            client: end,
            server: end,
            span: None,
            service: "=1+1",
            category: "@sum",
            basis: Basis::Evidence,
            side_confidence: 0,
            service_confidence: 0,
            candidates: vec!["-x", "http"],
            handshake_rtt_ns: None,
        };
        let cells = cells(&line);
        let cell = |name| &*cells[COLUMNS.iter().position(|column| *column == name).expect("a column")];
        let texts = ["network.protocol", "portolan.category", "portolan.candidates"].map(cell);
        assert_eq!(texts, ["'=1+1", "'@sum", "'-x http"]);
    }
}
