//! The report for people, in a terminal or a pipe.
//!
//! `page` knows lines, `table` knows columns; every other file is one part of the report.

mod capture;
mod certainty;
mod lists;
mod lookup;
pub(super) mod loss;
mod over_time;
mod page;
mod rules;
mod table;
mod talkers;
mod unclassified;

use std::io::{self, Write};

use super::{Lookup, ReportOptions, RulesReport, words};
use crate::summary::Summary;
pub(super) use page::{Page, Tone};
pub(super) use table::{Cell, Column, Table};

/// Writes the report: losses first, then what the traffic is, then the details.
pub(super) fn write(summary: &Summary, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, options);
    loss::write(summary, &mut page)?;
    page.paragraph(0, Tone::Strong, &words::headline(summary))?;
    capture::write(summary, options.top, &mut page)?;
    lists::categories(summary, &mut page)?;
    lists::services(summary, options.top, &mut page)?;
    talkers::write(summary, options.talkers, &mut page)?;
    lists::port_classes(summary, &mut page)?;
    lists::port_pairs(summary, options.top, &mut page)?;
    capture::distributions(summary, &mut page)?;
    over_time::write(summary, &mut page)?;
    certainty::write(summary, &mut page)?;
    unclassified::write(summary, options.top, &mut page)
}

/// Writes what the port table knows.
pub(super) fn write_lookup(
    lookup: &Lookup<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    lookup::write(lookup, &mut Page::new(out, options))
}

/// Writes what rules change.
pub(super) fn write_rules(
    report: &RulesReport<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    rules::write(report, &mut Page::new(out, options))
}
