//! Ranked lists: categories, services, port classes, port pairs.

use std::io;

use super::page::{Page, Tone};
use super::table::{Cell, Column, Table};
use crate::report::units::{bytes, counted, duration, percent, thousands};
use crate::report::view::{self, Ranked, Rest, Share};
use crate::report::words;
use crate::summary::{Counts, Distribution, ServiceKey, ServiceTotals, Summary};

/// Writes all categories, and what has no ports.
pub(super) fn categories(summary: &Summary, page: &mut Page<'_>) -> io::Result<()> {
    let rows = view::categories(summary);
    if rows.is_empty() {
        return Ok(());
    }
    let whole = view::everything(summary).bytes;
    let mut columns = vec![Column::names("Category", 9), Column::left("Family").rank(3)];
    columns.extend(count_columns());
    columns.extend(measure_columns());
    let mut table = Table::new(columns);
    for row in rows {
        let mut cells = vec![Cell::new(Tone::Strong, row.name), row.family.into()];
        cells.extend(count_cells(row.totals.counts, whole));
        cells.extend(measure_cells(&row.totals));
        table.row(cells);
    }
    let without_ports = summary.unclassified.total();
    if without_ports.packets > 0 {
        let counts = Counts { volume: without_ports, flows: 0 };
        let mut cells = vec![Cell::new(Tone::Soft, "without ports"), Cell::default()];
        cells.extend(count_cells(counts, whole));
        table.row(cells);
    }
    page.title("Categories")?;
    table.write(page)
}

/// Writes the `top` services, and whose clients got no answer.
pub(super) fn services(summary: &Summary, top: usize, page: &mut Page<'_>) -> io::Result<()> {
    let ranked = Ranked::new(view::services(summary), top, |(_, totals)| totals.counts);
    if ranked.rows.is_empty() {
        return Ok(());
    }
    let whole = view::everything(summary).bytes;
    let mut columns = vec![
        Column::left(""),
        Column::names("Service", 9),
        Column::right("Port"),
        Column::names("Category", 8).rank(2),
    ];
    columns.extend(count_columns());
    columns.extend(measure_columns());
    let mut table = Table::new(columns);
    for (key, totals) in &ranked.rows {
        let mut cells = vec![
            mark(totals),
            Cell::new(Tone::Strong, words::service(key)),
            words::port(key).into(),
            key.category.as_str().into(),
        ];
        cells.extend(count_cells(totals.counts, whole));
        cells.extend(measure_cells(totals));
        table.row(cells);
    }
    rest_row(&mut table, 1, 4, ranked.rest, whole);
    page.title("Services")?;
    table.write(page)?;
    page.paragraph(2, Tone::Soft, "● ◐ ○: confidence in most of the flows is high, medium, low")?;
    for (what, flows) in [("No answer", unanswered(&ranked.rows)), ("Refused", refused(&ranked.rows))] {
        if !flows.is_empty() {
            page.entry(2, what, 14, Tone::Plain, &flows)?;
        }
    }
    Ok(())
}

/// Writes the classes of service port and peer port.
pub(super) fn port_classes(summary: &Summary, page: &mut Page<'_>) -> io::Result<()> {
    let rows = view::port_classes(summary);
    if rows.is_empty() {
        return Ok(());
    }
    let whole = view::everything(summary).bytes;
    let mut columns = vec![Column::left("Service port"), Column::left("Peer's port")];
    columns.extend(count_columns());
    let mut table = Table::new(columns);
    for ((service, peer), counts) in rows {
        let mut cells = vec![Cell::new(Tone::Strong, service.name()), format!("← {peer}").into()];
        cells.extend(count_cells(counts, whole));
        table.row(cells);
    }
    page.title("Port classes")?;
    table.write(page)
}

