//! What a file of rules changes in the port table.

use crate::classify::{CheckedRule, PortTable, Rule, Rules, RulesError};

/// Rules that are fit to be used, and what they change.
#[derive(Clone, Debug)]
pub struct RulesReport<'r> {
    pub(super) rules: &'r Rules,
    /// The table without the rules.
    pub(super) table: &'r PortTable,
    checked: Vec<CheckedRule>,
}

impl<'r> RulesReport<'r> {
    /// Checks rules against a table that does not have them yet.
    ///
    /// # Errors
    /// If the table could not take them.
    pub fn new(rules: &'r Rules, table: &'r PortTable) -> Result<Self, RulesError> {
        let checked = rules.check(table)?;
        table.clone().with_rules(rules)?;
        Ok(Self { rules, table, checked })
    }

    /// Each rule with what it is in the table.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Rule, &CheckedRule)> {
        self.rules.rules().iter().zip(&self.checked)
    }
}
