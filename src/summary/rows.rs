//! Rows of services by ids, while they are counted.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::services::{ServiceKey, ServiceTotals};
use crate::classify::{CategoryId, Decision, PortTable, ServiceId};
use crate::flow::FlowRecord;
use crate::net::Transport;

/// What a row of services stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    service: ServiceId,
    category: CategoryId,
    transport: Transport,
    port: Option<u16>,
}

impl Hash for Row {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.in_one_word());
    }
}

impl Row {
    /// The row that a flow is counted in.
    pub(super) fn of(record: &FlowRecord, decision: &Decision) -> Self {
        Self {
            service: decision.service,
            category: decision.category,
            transport: record.transport,
            port: decision.summary_port(),
        }
    }

    pub(super) fn key(self, table: &PortTable) -> ServiceKey {
        let category = table.category(self.category);
        ServiceKey {
            service: table.service_name(self.service).to_owned(),
            alias: table.alias(self.service).map(str::to_owned),
            category: category.id.to_string(),
            family: category.family.to_string(),
            transport: self.transport,
            port: self.port,
        }
    }

    fn in_one_word(self) -> u64 {
        let port = self.port.map_or(0, |port| 1 << 16 | u64::from(port));
        let name = u64::from(self.service.0) << 16 | u64::from(self.category.0);
        name << 20 | port << 2 | self.transport as u64
    }
}

/// Places for rows that are probably asked for again.
const RECENT: usize = 256;

/// The totals of all rows.
#[derive(Debug)]
pub(super) struct Rows {
    totals: Vec<(Row, ServiceTotals)>,
    places: HashMap<Row, usize, foldhash::fast::RandomState>,
    /// Where the last row is of a transport and port, by some of their bits: mostly the one of the next flow.
    recent: [usize; RECENT],
}

impl Default for Rows {
    fn default() -> Self {
        Self { totals: Vec::new(), places: HashMap::default(), recent: [0; RECENT] }
    }
}

impl Rows {
    /// The totals of a row, which is made if it is not there.
    #[inline]
    pub(super) fn totals(&mut self, row: Row) -> &mut ServiceTotals {
        let number = usize::from(row.port.unwrap_or_default()) + (row.transport as usize) * RECENT / 4;
        let recent = number % RECENT;
        let mut place = self.recent[recent];
        if self.totals.get(place).is_none_or(|(known, _)| *known != row) {
            place = self.place(row);
            self.recent[recent] = place;
        }
        &mut self.totals[place].1
    }

    #[inline(never)]
    fn place(&mut self, row: Row) -> usize {
        *self.places.entry(row).or_insert_with(|| {
            self.totals.push((row, ServiceTotals::default()));
            self.totals.len() - 1
        })
    }
}

impl IntoIterator for Rows {
    type Item = (Row, ServiceTotals);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.totals.into_iter()
    }
}