/// Writes the `top` port pairs.
pub(super) fn port_pairs(summary: &Summary, top: usize, page: &mut Page<'_>) -> io::Result<()> {
    let ranked = view::port_pairs(summary, top);
    if ranked.rows.is_empty() && ranked.rest.is_none() {
        return Ok(());
    }
    let whole = view::everything(summary).bytes;
    let mut columns = vec![Column::left("Ports"), Column::left("")];
    columns.extend(count_columns());
    let mut table = Table::new(columns);
    for (pair, counts) in ranked.rows {
        let ports = format!("{} – {}", pair.low, pair.high);
        let mut cells = vec![Cell::new(Tone::Strong, ports), pair.transport.name().into()];
        cells.extend(count_cells(counts, whole));
        table.row(cells);
    }
    rest_row(&mut table, 0, 2, ranked.rest, whole);
    page.title("Port pairs")?;
    table.write(page)
}

/// Bytes and what goes with them: the cells of [`count_cells`].
pub(super) const fn count_columns() -> [Column; 5] {
    [
        Column::right("Bytes"),
        Column::right("Share"),
        Column::left("").rank(5),
        Column::right("Packets").rank(1),
        Column::right("Flows").rank(1),
    ]
}

pub(super) fn count_cells(counts: Counts, whole: u64) -> [Cell; 5] {
    let share = Share { part: counts.volume.bytes, whole };
    let packets = if counts.volume.packets == 0 { String::new() } else { thousands(counts.volume.packets) };
    let flows = if counts.flows == 0 { String::new() } else { thousands(counts.flows) };
    [
        bytes(counts.volume.bytes).into(),
        percent(share).into(),
        Cell::new(Tone::Bar, bar(share)),
        packets.into(),
        flows.into(),
    ]
}

/// The share as a bar of at most eight columns, in eighths of a column.
pub(super) fn bar(share: Share) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = usize::try_from(share.of(64)).unwrap_or(64).max(usize::from(share.part > 0)).min(64);
    format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
}

/// Medians: the cells of [`measure_cells`].
const fn measure_columns() -> [Column; 3] {
    [Column::right("RTT p50").rank(6), Column::right("RTT p99").rank(7), Column::right("Lasts p50").rank(8)]
}

fn measure_cells(totals: &ServiceTotals) -> [Cell; 3] {
    let time = |nanos: Option<u64>| nanos.map_or_else(String::new, duration).into();
    let worst = |distribution: &Distribution| distribution.percentiles([99.0]).map(|[p99]| p99);
    [
        time(view::median(&totals.handshake_rtt_ns)),
        time(worst(&totals.handshake_rtt_ns)),
        time(view::median(&totals.flow_duration_ns)),
    ]
}

/// `… 31 more` in column `name`, where the numbers begin at column `numbers`.
fn rest_row(table: &mut Table, name: usize, numbers: usize, rest: Rest, whole: u64) {
    if rest.is_none() {
        return;
    }
    let mut cells: Vec<Cell> = (0..numbers).map(|_| Cell::default()).collect();
    cells[name] = Cell::new(Tone::Soft, words::more(rest));
    cells.extend(count_cells(rest.counts, whole));
    table.row(cells);
}

fn mark(totals: &ServiceTotals) -> Cell {
    view::usual_band(totals.confidence).map_or_else(Cell::default, |band| words::mark(band).into())
}

type Row<'a> = (&'a ServiceKey, &'a ServiceTotals);

/// Without those that were refused.
fn unanswered(rows: &[Row<'_>]) -> String {
    flows_of(rows, |totals| totals.unanswered.saturating_sub(totals.refused))
}

fn refused(rows: &[Row<'_>]) -> String {
    flows_of(rows, |totals| totals.refused)
}

/// `120 of 300 flows of ssh, 1 of 2 flows of telnet`.
fn flows_of(rows: &[Row<'_>], which: impl Fn(&ServiceTotals) -> u64) -> String {
    let concerned = rows.iter().filter(|(_, totals)| which(totals) > 0);
    let texts: Vec<String> = concerned
        .map(|(key, totals)| {
            let flows = counted(totals.counts.flows, "flow");
            format!("{} of {flows} of {} {}", thousands(which(totals)), key.service, words::port(key))
        })
        .collect();
    texts.join(", ")
}
