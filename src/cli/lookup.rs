//! `portolan lookup`: what the port table knows.

use anyhow::Context as _;
use clap::Args;
use portolan::report::{self, Lookup, Query};

use super::Exit;
use super::output::Output;
use super::page::{self, PageFormat};
use super::rules::RulesOptions;

/// Say what the port table knows of a port, a service or a category
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A port as 8080 or 5432/tcp, or the name of a service
    #[arg(required_unless_present = "category", value_name = "PORT|NAME", value_parser = str::parse::<Query>)]
    query: Option<Query>,

    /// List the services of a category
    #[arg(long, value_name = "NAME", conflicts_with = "query")]
    category: Option<String>,

    #[command(flatten)]
    rules: RulesOptions,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t = PageFormat::Text)]
    format: PageFormat,
}

/// Runs `portolan lookup`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let table = arguments.rules.table()?;
    let category = arguments.category.clone().map(Query::Category);
    let query = arguments.query.clone().or(category).context("nothing was asked for")?;
    let lookup = Lookup::new(&table, query)?;
    let mut output = Output::create(None)?;
    report::write_lookup(arguments.format.into(), &lookup, &page::options(0, &output), &mut output)
        .context("cannot write the answer")?;
    output.finish()?;
    Ok(Exit::Done)
}
