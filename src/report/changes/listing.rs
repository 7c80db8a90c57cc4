//! Changes for people: the same lists in a terminal, as Markdown and on the page.

use std::io::{self, Write};

use super::{Change, ChangeOptions, Changes, Fate, Measure, Per, everything};
use crate::report::text::{Cell, Column, Page, Table, Tone};
use crate::report::units::{bit_rate, percent, thousands};
use crate::report::view::{self, Share};
use crate::report::{ReportOptions, markdown, words};
use crate::summary::{Counts, Summary};

/// A list with a title; the last three columns are before, after and change.
pub(super) struct List {
    pub(super) title: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) rows: Vec<Row>,
    /// Rows that are left out.
    pub(super) more: usize,
}

/// A row: what it is of, and before and after as they are shown.
pub(super) struct Row {
    pub(super) names: Vec<String>,
    pub(super) shown: [String; 2],
    pub(super) change: Change<()>,
}

impl List {
    /// That rows are left out, if so.
    pub(super) fn rest(&self) -> Option<String> {
        (self.more > 0).then(|| format!("… {} more", thousands(self.more as u128)))
    }

    /// All of it as texts.
    fn lines(self) -> Vec<Vec<String>> {
        let rest = self.rest().map(|rest| vec![rest]);
        let cells =
            |row: Row| row.names.into_iter().chain(row.shown).chain([row.change.describe()]).collect();
        self.rows.into_iter().map(cells).chain(rest).collect()
    }
}

pub(super) fn write_text(
    changes: &Changes<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(out, options);
    page.paragraph(0, Tone::Strong, &changes.headline())?;
    for list in lists(changes, options.top) {
        page.title(list.title)?;
        let columns = list.columns.iter().enumerate().map(|(place, title)| match place {
            0 => Column::names(title, 9),
            _ if place + 3 < list.columns.len() => Column::left(title),
            _ => Column::right(title),
        });
        let mut table = Table::new(columns.collect());
        for row in list.lines() {
            table.row(row.into_iter().map(Cell::from).collect());
        }
        table.write(&mut page)?;
    }
    Ok(())
}

pub(super) fn write_markdown(changes: &Changes<'_>, top: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# What changed\n\n{}", markdown::escape(&changes.headline()))?;
    for list in lists(changes, top) {
        markdown::write_table(out, list.title, list.columns, 3, &list.lines())?;
    }
    Ok(())
}

/// What the rows of a list add up to.
type Whole = fn(&Summary) -> Counts;

/// The lists that have anything.
pub(super) fn lists(changes: &Changes<'_>, top: usize) -> Vec<List> {
    let mut lists = vec![
        list(
            changes,
            "Categories",
            &["Category", "Before", "After", "Change"],
            (&changes.categories, top, Summary::classified),
            |(name, _)| vec![(*name).to_owned()],
        ),
        list(
            changes,
            "Services",
            &["Service", "Port", "Before", "After", "Change"],
            (&changes.services, top, Summary::classified),
            |key| vec![words::service(key), words::port(key)],
        ),
        list(
            changes,
            "Port classes",
            &["Service port", "Peer's port", "Before", "After", "Change"],
            (&changes.port_classes, top, Summary::classified),
            |(service, peer)| vec![service.name().to_owned(), peer.name().to_owned()],
        ),
        list(
            changes,
            "Without ports",
            &["What", "Before", "After", "Change"],
            (&changes.unclassified, top, everything),
            |(name, protocol)| vec![protocol.map_or_else(|| (*name).to_owned(), words::protocol)],
        ),
    ];
    lists.retain(|list| !list.rows.is_empty());
    lists
}

/// The rows that changed, `top` of them. `whole` is what they add up to.
fn list<K: Copy>(
    changes: &Changes<'_>,
    title: &'static str,
    columns: &'static [&'static str],
    (all, top, whole): (&[Change<K>], usize, Whole),
    names: impl Fn(&K) -> Vec<String>,
) -> List {
    let differing: Vec<&Change<K>> = all.iter().filter(|change| change.fate != Fate::Same).collect();
    let kept = if top == 0 { differing.len() } else { top.min(differing.len()) };
    let row = |change: &&Change<K>| Row {
        names: names(&change.key),
        shown: [
            shown_as(changes.options, changes.before, change.before, whole),
            shown_as(changes.options, changes.after, change.after, whole),
        ],
        change: change.unnamed(),
    };
    List { title, columns, rows: differing[..kept].iter().map(row).collect(), more: differing.len() - kept }
}

/// What a row has of a summary, in what is compared.
fn shown_as(options: ChangeOptions, summary: &Summary, counts: Counts, whole: Whole) -> String {
    let measure = options.measure;
    let part = measure.of(counts);
    match options.per {
        _ if part == 0 => "-".to_owned(),
        Per::Total => measure.show(part),
        Per::Share => percent(Share { part, whole: measure.of(whole(summary)) }),
        Per::Second => {
            let rate = view::per_second(part, view::duration_ns(summary)).unwrap_or_default();
            if measure == Measure::Bytes { bit_rate(rate) } else { format!("{}/s", thousands(rate)) }
        }
    }
}
