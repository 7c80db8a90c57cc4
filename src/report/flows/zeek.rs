//! Zeek's `conn.log`: tab-separated, with a header that names columns and types.
//!
//! Only columns that can be filled truthfully. Zeek's bytes are those of payloads or of IP packets; ours are those on the wire, and
//! have names of their own.

use std::fmt::Write as _;
use std::io::{self, Write};

use sha1::{Digest as _, Sha1};

use super::FlowLine;
use crate::net::{Timestamp, Transport};

/// Columns and their types.
const COLUMNS: [(&str, &str); 15] = [
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("proto", "enum"),
    ("service", "string"),
    ("duration", "interval"),
    ("orig_pkts", "count"),
    ("resp_pkts", "count"),
    ("community_id", "string"),
    ("orig_wire_bytes", "count"),
    ("resp_wire_bytes", "count"),
    ("category", "string"),
];
const UNSET: &str = "-";

pub(super) fn write_header(out: &mut dyn Write) -> io::Result<()> {
    let row = |of: fn(&(&'static str, &'static str)) -> &'static str| {
        COLUMNS.iter().map(of).collect::<Vec<_>>().join("\t")
    };
    writeln!(
        out,
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t{UNSET}\n#path\tconn"
    )?;
    writeln!(out, "#fields\t{}\n#types\t{}", row(|(name, _)| name), row(|(_, kind)| kind))
}

pub(super) fn write(line: &FlowLine<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (client, server) = (line.client, line.server);
    let community_id = line.community_id();
    let start = line.span.map(|(first, _)| first);
    let duration = line.span.map(|(first, last)| last.nanos_since(first).into());
    let cells = [
        seconds(start.map(|start| start.as_nanos().into())),
        uid(&community_id, start),
        client.endpoint.address.to_string(),
        client.endpoint.port.to_string(),
        server.endpoint.address.to_string(),
        server.endpoint.port.to_string(),
        proto(line.transport).to_owned(),
        if line.service == "unknown" { UNSET.to_owned() } else { text(line.service) },
        seconds(duration),
        client.sent.packets.to_string(),
        server.sent.packets.to_string(),
        community_id,
        client.sent.bytes.to_string(),
        server.sent.bytes.to_string(),
        text(line.category),
    ];
    writeln!(out, "{}", cells.join("\t"))
}

/// The names that Zeek has.
const fn proto(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
        Transport::Sctp => "unknown_transport",
    }
}

/// Nanoseconds as seconds, to the microsecond as Zeek has them.
fn seconds(nanos: Option<i128>) -> String {
    let Some(nanos) = nanos else { return UNSET.to_owned() };
    let micros = nanos.div_euclid(1000);
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// What tells this flow from all others, the same in every run: of its endpoints and its beginning.
fn uid(community_id: &str, start: Option<Timestamp>) -> String {
    let mut hash = Sha1::new();
    hash.update(community_id);
    hash.update(start.map_or(0, Timestamp::as_nanos).to_be_bytes());
    hash.finalize().iter().take(9).fold("C".to_owned(), |mut uid, byte| {
        let _ = write!(uid, "{byte:02x}");
        uid
    })
}

/// Without what would end a cell or a line, or could be taken for a cell that is not set.
fn text(name: &str) -> String {
    let mut clean = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_control() || letter == '\\' {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                let _ = write!(clean, "\\x{byte:02x}");
            }
        } else {
            clean.push(letter);
        }
    }
    match clean.as_str() {
        "" => "(empty)".to_owned(),
        UNSET => "\\x2d".to_owned(),
        _ => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells() {
        assert_eq!(text("a\tb\nc\\\u{85}"), r"a\x09b\x0ac\x5c\xc2\x85");
        assert_eq!([text(""), text("-")], ["(empty)", r"\x2d"]);
    }

    #[test]
    fn times_have_six_decimals() {
        assert_eq!(seconds(Some(1_700_000_000_123_456_789)), "1700000000.123456");
        assert_eq!([seconds(Some(999)), seconds(None)], ["0.000000", "-"]);
    }
}
