//! `portolan merge`: summaries of parts to one of the whole.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use portolan::merge::Merge as _;
use portolan::summary::Summary;

use super::documents::Addresses;
use super::output::check_inputs;
use super::page::SummaryFormat;
use super::{Exit, documents};

/// Add up summaries of several captures or sensors
///
/// Takes what --format json wrote, with --top 0 if port pairs and unknown endpoints are to stay apart: those that a summary did
/// not list are one sum. A flow that several summaries saw counts once in each.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Summaries as JSON, or - for standard input
    #[arg(required = true, value_name = "SUMMARY", value_hint = ValueHint::FilePath)]
    summaries: Vec<PathBuf>,

    /// Rows in each list, but for talkers, which are shown as they are; 0 for all
    #[arg(long, value_name = "N", default_value_t = 0)]
    top: usize,

    /// How the sum is written
    #[arg(long, value_enum, default_value_t = SummaryFormat::Json)]
    format: SummaryFormat,

    /// Write to a file, which is there whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

/// Runs `portolan merge`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    super::usage(check_inputs(arguments.output.as_deref(), &arguments.summaries));
    let mut whole = Summary::default();
    let (mut parts, mut addresses) = (BTreeSet::new(), Addresses::default());
    for path in &arguments.summaries {
        let summary = documents::read(path)?;
        addresses.add(path, &summary)?;
        parts.extend(optional_parts(&summary));
        whole.merge(summary);
    }
    let kept = optional_parts(&whole);
    let left_out: Vec<String> = parts.into_iter().filter(|part| !kept.contains(part)).collect();
    if !left_out.is_empty() {
        super::say(&format!("left out, for not all summaries have it: {}", left_out.join(", ")));
    }
    documents::write(&whole, arguments.format, arguments.top, arguments.output.as_deref())?;
    Ok(Exit::Done)
}

/// What a summary has that it need not have.
fn optional_parts(summary: &Summary) -> BTreeSet<String> {
    let intervals = summary.series.iter().map(|_| "intervals".to_owned());
    let talkers = summary.talkers.keys().map(|within| match within {
        Some(name) => format!("talkers of {name}"),
        None => "talkers".to_owned(),
    });
    intervals.chain(talkers).collect()
}
