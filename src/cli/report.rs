//! `portolan report`: a summary that was kept, shown.

use std::path::PathBuf;

use super::output::check_inputs;
use super::page::{self, SummaryFormat};
use super::{Exit, documents};
use clap::{Args, ValueHint};

/// Show a summary that was written as JSON
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A summary as JSON, or - for standard input
    #[arg(value_name = "SUMMARY", value_hint = ValueHint::FilePath)]
    summary: PathBuf,

    /// Rows in each list, but for talkers, which are shown as they are; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,

    /// How it is written
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    format: SummaryFormat,

    /// Write to a file, which is there whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Show the page in the browser, once it is written
    #[arg(long, requires = "output")]
    open: bool,
}

/// Runs `portolan report`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    super::usage(page::check_open(arguments.open, arguments.format));
    super::usage(check_inputs(arguments.output.as_deref(), [&arguments.summary]));
    let summary = documents::read(&arguments.summary)?;
    documents::write(&summary, arguments.format, arguments.top, arguments.output.as_deref())?;
    if let Some(path) = arguments.output.as_deref().filter(|_| arguments.open) {
        page::show(path)?;
    }
    Ok(Exit::Done)
}
