//! Changes for people: the same lists in a terminal, as Markdown and as a page.

use std::io::{self, Write};

use maud::html;

use super::{Change, ChangeOptions, Changes, Fate, Measure, Per, everything};
use crate::report::text::{Cell, Column, Page, Table, Tone};
use crate::report::units::{bit_rate, percent, thousands};
use crate::report::view::{self, Share};
use crate::report::{ReportOptions, html, markdown, words};
use crate::summary::{Counts, Summary};

/// A list with a title; the last three columns are before, after and change.
struct List {
    title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
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
        for row in list.rows {
            table.row(row.into_iter().map(Cell::from).collect());
        }
        table.write(&mut page)?;
    }
    Ok(())
}

pub(super) fn write_markdown(changes: &Changes<'_>, top: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# What changed\n\n{}", markdown::escape(&changes.headline()))?;
    for list in lists(changes, top) {
        markdown::write_table(out, list.title, list.columns, 3, &list.rows)?;
    }
    Ok(())
}

pub(super) fn write_html(changes: &Changes<'_>, top: usize, out: &mut dyn Write) -> io::Result<()> {
    let content = html! {
        @for list in lists(changes, top) {
            section {
                h2 { (list.title) }
                (html::simple_table(list.title, list.columns, 3, &list.rows))
            }
        }
    };
    html::write_page("What changed", &changes.headline(), &content, out)
}

/// The lists that have anything.
fn lists(changes: &Changes<'_>, top: usize) -> Vec<List> {
    let mut lists = vec![
        List {
            title: "Categories",
            columns: &["Category", "Before", "After", "Change"],
            rows: rows(changes, &changes.categories, top, Summary::classified, |(name, _)| {
                vec![(*name).to_owned()]
            }),
        },
        List {
            title: "Services",
            columns: &["Service", "Port", "Before", "After", "Change"],
            rows: rows(changes, &changes.services, top, Summary::classified, |key| {
                vec![words::service(key), words::port(key)]
            }),
        },
        List {
            title: "Port classes",
            columns: &["Service port", "Peer\'s port", "Before", "After", "Change"],
            rows: rows(changes, &changes.port_classes, top, Summary::classified, |(service, peer)| {
                vec![service.name().to_owned(), peer.name().to_owned()]
            }),
        },
        List {
            title: "Without ports",
            columns: &["What", "Before", "After", "Change"],
            rows: rows(changes, &changes.unclassified, top, everything, |(name, protocol)| {
                vec![protocol.map_or_else(|| (*name).to_owned(), words::protocol)]
            }),
        },
    ];
    lists.retain(|list| !list.rows.is_empty());
    lists
}

/// The rows that changed, `top` of them, and how many more there are. `whole` is what they add up to.
fn rows<K>(
    changes: &Changes<'_>,
    all: &[Change<K>],
    top: usize,
    whole: fn(&Summary) -> Counts,
    names: impl Fn(&K) -> Vec<String>,
) -> Vec<Vec<String>> {
    let differing: Vec<&Change<K>> = all.iter().filter(|change| change.fate != Fate::Same).collect();
    let shown = if top == 0 { differing.len() } else { top.min(differing.len()) };
    let mut rows: Vec<Vec<String>> = differing[..shown]
        .iter()
        .map(|change| {
            let before = shown_as(changes.options, changes.before, change.before, whole);
            let after = shown_as(changes.options, changes.after, change.after, whole);
            names(&change.key).into_iter().chain([before, after, change.describe()]).collect()
        })
        .collect();
    if shown < differing.len() {
        rows.push(vec![format!("… {} more", thousands((differing.len() - shown) as u128))]);
    }
    rows
}

/// What a row has of a summary, in what is compared.
fn shown_as(
    options: ChangeOptions,
    summary: &Summary,
    counts: Counts,
    whole: fn(&Summary) -> Counts,
) -> String {
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
