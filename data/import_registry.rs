//! Makes `data/registry.csv` from a newer file of IANA's registry:
//!
//! ```text
//! cargo run --example import-registry -- service-names-port-numbers.csv > data/registry.csv
//! ```
//!
//! Takes three facts of each assignment: the ports, the transport and the name. Names are put in lower case,
//! since case does not tell service names apart (RFC 6335, section 5.1).

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use portolan::net::Transport;

/// The columns of IANA's file that are read.
const COLUMNS: [&str; 3] = ["Service Name", "Port Number", "Transport Protocol"];

/// One row of `registry.csv`. The order is by ports, then as the registry lists the names.
#[derive(Debug, PartialEq, Eq)]
struct Assignment {
    first: u16,
    last: u16,
    name: String,
    transports: Vec<Transport>,
}

/// Rows that were left out, by the reason.
#[derive(Debug, Default, PartialEq, Eq)]
struct Skipped(BTreeMap<String, usize>);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("import-registry: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(path), None) = (arguments.next(), arguments.next()) else {
        bail!("usage: import-registry service-names-port-numbers.csv > registry.csv");
    };
    let name = path.display();
    let file = File::open(&path).with_context(|| format!("cannot open {name}"))?;
    let (assignments, skipped) = read(BufReader::new(file)).with_context(|| format!("cannot use {name}"))?;
    write(&assignments, io::stdout().lock()).context("cannot write the table")?;
    eprintln!("{} rows written", assignments.len());
    for (reason, rows) in &skipped.0 {
        eprintln!("{rows} rows left out: {reason}");
    }
    Ok(())
}

/// Reads IANA's file. Rows that differ in nothing but the transport become one.
fn read(input: impl Read) -> Result<(Vec<Assignment>, Skipped)> {
    let mut reader = csv::Reader::from_reader(input);
    let headers = reader.headers()?.clone();
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = headers
            .iter()
            .position(|header| header == column)
            .with_context(|| format!("no column \"{column}\": is this IANA's CSV file?"))?;
    }
    let (mut assignments, mut skipped) = (Vec::new(), Skipped::default());
    let mut known = HashMap::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let [name, ports, transport] = places.map(|place| record.get(place).unwrap_or_default().trim());
        match usable(name, ports, transport) {
            Err(reason) => *skipped.0.entry(reason).or_default() += 1,
            Ok(transport) => add(&mut assignments, &mut known, name, ports, transport)
                .with_context(|| format!("line {line}"))?,
        }
    }
    if assignments.is_empty() {
        bail!("no assignment in it");
    }
    assignments.sort_by_key(|row| (row.first, row.last));
    Ok((assignments, skipped))
}

/// The transport of a row that assigns ports, else why it is left out.
fn usable(name: &str, ports: &str, transport: &str) -> Result<Transport, String> {
    match (name, ports) {
        (_, "") => Err("no port".to_owned()),
        ("", _) => Err("reserved or unassigned".to_owned()),
        _ if transport.is_empty() => Err("no transport".to_owned()),
        _ => Transport::from_name(transport).ok_or_else(|| format!("transport {}", transport.to_lowercase())),
    }
}

/// Adds an assignment, to the row with the same ports and name if there is one.
fn add(
    assignments: &mut Vec<Assignment>,
    known: &mut HashMap<(u16, u16, String), usize>,
    name: &str,
    ports: &str,
    transport: Transport,
) -> Result<()> {
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let port = |text: &str| text.parse::<u16>().with_context(|| format!("bad port \"{text}\""));
    let (first, last) = (port(first)?, port(last)?);
    if first > last {
        bail!("bad ports \"{ports}\"");
    }
    if name.contains([',', '"']) || name.contains(char::is_whitespace) {
        bail!("bad name \"{name}\"");
    }
    let name = name.to_lowercase();
    let place = *known.entry((first, last, name.clone())).or_insert_with(|| {
        assignments.push(Assignment { first, last, name, transports: Vec::new() });
        assignments.len() - 1
    });
    let transports = &mut assignments[place].transports;
    if !transports.contains(&transport) {
        transports.push(transport);
        transports.sort_unstable();
    }
    Ok(())
}

fn write(assignments: &[Assignment], output: impl Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(output);
    writer.write_record(["port_start", "port_end", "transport", "service"])?;
    for row in assignments {
        let transports: Vec<_> = row.transports.iter().map(|transport| transport.name()).collect();
        writer.write_record([
            &row.first.to_string(),
            &row.last.to_string(),
            &transports.join("+"),
            &row.name,
        ])?;
    }
    writer.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const HEADER: &str = "Service Name,Port Number,Transport Protocol,Description,Assignee\n";

    fn imported(rows: &str) -> Result<(String, Skipped)> {
        let (assignments, skipped) = read(format!("{HEADER}{rows}").as_bytes())?;
        let mut output = Vec::new();
        write(&assignments, &mut output)?;
        Ok((String::from_utf8(output)?, skipped))
    }

    #[test]
    fn facts_are_merged_sorted_and_in_lower_case() {
        let rows = "north,700,tcp,\"two\nlines, one comma\",\nnorth,700,sctp,,\nsouth,700,tcp,,\n\
                    East-Pier,40-43,udp,,\neast-pier,40-43,udp,again,\nnorth,700,udp,,\n";
        let (table, skipped) = imported(rows).unwrap();
        assert_eq!(
            table,
            "port_start,port_end,transport,service\n40,43,udp,east-pier\n700,700,tcp+udp+sctp,north\n700,700,tcp,south\n"
        );
        assert_eq!(skipped, Skipped::default());
    }

    #[test]
    fn rows_that_assign_no_port_are_counted_and_left_out() {
        let rows = ",0,tcp,Reserved,\n,41-45,,Unassigned,\nadrift,,,,\nadrift,,tcp,,\nfog,9,dccp,,\n\
                    range,10-12,,,\nlight,9,tcp,,\n";
        let (table, Skipped(skipped)) = imported(rows).unwrap();
        assert_eq!(table.lines().nth(1), Some("9,9,tcp,light"));
        let counts: Vec<_> = skipped.iter().map(|(reason, rows)| (reason.as_str(), *rows)).collect();
        assert_eq!(
            counts,
            [("no port", 2), ("no transport", 1), ("reserved or unassigned", 2), ("transport dccp", 1)]
        );
    }

    #[test]
    fn errors_name_the_line() {
        for (rows, expected) in [
            ("light,9,tcp,,\nlight,70000,tcp,,\n", "line 3: bad port \"70000\""),
            ("light,9,tcp,\"a\nb\",\nlight,9-7,tcp,,\n", "line 4: bad ports \"9-7\""),
            ("low light,9,tcp,,\n", "line 2: bad name \"low light\""),
            ("", "no assignment in it"),
        ] {
            let error = imported(rows).unwrap_err();
            assert!(format!("{error:#}").starts_with(expected), "{error:#}");
        }
        assert!(read("port,name\n1,a\n".as_bytes()).is_err());
    }
}
