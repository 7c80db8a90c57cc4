//! The summary as tables in GitHub's Markdown.

use std::io::{self, Write};

use super::units::{bit_rate, bytes, duration, moment, percent, printable, thousands, time_span};
use super::view::{self, Ranked, Rest, Share};
use super::{ReportOptions, rule_proposal, talkers, words};
use crate::classify::Confidence;
use crate::summary::{Counts, Summary, TalkerCounts};

/// Writes a headline, what is missing, and the tables.
pub(super) fn write(summary: &Summary, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Traffic by service\n\n{}", escape(&words::headline(summary)))?;
    for (head, text) in words::losses(summary) {
        writeln!(out, "\n> **{head}**: {}", escape(&text))?;
    }
    let whole = view::everything(summary).bytes;
    capture(summary).write(out)?;
    categories(summary, whole).write(out)?;
    services(summary, options.top, whole).write(out)?;
    talkers(summary, options.talkers, whole, out)?;
    port_classes(summary, whole).write(out)?;
    port_pairs(summary, options.top, whole).write(out)?;
    over_time(summary).write(out)?;
    confidences(summary, whole).write(out)?;
    bases(summary, whole).write(out)?;
    if let Some(overflow) = words::learned_overflow(summary) {
        writeln!(out, "\n> {overflow}")?;
    }
    unknown_flows(summary).write(out)?;
    unknown_endpoints(summary, options.top, out)?;
    without_ports(summary, whole).write(out)
}

