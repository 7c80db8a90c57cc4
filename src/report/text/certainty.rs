//! How much of the picture is certain.

use std::io;

use super::page::Page;
use super::table::{Cell, Column, Table};
use crate::classify::Confidence;
use crate::report::text::Tone;
use crate::report::units::{bytes, percent, thousands};
use crate::report::view::{self, Share};
use crate::report::words;
use crate::summary::{Counts, Summary};

/// Writes flows by confidence and by basis; nothing without flows.
pub(super) fn write(summary: &Summary, page: &mut Page<'_>) -> io::Result<()> {
    let whole = summary.classified();
    if whole.flows == 0 {
        return Ok(());
    }
    page.title("How certain")?;
    let mut bands = Table::new(columns("Confidence"));
    for band in Confidence::ALL {
        let name = format!("{} {band}", words::mark(band));
        bands.row(cells(&name, summary.certainty.band(band), whole, words::confidence_range(band)));
    }
    bands.write(page)?;
    page.end_line()?;
    let mut bases = Table::new(columns("Decided by"));
    for (basis, counts) in view::bases(summary) {
        bases.row(cells(basis.name(), counts, whole, words::basis(basis)));
    }
    bases.write(page)?;
    if let Some(overflow) = words::learned_overflow(summary) {
        page.paragraph(2, Tone::Alarm, &overflow)?;
    }
    Ok(())
}

fn columns(first: &'static str) -> Vec<Column> {
    vec![
        Column::names(first, 10),
        Column::right("Flows"),
        Column::right("Bytes"),
        Column::right("Share"),
        Column::names("", 20).rank(1),
    ]
}

fn cells(name: &str, counts: Counts, whole: Counts, meaning: &str) -> Vec<Cell> {
    vec![
        Cell::new(Tone::Strong, name),
        thousands(counts.flows).into(),
        bytes(counts.volume.bytes).into(),
        percent(Share { part: counts.volume.bytes, whole: whole.volume.bytes }).into(),
        Cell::new(Tone::Soft, meaning),
    ]
}
