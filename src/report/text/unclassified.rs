//! What has no service, and why.

use std::io;

use super::page::{Page, Tone};
use super::table::{Cell, Column, Table};
use crate::report::units::{bytes, counted, percent, thousands};
use crate::report::view::{self, Share};
use crate::report::words;
use crate::summary::{Counts, Summary, Volume};

/// Writes the flows of unknown service and the packets without ports; nothing if there are none.
pub(super) fn write(summary: &Summary, page: &mut Page<'_>) -> io::Result<()> {
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
        for (basis, flows) in &unknown.basis {
            let why = Cell::new(Tone::Soft, words::why_unknown(basis));
            table.row(vec![(*basis).into(), thousands(flows.0).into(), why]);
        }
        table.write(page)?;
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