/// A section with one table; the last columns, named by a `:` behind, hold numbers.
struct Section {
    title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Section {
    const fn new(title: &'static str, columns: &'static [&'static str]) -> Self {
        Self { title, columns, rows: Vec::new() }
    }

    /// Writes the section, unless it is empty.
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let numbers = self.columns.iter().filter(|column| column.ends_with(':')).count();
        let heads: Vec<&str> = self.columns.iter().map(|column| column.trim_end_matches(':')).collect();
        write_table(out, self.title, &heads, numbers, &self.rows)
    }

    fn row(&mut self, names: impl IntoIterator<Item = String>, counts: Counts, whole: u64) {
        let share = Share { part: counts.volume.bytes, whole };
        let mut cells: Vec<String> = names.into_iter().collect();
        cells.extend([
            bytes(counts.volume.bytes),
            percent(share),
            thousands(counts.volume.packets),
            thousands(counts.flows),
        ]);
        self.rows.push(cells);
    }

    /// What is not listed; `columns` is how many stand before the numbers.
    fn rest(&mut self, columns: usize, rest: Rest, whole: u64) {
        if !rest.is_none() {
            let mut names = vec![words::more(rest)];
            names.resize(columns, String::new());
            self.row(names, rest.counts, whole);
        }
    }
}

/// A title, and a table of which the last columns hold numbers.
pub(super) fn write_table(
    out: &mut dyn Write,
    title: &str,
    heads: &[&str],
    numbers: usize,
    rows: &[Vec<String>],
) -> io::Result<()> {
    let names = heads.len().saturating_sub(numbers);
    let rules: Vec<&str> = (0..heads.len()).map(|place| if place < names { "---" } else { "---:" }).collect();
    writeln!(out, "\n## {title}\n\n| {} |\n| {} |", heads.join(" | "), rules.join(" | "))?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

fn capture(summary: &Summary) -> Section {
    let capture = &summary.capture;
    let mut section = Section::new("Capture", &["", ""]);
    let mut put = |key: &str, value: String| section.rows.push(vec![key.to_owned(), value]);
    for input in &summary.inputs {
        put("Input", format!("{} {}, {} packets", input.path, input.format, thousands(input.packets)));
    }
    put("Packets", thousands(capture.packets));
    put("Bytes on the wire", bytes(capture.wire_bytes));
    if view::is_cut(summary) {
        put("Bytes captured", bytes(capture.captured_bytes));
    }
    if let Some((first, last)) = capture.span {
        put("Time", time_span(first, last));
        put("Duration", duration(last.nanos_since(first)));
    }
    if let Some(rate) = view::per_second(capture.wire_bytes, view::duration_ns(summary)) {
        put("Average rate", bit_rate(rate));
    }
    section
}

fn categories(summary: &Summary, whole: u64) -> Section {
    let columns = &["Category", "Family", "Bytes:", "Share:", "Packets:", "Flows:"];
    let mut section = Section::new("Categories", columns);
    for row in view::categories(summary) {
        section.row([row.name.to_owned(), row.family.to_owned()], row.totals.counts, whole);
    }
    let without_ports = summary.unclassified.total();
    if !section.rows.is_empty() && without_ports.packets > 0 {
        let counts = Counts { volume: without_ports, flows: 0 };
        section.row([words::WITHOUT_PORTS.to_owned(), String::new()], counts, whole);
    }
    section
}

fn services(summary: &Summary, top: usize, whole: u64) -> Section {
    let columns = &["Service", "Port", "Category", "Bytes:", "Share:", "Packets:", "Flows:"];
    let mut section = Section::new("Services", columns);
    let ranked = Ranked::new(view::services(summary), top, |(_, totals)| totals.counts);
    for (key, totals) in ranked.rows {
        section.row([words::service(key), words::port(key), key.category.clone()], totals.counts, whole);
    }
    section.rest(3, ranked.rest, whole);
    section
}

fn talkers(summary: &Summary, top: usize, whole: u64, out: &mut dyn Write) -> io::Result<()> {
    for list in talkers::tables(summary, top) {
        let cells = |name, counts: TalkerCounts| {
            let known = |count: Option<u64>| count.map(thousands).unwrap_or_default();
            let share = percent(Share { part: counts.bytes, whole });
            vec![name, bytes(counts.bytes), share, known(counts.packets), known(counts.flows)]
        };
        let mut rows: Vec<_> = list.rows.into_iter().map(|(name, counts)| cells(name, counts)).collect();
        rows.extend(list.others.map(|(name, counts)| match counts {
            Some(counts) => cells(name, counts),
            None => [name].into_iter().chain(vec![String::new(); 4]).collect(),
        }));
        write_table(out, &escape(&list.title), &[list.head, "Bytes", "Share", "Packets", "Flows"], 4, &rows)?;
        if let Some(remark) = list.remark {
            writeln!(out, "\n> {remark}")?;
        }
    }
    Ok(())
}

fn port_classes(summary: &Summary, whole: u64) -> Section {
    let columns = &["Service port", "Peer's port", "Bytes:", "Share:", "Packets:", "Flows:"];
    let mut section = Section::new("Port classes", columns);
    for ((service, peer), counts) in view::port_classes(summary) {
        section.row([service.name().to_owned(), peer.name().to_owned()], counts, whole);
    }
    section
}

fn port_pairs(summary: &Summary, top: usize, whole: u64) -> Section {
    let columns = &["Ports", "Transport", "Bytes:", "Share:", "Packets:", "Flows:"];
    let mut section = Section::new("Port pairs", columns);
    let ranked = view::port_pairs(summary, top);
    for (pair, counts) in ranked.rows {
        section.row([format!("{} – {}", pair.low, pair.high), pair.transport.to_string()], counts, whole);
    }
    section.rest(2, ranked.rest, whole);
    section
}

fn over_time(summary: &Summary) -> Section {
    let mut section = Section::new("Over time", &["From (UTC)", "Mostly", "Bytes:", "Packets:"]);
    for row in view::over_time(summary) {
        section.rows.push(vec![
            moment(row.start),
            row.largest.to_owned(),
            bytes(row.volume.bytes),
            thousands(row.volume.packets),
        ]);
    }
    section
}

fn unknown_flows(summary: &Summary) -> Section {
    let mut section = Section::new("Flows of unknown service", &["Basis", "Why", "Flows:"]);
    for (basis, flows) in view::flows_by_basis(&view::unknown_services(summary)) {
        let why = words::why_unknown(basis).to_owned();
        section.rows.push(vec![basis.to_string(), why, thousands(flows)]);
    }
    section
}

fn confidences(summary: &Summary, whole: u64) -> Section {
    let columns = &["Confidence", "Meaning", "Bytes:", "Share:", "Packets:", "Flows:"];
    let mut section = Section::new("How certain", columns);
    for band in Confidence::ALL {
        let names = [band.name().to_owned(), words::confidence_range(band).to_owned()];
        section.row(names, summary.certainty.band(band), whole);
    }
    section
}

fn bases(summary: &Summary, whole: u64) -> Section {
    let columns = &["Decided by", "Meaning", "Bytes:", "Share:", "Packets:", "Flows:"];
    let mut section = Section::new("How it was decided", columns);
    for (basis, counts) in view::bases(summary) {
        section.row([basis.to_string(), words::basis(basis).to_owned()], counts, whole);
    }
    section
}

/// The largest unknown endpoints, as rules to paste.
fn unknown_endpoints(summary: &Summary, top: usize, out: &mut dyn Write) -> io::Result<()> {
    let ranked = view::unknown_endpoints(summary, top);
    if ranked.rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Largest unknown endpoints, as rules\n\n```toml")?;
    for (place, (endpoint, counts)) in ranked.rows.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        rule_proposal::lines(summary, endpoint, *counts)
            .iter()
            .try_for_each(|line| writeln!(out, "{line}"))?;
    }
    writeln!(out, "```")
}

fn without_ports(summary: &Summary, whole: u64) -> Section {
    let columns = &["What", "Meaning", "Bytes:", "Share:", "Packets:"];
    let mut section = Section::new("Packets without ports", columns);
    for bucket in words::buckets(&summary.unclassified) {
        let share = percent(Share { part: bucket.volume.bytes, whole });
        section.rows.push(vec![
            bucket.name,
            bucket.meaning.to_owned(),
            bytes(bucket.volume.bytes),
            share,
            thousands(bucket.volume.packets),
        ]);
    }
    section
}

/// `text` as text: one line, and nothing in it that Markdown or the HTML in it would act upon.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '|' | '[' | ']' | '~' | '#' | '$' | '@' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells() {
        assert_eq!(escape("a|b`c`\nd"), r"a\|b\`c\`\\u{a}d");
        assert_eq!(escape("<img>&*x*"), r"&lt;img&gt;&amp;\*x\*");
    }
}
