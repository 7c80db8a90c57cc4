//! The port table.

use std::collections::HashSet;

use super::builder::Builder;
use super::digest::fnv_1a;
use super::listing::{Category, CategoryId, Entry, Listing, Origin, Rank, ServiceId};
use super::names::Names;
use super::rows::{Defaults, RowError};
use super::rules::{Claim, Rules, RulesError, claims};
use super::scopes::{ScopedListing, Scopes};
use crate::net::{Endpoint, Transport};

/// The day of IANA's registry from which `data/registry.csv` was made.
const REGISTRY_DATE: &str = "2026-02-25";

const CATEGORIES: &str = include_str!("../../data/categories.csv");
const SERVICES: &str = include_str!("../../data/services.csv");
const REGISTRY: &str = include_str!("../../data/registry.csv");
const ALIASES: &str = include_str!("../../data/aliases.csv");

/// Of the files. It would be a good part of the time that reading them takes.
#[allow(long_running_const_eval)] // a hundred milliseconds
const DIGEST: u32 = fnv_1a(&[CATEGORIES, SERVICES, REGISTRY, ALIASES]);

const CURATED_ROWS: Defaults =
    Defaults { category: "application", rank: Rank::Primary, origin: Origin::Common };
const REGISTRY_ROWS: Defaults =
    Defaults { category: "application", rank: Rank::Registry, origin: Origin::Iana };

/// The number of ports of all transports.
pub(super) const PLACES: usize = Transport::ALL.len() << 16;

/// Ports whose listings are found together: few enough to leaf through, and enough for a small index.
pub(super) const SHELF: usize = 64;

/// What the project knows of ports: service names, their categories, and which port has which.
#[derive(Clone, Debug)]
pub struct PortTable {
    categories: Vec<Category>,
    services: Names,
    /// By service, and as the file lists them.
    aliases: Vec<(ServiceId, Box<str>)>,
    listings: Vec<Listing>,
    /// By transport and port.
    entries: Vec<Entry>,
    /// By [`SHELF`] places, the rows of `listings` that speak of any of them.
    shelves: Vec<Vec<u16>>,
    /// The rules with hosts.
    scopes: Scopes,
    /// The digest of the user's rules, if there are any.
    rules: Option<u32>,
}

impl PortTable {
    /// The table that comes with the program.
    ///
    /// # Panics
    ///
    /// Never, as the tests show: only if the data the program was built with could not be read.
    pub fn built_in() -> Self {
        Self::read().expect("the built-in port table can be read")
    }

    fn read() -> Result<Self, RowError> {
        let mut builder = Builder::new();
        builder.add_categories(CATEGORIES)?;
        builder.add_rows(SERVICES, &CURATED_ROWS)?;
        builder.add_rows(REGISTRY, &REGISTRY_ROWS)?;
        builder.add_aliases(ALIASES)?;
        Ok(builder.finish())
    }

    /// The table that a builder has put together.
    pub(super) fn of(
        categories: Vec<Category>,
        services: Names,
        aliases: Vec<(ServiceId, Box<str>)>,
        listings: Vec<Listing>,
        entries: Vec<Entry>,
        shelves: Vec<Vec<u16>>,
    ) -> Self {
        let scopes = Scopes::default();
        Self { categories, services, aliases, listings, entries, shelves, scopes, rules: None }
    }

    /// The table with the user's rules before everything else, instead of rules that it had. Ids stay what they are.
    ///
    /// # Errors
    ///
    /// If rules clash, or if there are more of them than a table can hold.
    pub fn with_rules(self, rules: &Rules) -> Result<Self, RulesError> {
        let mut builder = Builder::of(&self);
        let mut claims = claims(rules, &self, &mut builder)?;
        let scopes = Scopes::of(&claims);
        claims.retain(|claim| claim.network.is_none());
        // Of the general rules of a port the first one wins.
        claims.sort_by_key(Claim::width);
        let mut seen = HashSet::new();
        for claim in claims {
            let Listing { transport, first, last, service, category, .. } = claim.listing;
            if seen.insert((transport, first, last, service, category)) {
                let rule = &rules.rules()[claim.rule];
                builder.add_listing(claim.listing).map_err(|problem| rules.error(rule, problem))?;
            }
        }
        for rule in rules.rules() {
            for alias in &rule.aliases {
                builder.add_alias(&rule.service, alias).map_err(|problem| rules.error(rule, problem))?;
            }
        }
        Ok(Self { scopes, rules: rules.digest(), ..builder.finish() })
    }

    /// The name and standing of a port wherever no rule with hosts says otherwise, about a nanosecond away.
    pub fn entry(&self, transport: Transport, port: u16) -> Entry {
        self.entries[place(transport, port)]
    }

