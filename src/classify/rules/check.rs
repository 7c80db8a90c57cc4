//! What rules change in a table, for the user to see before they decide anything.

use std::collections::BTreeSet;

use super::claims::{Claim, claims, stretches};
use super::{Rules, RulesError};
use crate::classify::builder::Builder;
use crate::classify::listing::{CategoryId, Entry, Rank};
use crate::classify::table::PortTable;
use crate::net::Transport;

/// What one rule is in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRule {
    /// The category, given or usual.
    pub category: String,
    /// Whether the table did not have that category.
    pub is_new_category: bool,
    /// What its ports were in the table, in the order of its ranges; nothing for an alternate, which changes nothing.
    pub before: Vec<Before>,
    /// The lines of the rules that win wherever this one holds; empty if it wins somewhere, and for an alternate.
    pub covered_by: BTreeSet<u64>,
}

/// Neighbouring ports that had one name in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// The transport.
    pub transport: Transport,
    /// The first port.
    pub first: u16,
    /// The last port.
    pub last: u16,
    /// What the table says of them.
    pub entry: Entry,
}

impl Rules {
    /// What each rule is in `table`, as the file lists them.
    ///
    /// A rule counts as covered by those that hold on the same hosts, or as it does on all.
    ///
    /// # Errors
    /// Those of [`PortTable::with_rules`].
    pub fn check(&self, table: &PortTable) -> Result<Vec<CheckedRule>, RulesError> {
        let mut builder = Builder::of(table);
        let claims = claims(self, table, &mut builder)?;
        let mut checked: Vec<Option<CheckedRule>> = vec![None; self.list.len()];
        for claim in &claims {
            let id = claim.listing.category;
            let rule = checked[claim.rule].get_or_insert_with(|| CheckedRule {
                category: builder.category_name(id).to_owned(),
                is_new_category: is_new(id, table),
                before: Vec::new(),
                covered_by: BTreeSet::new(),
            });
            // Every host of a rule has the same ports.
            let is_first = claim.network == self.list[claim.rule].hosts.first().copied();
            if claim.listing.rank == Rank::Rule && is_first {
                // The file may name a port twice.
                let known: Vec<Before> = std::mem::take(&mut rule.before);
                let new = before(claim, table).into_iter().filter(|run| !known.contains(run));
                rule.before = known.iter().copied().chain(new).collect();
            }
        }
        let mut checked: Vec<CheckedRule> = checked.into_iter().flatten().collect();
        self.cover(&claims, &mut checked);
        Ok(checked)
    }

    fn cover(&self, claims: &[Claim], checked: &mut [CheckedRule]) {
        let stretches = stretches(claims);
        let mut wins = vec![false; checked.len()];
        stretches.values().flatten().for_each(|stretch| wins[claims[stretch.claim].rule] = true);
        for claim in claims.iter().filter(|claim| !wins[claim.rule] && claim.listing.rank == Rank::Rule) {
            let here = &stretches[&(claim.listing.transport, claim.network)];
            let from = here.partition_point(|stretch| stretch.last < claim.listing.first);
            let inside = here[from..].iter().take_while(|stretch| stretch.first <= claim.listing.last);
            let lines = inside.map(|stretch| self.list[claims[stretch.claim].rule].line);
            checked[claim.rule].covered_by.extend(lines);
        }
    }
}

fn is_new(id: CategoryId, table: &PortTable) -> bool {
    usize::from(id.0) >= table.categories().len()
}

/// What the ports of a claim were, neighbours with the same name and category as one.
fn before(claim: &Claim, table: &PortTable) -> Vec<Before> {
    let mut runs: Vec<Before> = Vec::new();
    let transport = claim.listing.transport;
    for port in claim.listing.first..=claim.listing.last {
        let entry = table.entry(transport, port);
        let answer = |entry: &Entry| (entry.service, entry.category);
        match runs.last_mut().filter(|run| answer(&run.entry) == answer(&entry)) {
            Some(run) => run.last = port,
            None => runs.push(Before { transport, first: port, last: port, entry }),
        }
    }
    runs
}
