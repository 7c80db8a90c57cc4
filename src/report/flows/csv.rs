//! CSV: what NDJSON has, in the same names with dots, one column each.

use std::io::{self, Write};

use ::csv::{Writer, WriterBuilder};

use super::FlowLine;
use crate::net::Transport;
use crate::packet::TcpFlags;
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
        line.service.to_owned(),
        line.community_id(),
        line.packets().to_string(),
        line.bytes().to_string(),
        line.category.to_owned(),
        server.port_class().name().to_owned(),
        client.port_class().name().to_owned(),
        line.basis.name().to_owned(),
        permille(line.side_confidence),
        permille(line.service_confidence),
        line.candidates.join(" "),
        flags(client.sent.flags),
        flags(server.sent.flags),
        line.handshake_rtt_ns.map(|nanos| nanos.to_string()).unwrap_or_default(),
    ]);
    cells
}
