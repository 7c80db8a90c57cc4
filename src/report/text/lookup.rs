//! The answer of the port table, for people.

use std::io;

use super::page::{Page, Tone};
use super::table::{Cell, Column, Table};
use crate::classify::{Entry, PortTable};
use crate::net::{PortClass, Transport};
use crate::report::lookup::{Lookup, LookupRow, Query};
use crate::report::words;

/// Where the texts beside keys begin.
const MARGIN: usize = 14;

/// Writes what was asked for, then all that is listed.
pub(super) fn write(lookup: &Lookup<'_>, page: &mut Page<'_>) -> io::Result<()> {
    match &lookup.query {
        Query::Port(port, _) => write_port(lookup, *port, page)?,
        Query::Service(_) => write_services(lookup, page)?,
        Query::Category(_) => write_category(lookup, page)?,
    }
    write_rows(lookup, page)
}

fn write_port(lookup: &Lookup<'_>, port: u16, page: &mut Page<'_>) -> io::Result<()> {
    for (transport, entry) in &lookup.verdicts {
        let key = format!("{port}/{transport}");
        let tone = if entry.is_listed() { Tone::Strong } else { Tone::Soft };
        page.entry(0, &key, MARGIN, tone, &verdict(*entry, lookup.table))?;
    }
    let Some((class, drawn)) = lookup.port_remarks() else { return Ok(()) };
    let range = match class {
        PortClass::WellKnown => "0-1023",
        PortClass::Registered => "1024-49151",
        PortClass::Ephemeral => "49152-65535",
    };
    page.entry(0, "Class", MARGIN, Tone::Plain, &format!("{class} ({range})"))?;
    let drawn: Vec<String> =
        drawn.iter().map(|range| format!("{} ({}-{})", range.systems, range.first, range.last)).collect();
    if drawn.is_empty() {
        return Ok(());
    }
    page.entry(0, "Client port", MARGIN, Tone::Plain, &format!("may be drawn by {}", drawn.join(" and ")))
}

/// `postgresql (postgres), database: primary, IANA's name`.
fn verdict(entry: Entry, table: &PortTable) -> String {
    let standing = entry.standing.describe();
    if !entry.is_listed() {
        return standing.to_owned();
    }
    let name = words::with_alias(table.service_name(entry.service), table.alias(entry.service));
    format!("{name}, {}: {standing}", table.category(entry.category).id)
}

fn write_services(lookup: &Lookup<'_>, page: &mut Page<'_>) -> io::Result<()> {
    for id in &lookup.services {
        let aliases: Vec<&str> = lookup.table.aliases(*id).collect();
        let also = if aliases.is_empty() { "" } else { ", also called " };
        let name = lookup.table.service_name(*id);
        page.paragraph(0, Tone::Strong, &format!("{name}{also}{}", aliases.join(", ")))?;
    }
    Ok(())
}

fn write_category(lookup: &Lookup<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let Some(id) = lookup.category else { return Ok(()) };
    let category = lookup.table.category(id);
    let text = format!("{}, of the family {}: {}", category.id, category.family, category.description);
    page.paragraph(0, Tone::Strong, &text)
}

/// A row of the table for all transports that have it.
struct Merged<'r> {
    row: &'r LookupRow,
    transports: Vec<&'static str>,
}

fn merge(rows: &[LookupRow]) -> Vec<Merged<'_>> {
    let mut merged: Vec<Merged<'_>> = Vec::new();
    let as_tcp = |row: &LookupRow| {
        let mut row = *row;
        row.listing.transport = Transport::Tcp;
        row
    };
    // Rows of one port follow each other, so that it is enough to look at those.
    let mut first_of_port = 0;
    for row in rows {
        let ports = |row: &LookupRow| (row.listing.first, row.listing.last);
        if merged.get(first_of_port).is_some_and(|other| ports(other.row) != ports(row)) {
            first_of_port = merged.len();
        }
        match merged[first_of_port..].iter_mut().find(|other| as_tcp(other.row) == as_tcp(row)) {
            Some(other) => other.transports.push(row.listing.transport.name()),
            None => merged.push(Merged { row, transports: vec![row.listing.transport.name()] }),
        }
    }
    merged
}

fn write_rows(lookup: &Lookup<'_>, page: &mut Page<'_>) -> io::Result<()> {
    if lookup.rows.is_empty() {
        return Ok(());
    }
    let table = lookup.table;
    let has_hosts = lookup.rows.iter().any(|row| row.network.is_some());
    let mut columns = vec![Column::left(""), Column::right("Port"), Column::names("Service", 9)];
    columns.push(Column::names("Alias", 8).rank(3));
    columns.push(Column::names("Category", 8));
    columns.extend([Column::left("Rank"), Column::left("Source")]);
    if has_hosts {
        columns.push(Column::names("Hosts", 18));
    }
    let mut rows = Table::new(columns);
    for Merged { row, transports } in merge(&lookup.rows) {
        let listing = &row.listing;
        let hosts = row.network.map_or_else(String::new, |network| network.to_string());
        rows.row(vec![
            if row.names { "●" } else { "" }.into(),
            format!("{}/{}", words::ports(listing.first, listing.last), transports.join("+")).into(),
            Cell::new(Tone::Strong, table.service_name(listing.service)),
            table.alias(listing.service).unwrap_or_default().into(),
            (&*table.category(listing.category).id).into(),
            listing.rank.name().into(),
            listing.origin.name().into(),
            hosts.into(),
        ]);
    }
    page.title("Listed")?;
    rows.write(page)?;
    if !lookup.rows.iter().any(|row| row.names) {
        return Ok(());
    }
    let is_port = matches!(lookup.query, Query::Port(..));
    let legend =
        if is_port { "●: the port's name" } else { "●: the port's name; of a range, the first port's" };
    page.paragraph(2, Tone::Soft, legend)
}
