//! What has no service, and why.

use std::io;

use super::page::{Page, Tone, cut};
use super::table::{Cell, Column, Table};
use crate::report::units::{bytes, counted, percent, thousands};
use crate::report::view::{self, Share};
use crate::report::{rule_proposal, words};
use crate::summary::{Counts, Summary, Volume};

/// Writes the flows of unknown service and the packets without ports; nothing if there are none.
pub(super) fn write(summary: &Summary, top: usize, page: &mut Page<'_>) -> io::Result<()> {
    let unknown = view::unknown_services(summary);
    let without_ports = summary.unclassified.total();
    if unknown.counts == Counts::default() && without_ports.packets == 0 {
        return Ok(());
    }
    page.title("Not classified")?;
    let whole = view::everything(summary).bytes;
    if unknown.counts != Counts::default() {
        sum(
            page,
            &format!("Service unknown: {}", counted(unknown.counts.flows, "flow")),
            unknown.counts.volume,
            whole,
        )?;
        let mut table =
            Table::new(vec![Column::names("", 8), Column::right("Flows"), Column::names("Why", 20)]);
        for (basis, flows) in view::flows_by_basis(&unknown) {
            let why = Cell::new(Tone::Soft, words::why_unknown(basis));
            table.row(vec![basis.name().into(), thousands(flows).into(), why]);
        }
        table.write(page)?;
        rules(summary, top, page)?;
    }
    if without_ports.packets > 0 {
        sum(
            page,
            &format!("Without ports: {}", counted(without_ports.packets, "packet")),
            without_ports,
            whole,
        )?;
        buckets(summary, whole).write(page)?;
    }
    Ok(())
}

/// `What: 23 flows, 1.20 MB, 0.1% of bytes`.
fn sum(page: &mut Page<'_>, what: &str, volume: Volume, whole: u64) -> io::Result<()> {
    let share = percent(Share { part: volume.bytes, whole });
    page.paragraph(2, Tone::Plain, &format!("{what}, {}, {share} of bytes", bytes(volume.bytes)))
}

/// The largest unknown endpoints, as rules to fill in; not many, for a rule takes some lines.
fn rules(summary: &Summary, top: usize, page: &mut Page<'_>) -> io::Result<()> {
    const MOST: usize = 3;
    let ranked = view::unknown_endpoints(summary, if top == 0 { 0 } else { top.min(MOST) });
    page.paragraph(
        2,
        Tone::Plain,
        "The largest unknown endpoints, as rules to name and put into a file for --rules:",
    )?;
    for (endpoint, counts) in ranked.rows {
        page.end_line()?;
        for line in rule_proposal::lines(summary, &endpoint, counts) {
            page.space(4)?;
            page.put(Tone::Plain, &cut(&line, page.width - 4))?;
            page.end_line()?;
        }
    }
    page.end_line()
}

fn buckets(summary: &Summary, whole: u64) -> Table {
    let mut table = Table::new(vec![
        Column::names("", 8),
        Column::right("Packets"),
        Column::right("Bytes"),
        Column::right("Share"),
        Column::names("What", 20),
    ]);
    for bucket in words::buckets(&summary.unclassified) {
        table.row(vec![
            bucket.name.into(),
            thousands(bucket.volume.packets).into(),
            bytes(bucket.volume.bytes).into(),
            percent(Share { part: bucket.volume.bytes, whole }).into(),
            Cell::new(Tone::Soft, bucket.meaning),
        ]);
    }
    table
}
