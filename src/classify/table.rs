//! The port table.

use foldhash::fast::FixedState;
use std::collections::HashMap;

use super::listing::{Category, CategoryId, Entry, Listing, Origin, Rank, ServiceId};
use super::rows::{self, Defaults, Row, RowError, RowProblem};
use crate::net::Transport;

/// The day of IANA's registry from which `data/registry.csv` was made.
const REGISTRY_DATE: &str = "2026-02-25";

const CATEGORIES: &str = include_str!("../../data/categories.csv");
const SERVICES: &str = include_str!("../../data/services.csv");
const REGISTRY: &str = include_str!("../../data/registry.csv");
const ALIASES: &str = include_str!("../../data/aliases.csv");

const CURATED_ROWS: Defaults =
    Defaults { category: "application", rank: Rank::Primary, origin: Origin::Common };
const REGISTRY_ROWS: Defaults =
    Defaults { category: "application", rank: Rank::Registry, origin: Origin::Iana };

/// The number of ports of all transports.
const PLACES: usize = Transport::ALL.len() << 16;

/// Ports whose listings are found together: few enough to leaf through, and enough for a small index.
const SHELF: usize = 64;

/// What the project knows of ports: service names, their categories, and which port has which.
#[derive(Clone, Debug)]
pub struct PortTable {
    categories: Vec<Category>,
    services: Vec<Box<str>>,
    /// By service, and as the file lists them.
    aliases: Vec<(ServiceId, Box<str>)>,
    listings: Vec<Listing>,
    /// By transport and port.
    entries: Vec<Entry>,
    /// By [`SHELF`] places, the rows of `listings` that speak of any of them.
    shelves: Vec<Vec<u16>>,
    /// The data that it was read from.
    files: [&'static str; 4],
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

    /// The name and standing of a port, about a nanosecond away.
    pub fn entry(&self, transport: Transport, port: u16) -> Entry {
        self.entries[place(transport, port)]
    }

    /// All that is listed for a port: by rank, then origin, then as the data lists it.
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
        &self.services[usize::from(id.0)]
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

    /// The registry's day, and eight hexadecimal digits that change whenever the table's data does:
    /// FNV-1a, 32 bits, of the files.
    pub fn version(&self) -> String {
        // Hashed on request: it would be a good part of the time that reading the table takes.
        format!("{REGISTRY_DATE}+{:08x}", fnv_1a(self.files))
    }
}

/// Where a port's values are in arrays of [`PLACES`].
const fn place(transport: Transport, port: u16) -> usize {
    (transport as usize) << 16 | port as usize
}

/// A table that is being read.
struct Builder<'t> {
    categories: Vec<Category>,
    services: HashMap<&'t str, ServiceId, FixedState>,
    aliases: Vec<(ServiceId, Box<str>)>,
    listings: Vec<Listing>,
}

impl<'t> Builder<'t> {
    fn new() -> Self {
        let unknown = Category {
            id: "unknown".into(),
            family: "unknown".into(),
            description: "Traffic whose service the ports do not tell".into(),
        };
        let mut services = HashMap::with_capacity_and_hasher(8192, FixedState::default());
        services.insert("unknown", ServiceId::UNKNOWN);
        Self {
            categories: vec![unknown],
            services,
            aliases: Vec::new(),
            listings: Vec::with_capacity(16_384),
        }
    }

    fn add_categories(&mut self, text: &'t str) -> Result<(), RowError> {
        let columns = |header: &[&str]| {
            Ok([
                rows::column(header, "id")?,
                rows::column(header, "family")?,
                rows::column(header, "description")?,
            ])
        };
        rows::read_records(text, columns, |columns, fields| {
            u8::try_from(self.categories.len()).map_err(|_| RowProblem::TooMany)?;
            let [id, family, description] = columns.map(|place| fields[place].into());
            self.categories.push(Category { id, family, description });
            Ok(())
        })
    }

    fn add_rows(&mut self, text: &'t str, defaults: &Defaults) -> Result<(), RowError> {
        rows::read_rows(text, defaults, |row| self.add_row(row))
    }

    fn add_row(&mut self, row: &Row<'t>) -> Result<(), RowProblem> {
        let service = self.service(row.service)?;
        let category = self.category(row.category)?;
        for transport in Transport::ALL.into_iter().filter(|transport| row.transports[*transport as usize]) {
            if self.listings.len() > usize::from(u16::MAX) {
                return Err(RowProblem::TooMany);
            }
            let &Row { first, last, rank, origin, .. } = row;
            self.listings.push(Listing { transport, first, last, service, category, rank, origin });
        }
        Ok(())
    }

    /// The id of a service name, a new one if need be.
    fn service(&mut self, name: &'t str) -> Result<ServiceId, RowProblem> {
        if let Some(id) = self.services.get(name) {
            return Ok(*id);
        }
        let id = u16::try_from(self.services.len()).map(ServiceId).map_err(|_| RowProblem::TooMany)?;
        self.services.insert(name, id);
        Ok(id)
    }

    fn category(&self, name: &str) -> Result<CategoryId, RowProblem> {
        let place = self.categories.iter().position(|category| &*category.id == name);
        let id = place.and_then(|place| u8::try_from(place).ok());
        id.map(CategoryId).ok_or_else(|| RowProblem::Category(name.to_owned()))
    }

    fn add_aliases(&mut self, text: &'t str) -> Result<(), RowError> {
        let columns =
            |header: &[&str]| Ok([rows::column(header, "service")?, rows::column(header, "alias")?]);
        rows::read_records(text, columns, |columns, fields| {
            let [service, alias] = columns.map(|place| fields[place]);
            let id = self.services.get(service).ok_or_else(|| RowProblem::Service(service.to_owned()))?;
            self.aliases.push((*id, alias.into()));
            Ok(())
        })
    }

    fn finish(mut self) -> PortTable {
        self.listings.sort_by_key(|listing| (listing.rank, listing.origin));
        self.aliases.sort_by_key(|(id, _)| *id);
        let mut services = vec![Box::default(); self.services.len()];
        for (name, id) in self.services {
            services[usize::from(id.0)] = name.into();
        }
        let mut entries = vec![Entry::default(); PLACES];
        let mut shelves = vec![Vec::new(); PLACES / SHELF];
        for (number, row) in (0..=u16::MAX).zip(&self.listings) {
            let (first, last) = (place(row.transport, row.first), place(row.transport, row.last));
            entries[first..=last].iter_mut().for_each(|entry| entry.take(row));
            shelves[first / SHELF..=last / SHELF].iter_mut().for_each(|shelf| shelf.push(number));
        }
        PortTable {
            categories: self.categories,
            services,
            aliases: self.aliases,
            listings: self.listings,
            entries,
            shelves,
            files: [CATEGORIES, SERVICES, REGISTRY, ALIASES],
        }
    }
}

/// The hash FNV-1a, 32 bits (RFC 9923), of some texts one after the other.
fn fnv_1a<'t>(texts: impl IntoIterator<Item = &'t str>) -> u32 {
    let bytes = texts.into_iter().flat_map(str::bytes);
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::fnv_1a;

    #[test]
    fn the_digest_is_fnv_1a() {
        assert_eq!(fnv_1a([""]), 0x811c_9dc5);
        assert_eq!(fnv_1a(["a"]), 0xe40c_292c);
        assert_eq!(fnv_1a(["foo", "bar"]), 0xbf9c_f968);
    }
}
