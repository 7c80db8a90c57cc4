//! Reports: a [`Summary`] as text, JSON, CSV, Markdown, HTML or gauges, flow records, and answers of the port table.
//!
//! One file a format. What the formats share, ranks, rests, shares and rates, is worked out in one place, so that
//! every report says the same. Reports are functions of the summary and the options alone.

mod changes;
mod community_id;
mod csv;
mod explanation;
mod flows;
mod html;
mod interval;
mod json;
mod lookup;
mod markdown;
mod prometheus;
mod rule_proposal;
mod rules;
mod schema;
mod talkers;
mod text;
mod units;
mod view;
mod words;

pub use changes::{ChangeOptions, Changes, ChangesFormat, Fate, Incomparable, Measure, Per, write_changes};
pub use community_id::community_id;
pub use explanation::{ExplainTarget, ExplainedFlows, TargetError, Told};
pub use flows::{FlowFormat, FlowRecords, IpfixCarrier, IpfixExporter};
pub use interval::{IntervalFormat, write_interval, write_interval_header};
pub use json::{DocumentError, read_summary};
pub use lookup::{Lookup, Nowhere, Query};
pub use rules::RulesReport;
pub use schema::DocumentKind;
pub use units::{clock, printable, share, significant, thousands};

use std::io::{self, Write};

use crate::summary::Summary;

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, in a terminal.
    Text,
    /// For programs: everything that is known, as the schema `portolan.summary/1`.
    Json,
    /// For spreadsheets: one table of volumes.
    Csv,
    /// For tickets and wikis: tables as GitHub renders them.
    Markdown,
    /// For browsers: one page that loads nothing.
    Html,
    /// For the textfile collector of Prometheus' node exporter: gauges, of as many services as a list has rows.
    Prometheus,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] =
        [Self::Text, Self::Json, Self::Csv, Self::Markdown, Self::Html, Self::Prometheus];

    /// `text`, `json`, `csv`, `markdown`, `html` or `prometheus`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Prometheus => "prometheus",
        }
    }
}

/// How a report is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// How many rows a list has before the rest is one row; 0 for all. JSON and CSV cut the port pairs alone, for
    /// services and categories are bounded by the port table.
    pub top: usize,
    /// The same for hosts and conversations.
    pub talkers: usize,
    /// Columns of the terminal; text only. Fewer than 60 are taken for 60.
    pub width: usize,
    /// Whether to colour with ANSI escapes; text only.
    pub colour: bool,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self { top: 15, talkers: 15, width: 80, colour: false }
    }
}

/// Writes `summary` as `format`, in many small pieces: `out` should be buffered.
///
/// # Errors
///
/// Those of `out`.
pub fn write(
    format: Format,
    summary: &Summary,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(summary, options, out),
        Format::Json => json::write(summary, options, out),
        Format::Csv => csv::write(summary, options, out),
        Format::Markdown => markdown::write(summary, options, out),
        Format::Html => html::write(summary, options, out),
        Format::Prometheus => prometheus::write(summary, options, out),
    }
}

/// What an answer of the port table is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerFormat {
    /// For people, in a terminal.
    Text,
    /// For programs: as the schema `portolan.lookup/1` or `portolan.rules/1`.
    Json,
}

/// Writes what the port table knows. `out` should be buffered.
///
/// # Errors
///
/// Those of `out`.
pub fn write_lookup(
    format: AnswerFormat,
    lookup: &Lookup<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        AnswerFormat::Text => text::write_lookup(lookup, options, out),
        AnswerFormat::Json => json::write_lookup(lookup, out),
    }
}

/// Writes what rules change. `out` should be buffered.
///
/// # Errors
///
/// Those of `out`.
pub fn write_rules(
    format: AnswerFormat,
    report: &RulesReport<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        AnswerFormat::Text => text::write_rules(report, options, out),
        AnswerFormat::Json => json::write_rules(report, out),
    }
}

/// Writes why a flow is decided so; as JSON, `portolan.explain/1`.
///
/// # Errors
///
/// Those of `out`.
pub fn write_explanation(
    format: AnswerFormat,
    told: &Told<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    explanation::write(format, told, options, out)
}