    /// The name and standing of a port of a host: what the most specific rule of the user says that holds the host,
    /// else [`PortTable::entry`].
    #[inline]
    pub fn entry_at(&self, transport: Transport, endpoint: Endpoint) -> Entry {
        let scoped = self.scopes.entry(transport, endpoint);
        scoped.map_or_else(|| self.entry(transport, endpoint.port), |(_, entry)| entry)
    }

    /// The length of the prefix of the rule that [`PortTable::entry_at`] answers by; `None` if it holds everywhere.
    pub(super) fn prefix_at(&self, transport: Transport, endpoint: Endpoint) -> Option<u8> {
        self.scopes.entry(transport, endpoint).map(|(length, _)| length)
    }

    /// The user's rules with hosts that speak of a port, the most specific one first.
    pub fn scoped_listings_of(
        &self,
        transport: Transport,
        port: u16,
    ) -> impl Iterator<Item = &ScopedListing> + Clone {
        let speaks = move |row: &Listing| row.transport == transport && row.first <= port && port <= row.last;
        self.scopes.listings().iter().filter(move |scoped| speaks(&scoped.listing))
    }

    /// All of the user's rules with hosts, the most specific one first.
    pub fn scoped_listings(&self) -> &[ScopedListing] {
        self.scopes.listings()
    }

    /// All that is listed for a port, without rules that have hosts: by rank, then origin, then as the data lists it;
    /// of the user's rules the most specific one first.
    pub fn listings_of(&self, transport: Transport, port: u16) -> impl Iterator<Item = &Listing> + Clone {
        let rows = &self.shelves[place(transport, port) / SHELF];
        let rows = rows.iter().map(|row| &self.listings[usize::from(*row)]);
        rows.filter(move |row| row.first <= port && port <= row.last)
    }

    /// IANA's name of a port; the first one if the registry has several.
    pub fn registered_name(&self, transport: Transport, port: u16) -> Option<ServiceId> {
        let mut listings = self.listings_of(transport, port);
        listings.find(|listing| listing.rank == Rank::Registry).map(|listing| listing.service)
    }

    /// All rows, by rank, then origin, then as the data lists them.
    pub fn listings(&self) -> &[Listing] {
        &self.listings
    }

    /// The name of a service: IANA's spelling where IANA has one, in lower case.
    ///
    /// # Panics
    ///
    /// If the id is another table's.
    pub fn service_name(&self, id: ServiceId) -> &str {
        self.services.get(usize::from(id.0))
    }

    /// The name that people say, where it is not the service's own: `dns` for `domain`.
    pub fn alias(&self, id: ServiceId) -> Option<&str> {
        self.aliases(id).next()
    }

    /// All names that people say for a service besides its own, the most usual one first.
    pub fn aliases(&self, id: ServiceId) -> impl Iterator<Item = &str> {
        let first = self.aliases.partition_point(|(service, _)| *service < id);
        self.aliases[first..].iter().take_while(move |(service, _)| *service == id).map(|(_, alias)| &**alias)
    }

    pub(super) fn all_aliases(&self) -> &[(ServiceId, Box<str>)] {
        &self.aliases
    }

    /// The names of all services, by id.
    pub(super) fn service_names(&self) -> impl Iterator<Item = &str> {
        self.services.iter()
    }

    /// The services that have this name or this alias, in upper or lower case.
    pub fn services_named(&self, name: &str) -> Vec<ServiceId> {
        let own = self.services.iter().position(|service| service.eq_ignore_ascii_case(name));
        let own = own.and_then(|id| u16::try_from(id).ok()).map(ServiceId);
        let aliased = self.aliases.iter().filter(|(_, alias)| alias.eq_ignore_ascii_case(name));
        own.into_iter().chain(aliased.map(|(id, _)| *id).filter(|id| Some(*id) != own)).collect()
    }

    /// A category.
    ///
    /// # Panics
    ///
    /// If the id is another table's.
    pub fn category(&self, id: CategoryId) -> &Category {
        &self.categories[usize::from(id.0)]
    }

    /// All categories by id, `unknown` first.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// How many services there are, `unknown` among them: ids are below this.
    pub fn service_count(&self) -> usize {
        self.services.len()
    }

    /// The registry's day, and eight hexadecimal digits that change whenever the table's data does: FNV-1a, 32 bits,
    /// of the files. With rules of the user, eight more for theirs.
    pub fn version(&self) -> String {
        let rules = self.rules.map_or_else(String::new, |digest| format!("+{digest:08x}"));
        format!("{REGISTRY_DATE}+{DIGEST:08x}{rules}")
    }
}

/// Where a port's values are in arrays of [`PLACES`].
pub(super) const fn place(transport: Transport, port: u16) -> usize {
    (transport as usize) << 16 | port as usize
}
