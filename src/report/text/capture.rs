//! What was captured, and how its sizes and times are distributed.

use std::io;

use super::page::{Page, Tone};
use super::table::{Cell, Column, Table};
use crate::net::Transport;
use crate::report::units::{bit_rate, bytes, counted, duration, measured, percent, thousands, time_span};
use crate::report::view::{self, Share};
use crate::summary::{InputReport, Summary};

/// Where the values stand beside their keys.
const MARGIN: usize = 14;

/// Writes the inputs and the totals.
pub(super) fn write(summary: &Summary, top: usize, page: &mut Page<'_>) -> io::Result<()> {
    let totals = totals(summary);
    if summary.inputs.is_empty() && totals.is_empty() {
        return Ok(());
    }
    page.title("Capture")?;
    let shown = if top == 0 { summary.inputs.len() } else { top };
    for (number, input) in summary.inputs.iter().take(shown).enumerate() {
        entry(page, if number == 0 { "Input" } else { "" }, &describe(input))?;
    }
    let more = summary.inputs.iter().skip(shown);
    if more.len() > 0 {
        let packets = more.clone().map(|input| input.packets).sum();
        let text = format!("… {} more, {}", thousands(more.len() as u128), counted(packets, "packet"));
        page.entry(MARGIN, "", MARGIN, Tone::Soft, &text)?;
    }
    for (key, text) in totals {
        entry(page, key, &text)?;
    }
    Ok(())
}

fn entry(page: &mut Page<'_>, key: &str, text: &str) -> io::Result<()> {
    page.entry(2, key, MARGIN, Tone::Plain, text)
}

fn describe(input: &InputReport) -> String {
    let path = if input.path == "-" { "standard input" } else { &input.path };
    let format = if input.format.is_empty() { "format not told" } else { &input.format };
    let remark = match input.message.as_str() {
        _ if !input.complete => " (incomplete)".to_owned(),
        "" => String::new(),
        message => format!(" ({message})"),
    };
    format!("{path}, {format}, {}{remark}", counted(input.packets, "packet"))
}

/// The totals as keys and values.
fn totals(summary: &Summary) -> Vec<(&'static str, String)> {
    let mut entries = Vec::new();
    if summary.capture.packets > 0 {
        entries.push(("Packets", packets(summary)));
        entries.push(("Bytes", wire_bytes(summary)));
    }
    if let Some((first, last)) = summary.capture.span {
        let length = duration(last.nanos_since(first));
        entries.push(("Time", format!("{}, {length}", time_span(first, last))));
    }
    if let Some(rate) = rate(summary) {
        entries.push(("Rate", rate));
    }
    if summary.capture.packets > 0 {
        entries.push(("Transport", transports(summary)));
    }
    if !summary.tables.is_empty() {
        let tables: Vec<&str> = summary.tables.iter().map(String::as_str).collect();
        entries.push(("Port table", tables.join(", ")));
    }
    entries
}

fn packets(summary: &Summary) -> String {
    let flows = counted(summary.classified().flows, "flow");
    format!("{} in {flows}", thousands(summary.capture.packets))
}

fn wire_bytes(summary: &Summary) -> String {
    let wire = format!("{} on the wire", bytes(summary.capture.wire_bytes));
    if view::is_cut(summary) {
        format!("{wire}, {} of them captured", bytes(summary.capture.captured_bytes))
    } else {
        wire
    }
}

/// The average rate; `None` where no time went by.
fn rate(summary: &Summary) -> Option<String> {
    let nanos = view::duration_ns(summary);
    let bits = bit_rate(view::per_second(summary.capture.wire_bytes, nanos)?);
    let packets = match view::per_second(summary.capture.packets, nanos)? {
        0 => "<1".to_owned(),
        packets => thousands(packets),
    };
    Some(format!("{bits}, {packets} packets/s on average"))
}

/// `TCP 90.1%, UDP 9.8% of bytes, without ports 0.1%`.
fn transports(summary: &Summary) -> String {
    let whole = view::everything(summary).bytes;
    let share = |name: &str, part| format!("{name} {}", percent(Share { part, whole }));
    let mut shares: Vec<String> = Transport::ALL
        .into_iter()
        .map(|transport| (transport.name().to_uppercase(), summary.transport(transport).volume))
        .filter(|(_, volume)| volume.packets > 0)
        .map(|(name, volume)| share(&name, volume.bytes))
        .collect();
    let without_ports = summary.unclassified.total();
    if without_ports.packets > 0 {
        shares.push(share("without ports", without_ports.bytes));
    }
    format!("{} of bytes", shares.join(", "))
}

/// Writes the percentiles of sizes and times.
pub(super) fn distributions(summary: &Summary, page: &mut Page<'_>) -> io::Result<()> {
    let mut table = Table::new(vec![
        Column::left("Of"),
        Column::right("min").rank(3),
        Column::right("p50"),
        Column::right("p90"),
        Column::right("p99"),
        Column::right("max"),
        Column::right("mean").rank(2),
        Column::right("measured").rank(1),
    ]);
    let flows = view::all_services(summary);
    let mut any = false;
    for (measure, distribution) in view::distributions(summary, &flows) {
        let Some([p50, p90, p99]) = distribution.percentiles([50.0, 90.0, 99.0]) else { continue };
        let cell = |number: Option<u64>| {
            Cell::from(number.map_or_else(String::new, |number| measured(measure.unit, number)))
        };
        table.row(vec![
            measure.name.into(),
            cell(distribution.min()),
            cell(Some(p50)),
            cell(Some(p90)),
            cell(Some(p99)),
            cell(distribution.max()),
            cell(view::mean(distribution)),
            Cell::new(Tone::Soft, thousands(distribution.count())),
        ]);
        any = true;
    }
    if !any {
        return Ok(());
    }
    page.title("Distributions")?;
    table.write(page)
}
