//! The answer of the port table, schema `portolan.lookup/1`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::classify::{Entry, PortTable};
use crate::net::Transport;
use crate::report::lookup::{ClientRange, Lookup, LookupRow, Query};

#[derive(JsonSchema, Serialize)]
pub(super) struct Document<'a> {
    #[schemars(extend("const" = "portolan.lookup/1"))]
    schema: &'static str,
    /// The version of the table.
    table: String,
    query: Asked<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ranges: Option<Vec<ClientRange>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ports: Option<Vec<Verdict<'a>>>,
    listings: Vec<Listing<'a>>,
}

#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
enum Asked<'a> {
    Port { number: u16, transport: Option<&'static str> },
    Service(&'a str),
    Category(&'a str),
}

/// What a port is on one transport, without the rules for some hosts.
#[derive(JsonSchema, Serialize)]
struct Verdict<'a> {
    transport: &'static str,
    port: u16,
    service: Option<&'a str>,
    category: Option<&'a str>,
    standing: &'static str,
    trust_permille: u16,
}

#[derive(JsonSchema, Serialize)]
struct Listing<'a> {
    transport: &'static str,
    first: u16,
    last: u16,
    /// `null` if it holds everywhere.
    hosts: Option<String>,
    service: &'a str,
    aliases: Vec<&'a str>,
    category: &'a str,
    family: &'a str,
    rank: &'static str,
    source: &'static str,
    /// Whether the port that was asked for, or the first one, gets its name from here.
    names_port: bool,
}

impl<'a> Document<'a> {
    pub(super) fn of(lookup: &'a Lookup<'_>) -> Self {
        let remarks = lookup.port_remarks();
        let ports =
            |port| lookup.verdicts.iter().map(move |&verdict| Verdict::of(lookup.table, port, verdict));
        let (query, ports) = match &lookup.query {
            Query::Port(port, transport) => {
                let transport = transport.map(Transport::name);
                (Asked::Port { number: *port, transport }, Some(ports(*port).collect()))
            }
            Query::Service(name) => (Asked::Service(name), None),
            Query::Category(name) => (Asked::Category(name), None),
        };
        Self {
            schema: "portolan.lookup/1",
            table: lookup.table.version(),
            query,
            port_class: remarks.as_ref().map(|(class, _)| class.name()),
            client_ranges: remarks.map(|(_, ranges)| ranges),
            ports,
            listings: lookup.rows.iter().map(|row| Listing::of(lookup.table, row)).collect(),
        }
    }
}

impl<'a> Verdict<'a> {
    fn of(table: &'a PortTable, port: u16, (transport, entry): (Transport, Entry)) -> Self {
        Self {
            transport: transport.name(),
            port,
            service: entry.is_listed().then(|| table.service_name(entry.service)),
            category: entry.is_listed().then(|| &*table.category(entry.category).id),
            standing: entry.standing.describe(),
            trust_permille: entry.standing.trust(),
        }
    }
}

impl<'a> Listing<'a> {
    fn of(table: &'a PortTable, row: &LookupRow) -> Self {
        let listing = &row.listing;
        let category = table.category(listing.category);
        Self {
            transport: listing.transport.name(),
            first: listing.first,
            last: listing.last,
            hosts: row.network.map(|network| network.to_string()),
            service: table.service_name(listing.service),
            aliases: table.aliases(listing.service).collect(),
            category: &category.id,
            family: &category.family,
            rank: listing.rank.name(),
            source: listing.origin.name(),
            names_port: row.names,
        }
    }
}
