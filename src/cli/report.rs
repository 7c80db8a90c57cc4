//! `portolan report`: a summary that was kept, shown.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueHint};
use portolan::report;

use super::output::Output;
use super::page::{self, SummaryFormat};
use super::{Exit, documents};

/// Show a summary that was written as JSON
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A summary as JSON, or - for standard input
    #[arg(value_name = "SUMMARY", value_hint = ValueHint::FilePath)]
    summary: PathBuf,

    /// Rows in each list; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,

    /// How it is written
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    format: SummaryFormat,

    /// Write to a file, which is there whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

/// Runs `portolan report`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let summary = documents::read(&arguments.summary)?;
    let mut output = Output::create(arguments.output.as_deref())?;
    report::write(arguments.format.into(), &summary, &page::options(arguments.top, &output), &mut output)
        .context("cannot write the result")?;
    output.finish()?;
    Ok(Exit::Done)
}
