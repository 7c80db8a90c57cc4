//! How results look: for people or for programs, how wide, in colours or not.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use anyhow::Context as _;
use clap::ValueEnum;
use portolan::report::{self, AnswerFormat, ReportOptions};

use super::output::Output;

/// The formats of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SummaryFormat {
    /// For people, in a terminal
    Text,
    /// For programs: everything, as portolan.summary/1
    Json,
    /// For spreadsheets: one table of volumes
    Csv,
    /// For tickets and wikis
    Markdown,
    /// For browsers: one page that loads nothing
    Html,
    /// For Prometheus: gauges, as the node exporter's textfile collector takes them
    Prometheus,
}

impl SummaryFormat {
    /// The intervals in ns of a series that nobody asked for: a page shows what is sent over time.
    pub(super) const fn usual_interval(self) -> Option<u64> {
        match self {
            Self::Html => Some(100_000_000),
            Self::Text | Self::Json | Self::Csv | Self::Markdown | Self::Prometheus => None,
        }
    }
}

impl From<SummaryFormat> for report::Format {
    fn from(format: SummaryFormat) -> Self {
        match format {
            SummaryFormat::Text => Self::Text,
            SummaryFormat::Json => Self::Json,
            SummaryFormat::Csv => Self::Csv,
            SummaryFormat::Markdown => Self::Markdown,
            SummaryFormat::Html => Self::Html,
            SummaryFormat::Prometheus => Self::Prometheus,
        }
    }
}

/// Whether to show the result in a browser, which takes a page in a file.
pub(super) fn check_open(open: bool, format: SummaryFormat) -> Result<(), String> {
    if open && format != SummaryFormat::Html {
        return Err("--open shows a page; it needs --format html".to_owned());
    }
    Ok(())
}

/// Shows a file in the user's browser.
pub(super) fn show(path: &Path) -> anyhow::Result<()> {
    open::that(path).with_context(|| format!("{} is written, and no browser opens it", path.display()))
}

/// The formats of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PageFormat {
    /// For people, in a terminal
    Text,
    /// For programs
    Json,
}

impl From<PageFormat> for AnswerFormat {
    fn from(format: PageFormat) -> Self {
        match format {
            PageFormat::Text => Self::Text,
            PageFormat::Json => Self::Json,
        }
    }
}

/// How wide and how colourful a report is: as the terminal is, or as the environment says. `top` rows in each list, but all
/// talkers: they were asked for when the summary was made.
pub(super) fn options(top: usize, output: &Output) -> ReportOptions {
    let is_terminal = output.is_stdout() && io::stdout().is_terminal();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let of_environment = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = if is_terminal { of_terminal() } else { of_environment() };
    ReportOptions {
        top,
        talkers: 0,
        width: width.unwrap_or(ReportOptions::default().width),
        colour: is_terminal && !no_colour,
    }
}
