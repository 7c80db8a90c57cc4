//! What the port table knows of a port, a service or a category.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::classify::{CategoryId, Entry, Listing, PortTable, Rank, ServiceId};
use crate::net::{Network, PortClass, Transport};

/// Where operating systems draw the ports of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub(super) struct ClientRange {
    pub(super) systems: &'static str,
    pub(super) first: u16,
    pub(super) last: u16,
}

/// The most usual of the ranges in `data/client-ranges.csv`.
const CLIENT_RANGES: [ClientRange; 3] = [
    ClientRange { systems: "older BSD and Windows systems", first: 1024, last: 5000 },
    ClientRange { systems: "Linux", first: 32_768, last: 60_999 },
    ClientRange { systems: "Windows, macOS and most other systems", first: 49_152, last: 65_535 },
];

/// Similar names that are told at most.
const MOST_SIMILAR: usize = 3;

/// What is asked of the port table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// A port of all transports, or of one.
    Port(u16, Option<Transport>),
    /// The name or an alias of a service.
    Service(String),
    /// A category.
    Category(String),
}

impl FromStr for Query {
    type Err = String;

    /// `8080`, `5432/tcp`; everything else is the name of a service.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (port, transport) = text.split_once('/').map_or((text, None), |(port, name)| (port, Some(name)));
        if !is_number(port) {
            return Ok(Self::Service(text.to_owned()));
        }
        let number = port.parse().map_err(|_| format!("there is no port {port}: the last one is 65535"))?;
        let transport = transport.map(|name| {
            Transport::from_name(name).ok_or_else(|| format!("\"{name}\" is not tcp, udp or sctp"))
        });
        Ok(Self::Port(number, transport.transpose()?))
    }
}

/// A name that the table does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} \"{name}\"{}", similar_names(.similar))]
pub struct Nowhere {
    /// `service` or `category`.
    pub kind: &'static str,
    /// What was asked for.
    pub name: String,
    /// Names that differ by little.
    pub similar: Vec<String>,
}

fn similar_names(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; similar: {}", names.join(", ")) }
}

/// The answer of a port table.
#[derive(Clone, Debug)]
pub struct Lookup<'t> {
    pub(super) table: &'t PortTable,
    pub(super) query: Query,
    /// The services of that name.
    pub(super) services: Vec<ServiceId>,
    /// The category of that name.
    pub(super) category: Option<CategoryId>,
    /// What the table says of the port on each transport.
    pub(super) verdicts: Vec<(Transport, Entry)>,
    pub(super) rows: Vec<LookupRow>,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LookupRow {
    /// Where it holds; `None` if everywhere.
    pub(super) network: Option<Network>,
    pub(super) listing: Listing,
    /// Whether the port gets its name from the row: the port that was asked for, or the first one.
    pub(super) names: bool,
}

impl<'t> Lookup<'t> {
    /// Asks a table.
    ///
    /// # Errors
    /// If it has no such service or category. A port without a name is an answer.
    pub fn new(table: &'t PortTable, query: Query) -> Result<Self, Nowhere> {
        let mut lookup = Self {
            table,
            query: query.clone(),
            services: Vec::new(),
            category: None,
            verdicts: Vec::new(),
            rows: Vec::new(),
        };
        match query {
            Query::Port(port, transport) => lookup.ask_port(port, transport),
            Query::Service(name) => {
                lookup.services = table.services_named(&name);
                // A service without a row, such as `unknown`, has nothing to be told of it.
                lookup.add_rows(|row, services| services.contains(&row.service));
                if lookup.rows.is_empty() {
                    return Err(nowhere("service", name, service_names(table)));
                }
            }
            Query::Category(name) => {
                let place = table.categories().iter().position(|known| known.id.eq_ignore_ascii_case(&name));
                let id = place.and_then(|place| u8::try_from(place).ok()).map(CategoryId);
                lookup.category = id.filter(|id| *id != CategoryId::UNKNOWN);
                let Some(id) = lookup.category else {
                    let names = table.categories().iter().skip(1).map(|known| &*known.id);
                    return Err(nowhere("category", name, names));
                };
                lookup.add_rows(|row, _| row.category == id);
            }
        }
        Ok(lookup)
    }

    fn ask_port(&mut self, port: u16, transport: Option<Transport>) {
        let table = self.table;
        for transport in Transport::ALL.into_iter().filter(|one| transport.is_none_or(|asked| asked == *one))
        {
            self.verdicts.push((transport, table.entry(transport, port)));
            let scoped = table.scoped_listings_of(transport, port);
            let scoped = scoped.map(|scoped| self.row(Some(scoped.network), scoped.listing, port));
            let general = table.listings_of(transport, port).filter(|listing| !is_repeated(table, listing));
            let general = general.map(|listing| self.row(None, *listing, port));
            let rows: Vec<LookupRow> = scoped.chain(general).collect();
            self.rows.extend(rows);
        }
    }

    /// Adds the rows that `asked` wants, by port.
    fn add_rows(&mut self, asked: impl Fn(&Listing, &[ServiceId]) -> bool) {
        let scoped = self.table.scoped_listings().iter();
        let scoped = scoped.map(|scoped| (Some(scoped.network), scoped.listing));
        let general = self.table.listings().iter().filter(|listing| !is_repeated(self.table, listing));
        let general = general.map(|listing| (None, *listing));
        let found = scoped.chain(general).filter(|(_, listing)| asked(listing, &self.services));
        let mut rows: Vec<LookupRow> =
            found.map(|(network, listing)| self.row(network, listing, listing.first)).collect();
        rows.sort_by_key(|row| (row.listing.first, row.listing.last, row.listing.transport));
        self.rows = rows;
    }

