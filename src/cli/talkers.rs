//! The options for hosts and conversations.

use std::collections::BTreeSet;

use clap::Args;
use portolan::classify::PortTable;

/// Whose talkers are listed, and how many.
#[derive(Debug, Args)]
pub(super) struct TalkersOptions {
    /// Add the hosts and conversations with the most bytes to the summary: so many of each, 0 for all
    #[arg(long, value_name = "N")]
    talkers: Option<usize>,

    /// Add those within a service or category as well, such as https or database; may be given several times
    #[arg(long, value_name = "NAME", requires = "talkers")]
    talkers_of: Vec<String>,
}

impl TalkersOptions {
    /// Rows of each list; 0 for all.
    pub(super) fn rows(&self) -> usize {
        self.talkers.unwrap_or_default()
    }

    /// Whose talkers are asked for: those of all flows are `None`.
    ///
    /// # Errors
    /// If nothing can be of that name.
    pub(super) fn within(&self, table: &PortTable) -> Result<Vec<Option<String>>, String> {
        let found: Result<BTreeSet<String>, String> =
            self.talkers_of.iter().map(|name| own_name(name, table)).collect();
        Ok(self.talkers.map(|_| None).into_iter().chain(found?.into_iter().map(Some)).collect())
    }
}

/// What the table itself calls a service or category, so that one that has several names has one list.
fn own_name(name: &str, table: &PortTable) -> Result<String, String> {
    let is_category = table.categories().iter().any(|category| category.id.eq_ignore_ascii_case(name));
    match &*table.services_named(name) {
        [] if !is_category => Err(format!("no service and no category is called {name}")),
        [service] if !is_category => Ok(table.service_name(*service).to_owned()),
        // All that are called so.
        _ => Ok(name.to_ascii_lowercase()),
    }
}
