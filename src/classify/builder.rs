//! How a port table comes about: rows with names in, ids and places out.

use foldhash::fast::FixedState;
use std::collections::HashMap;

use super::listing::{Category, CategoryId, Entry, Listing, Origin, ServiceId};
use super::rows::{self, Defaults, Row, RowError, RowProblem};
use super::table::{PLACES, PortTable, SHELF, place};
use crate::net::Transport;

/// A table that is being read.
pub(super) struct Builder<'t> {
    categories: Vec<Category>,
    services: HashMap<&'t str, ServiceId, FixedState>,
    aliases: Vec<(ServiceId, Box<str>)>,
    listings: Vec<Listing>,
}

impl<'t> Builder<'t> {
    pub(super) fn new() -> Self {
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

    /// What a table has besides the user's rules, to be added to. Ids stay what they are.
    pub(super) fn of(table: &'t PortTable) -> Self {
        let ids = (0..=u16::MAX).map(ServiceId);
        Self {
            categories: table.categories().to_vec(),
            services: ids.zip(table.service_names()).map(|(id, name)| (name, id)).collect(),
            aliases: table.all_aliases().to_vec(),
            listings: table.listings().iter().filter(|row| row.origin != Origin::User).copied().collect(),
        }
    }

    pub(super) fn add_categories(&mut self, text: &'t str) -> Result<(), RowError> {
        let columns = |header: &[&str]| {
            Ok([
                rows::column(header, "id")?,
                rows::column(header, "family")?,
                rows::column(header, "description")?,
            ])
        };
        rows::read_records(text, columns, |columns, fields| {
            let [id, family, description] = columns.map(|place| fields[place].into());
            self.push_category(Category { id, family, description })
        })
    }

    fn push_category(&mut self, category: Category) -> Result<(), RowProblem> {
        u8::try_from(self.categories.len()).map_err(|_| RowProblem::TooMany)?;
        self.categories.push(category);
        Ok(())
    }

    /// Adds a category of the user's, unless there is one of that name.
    pub(super) fn add_custom_category(&mut self, name: &str) -> Result<(), RowProblem> {
        if self.category(name).is_ok() {
            return Ok(());
        }
        let (family, description) = ("custom".into(), "Named by the user's rules".into());
        self.push_category(Category { id: name.into(), family, description })
    }

    pub(super) fn add_rows(&mut self, text: &'t str, defaults: &Defaults) -> Result<(), RowError> {
        rows::read_rows(text, defaults, |row| {
            self.listings_of(row)?.try_for_each(|listing| self.add_listing(listing))
        })
    }

    /// The listings of a row, with names as ids: one for each transport. None is added.
    pub(super) fn listings_of(
        &mut self,
        row: &Row<'t>,
    ) -> Result<impl Iterator<Item = Listing> + use<>, RowProblem> {
        let service = self.service(row.service)?;
        let category = self.category(row.category)?;
        let &Row { first, last, transports, rank, origin, .. } = row;
        let named = Transport::ALL.into_iter().filter(move |transport| transports[*transport as usize]);
        Ok(named.map(move |transport| Listing { transport, first, last, service, category, rank, origin }))
    }

    pub(super) fn add_listing(&mut self, listing: Listing) -> Result<(), RowProblem> {
        if self.listings.len() > usize::from(u16::MAX) {
            return Err(RowProblem::TooMany);
        }
        self.listings.push(listing);
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
        // Mostly that of the row before.
        let latest = self.listings.last().map(|listing| listing.category);
        if let Some(id) = latest.filter(|id| self.category_name(*id) == name) {
            return Ok(id);
        }
        let place = self.categories.iter().position(|category| &*category.id == name);
        let id = place.and_then(|place| u8::try_from(place).ok());
        id.map(CategoryId).ok_or_else(|| RowProblem::Category(name.to_owned()))
    }

    pub(super) fn category_name(&self, id: CategoryId) -> &str {
        &self.categories[usize::from(id.0)].id
    }

    pub(super) fn add_aliases(&mut self, text: &'t str) -> Result<(), RowError> {
        let columns =
            |header: &[&str]| Ok([rows::column(header, "service")?, rows::column(header, "alias")?]);
        rows::read_records(text, columns, |columns, fields| {
            let [service, alias] = columns.map(|place| fields[place]);
            let id = self.services.get(service).ok_or_else(|| RowProblem::Service(service.to_owned()))?;
            self.aliases.push((*id, alias.into()));
            Ok(())
        })
    }

    /// Adds what people say for a service, after what was known.
    pub(super) fn add_alias(&mut self, service: &'t str, alias: &str) -> Result<(), RowProblem> {
        let alias = (self.service(service)?, alias.into());
        self.aliases.push(alias);
        Ok(())
    }

    pub(super) fn finish(mut self) -> PortTable {
        self.listings.sort_by_key(|listing| (listing.rank, listing.origin));
        self.aliases.sort_by_key(|(id, _)| *id);
        let mut services = vec![""; self.services.len()];
        for (name, id) in self.services {
            services[usize::from(id.0)] = name;
        }
        let services = services.into_iter().collect();
        let mut entries = vec![Entry::default(); PLACES];
        let mut shelves = vec![Vec::new(); PLACES / SHELF];
        for (number, row) in (0..=u16::MAX).zip(&self.listings) {
            let (first, last) = (place(row.transport, row.first), place(row.transport, row.last));
            entries[first..=last].iter_mut().for_each(|entry| entry.take(row));
            shelves[first / SHELF..=last / SHELF].iter_mut().for_each(|shelf| shelf.push(number));
        }
        PortTable::of(self.categories, services, self.aliases, self.listings, entries, shelves)
    }
}
