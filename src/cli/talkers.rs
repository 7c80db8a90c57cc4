//! The options for hosts and conversations.

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
        let mut names = self.talkers_of.clone();
        names.sort();
        names.dedup();
        if let Some(name) = names.iter().find(|name| !is_known(name, table)) {
            return Err(format!("no service and no category is called {name}"));
        }
        Ok(self.talkers.map(|_| None).into_iter().chain(names.into_iter().map(Some)).collect())
    }
}

fn is_known(name: &str, table: &PortTable) -> bool {
    let is_category = || table.categories().iter().any(|category| category.id.eq_ignore_ascii_case(name));
    !table.services_named(name).is_empty() || is_category()
}