    fn row(&self, network: Option<Network>, listing: Listing, port: u16) -> LookupRow {
        let names = match network {
            None => {
                let entry = self.table.entry(listing.transport, port);
                entry.service == listing.service && entry.category == listing.category
            }
            Some(network) => {
                let mut here = self.table.scoped_listings_of(listing.transport, port);
                here.find(|other| other.network == network).is_some_and(|first| first.listing == listing)
            }
        };
        LookupRow { network, listing, names }
    }

    /// The class of the port that was asked for, and from where systems draw it for a client.
    pub(super) fn port_remarks(&self) -> Option<(PortClass, Vec<ClientRange>)> {
        let Query::Port(port, _) = self.query else { return None };
        let drawn = CLIENT_RANGES.into_iter().filter(|range| (range.first..=range.last).contains(&port));
        Some((PortClass::of(port), drawn.collect()))
    }
}

/// Whether a row is the registry's and another one has the same name, with a category, which the registry does not know.
fn is_repeated(table: &PortTable, listing: &Listing) -> bool {
    let is_same = |other: &Listing| {
        matches!(other.rank, Rank::Rule | Rank::Primary | Rank::Alternate)
            && other.service == listing.service
            && other.last >= listing.last
    };
    listing.rank == Rank::Registry && table.listings_of(listing.transport, listing.first).any(is_same)
}

fn service_names(table: &PortTable) -> impl Iterator<Item = &str> {
    let ids = (1..table.service_count()).filter_map(|id| u16::try_from(id).ok()).map(ServiceId);
    ids.flat_map(|id| std::iter::once(table.service_name(id)).chain(table.aliases(id)))
}

fn nowhere<'n>(kind: &'static str, name: String, names: impl Iterator<Item = &'n str>) -> Nowhere {
    let asked = name.to_lowercase();
    // A longer name may differ in more letters and still be the one that was meant.
    let most = (asked.chars().count() / 3).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = names
        .filter(|known| known.len().abs_diff(asked.len()) <= most)
        .map(|known| (distance(&asked, known), known))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_unstable();
    near.dedup();
    let similar = near.into_iter().take(MOST_SIMILAR).map(|(_, known)| known.to_owned()).collect();
    Nowhere { kind, name, similar }
}

/// How many letters have to be put in, left out, changed or swapped with the next one to make one name the other
/// (Damerau and Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let [one, other]: [Vec<char>; 2] = [one, other].map(|name| name.chars().collect());
    let width = other.len() + 1;
    let mut least: Vec<usize> = (0..width).collect();
    for line in 1..=one.len() {
        least.push(line);
        for column in 1..width {
            let at = |up: usize, left: usize| least[(line - up) * width + column - left];
            let is_same = one[line - 1] == other[column - 1];
            let changed = at(1, 1) + usize::from(!is_same);
            let is_swapped =
                line > 1 && column > 1 && one[line - 2..line] == [other[column - 1], other[column - 2]];
            let swapped = if is_swapped { at(2, 2) + 1 } else { usize::MAX };
            let best = changed.min(swapped).min(at(1, 0) + 1).min(at(0, 1) + 1);
            least.push(best);
        }
    }
    least[least.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_a_port_or_a_name() {
        assert_eq!("8080".parse(), Ok(Query::Port(8080, None)));
        assert_eq!("5432/TCP".parse(), Ok(Query::Port(5432, Some(Transport::Tcp))));
        assert_eq!("dns".parse(), Ok(Query::Service("dns".into())));
        assert_eq!("3com-amp3".parse(), Ok(Query::Service("3com-amp3".into())));
        let error = |text: &str| text.parse::<Query>().expect_err("no query");
        assert_eq!(error("65536"), "there is no port 65536: the last one is 65535");
        assert_eq!(error("53/icmp"), "\"icmp\" is not tcp, udp or sctp");
    }

    #[test]
    fn names_that_differ_by_little_are_similar() {
        let cases = [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3), ("redsi", "redis", 1)];
        for (one, other, expected) in cases {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
        let table = PortTable::built_in();
        let error = Lookup::new(&table, Query::Service("Postgres1".into())).expect_err("no service");
        assert_eq!(error.to_string(), "there is no service \"Postgres1\"; similar: postgres, postgresql");
        let error = Lookup::new(&table, Query::Category("unknown".into())).expect_err("no category");
        assert_eq!(error.to_string(), "there is no category \"unknown\"");
        let error = Lookup::new(&table, Query::Service("unknown".into())).expect_err("no service");
        assert!(error.to_string().starts_with("there is no service \"unknown\""), "{error}");
    }

    #[test]
    fn client_ranges_are_those_of_the_data() {
        let data = include_str!("../../data/client-ranges.csv");
        for (ClientRange { first, last, .. }, system) in
            CLIENT_RANGES.iter().zip(["bsd-classic", "linux", "windows"])
        {
            let range = format!(",{first},{last},");
            assert!(data.lines().any(|line| line.starts_with(system) && line.contains(&range)), "{system}");
        }
    }
}
