//! The summary as one page for a browser: a single file that loads nothing, and in which no byte of a capture is markup.
//!
//! `html!` escapes all text; [`printable`] takes out what would reorder or hide it. The only markup that is taken as it is, is
//! that of `style.css` and `script.js`.

mod axis;
mod charts;
mod distributions;
mod lists;
mod over_time;
mod pace;
mod palette;
mod ports;
mod powers;
mod table;
mod talkers;
mod times;

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::units::{bytes, duration, percent, printable, thousands, time_span};
use super::view::{self, Share};
use super::{ReportOptions, words};
use crate::summary::{Counts, InputReport, Summary};
pub(super) use charts::compared;
use palette::Palette;
pub(super) use table::{Cell, Table};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// Nothing is loaded, and no script runs but that one, told by its SHA-256.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-7eqm9HNGR11q3pfaWpvDZZhKEgqID4y7UbB3SWhy4P8='";

/// Writes the page.
pub(super) fn write(summary: &Summary, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let palette = Palette::of(summary);
    let content = html! {
        (losses(&words::losses(summary)))
        (totals(summary))
        (over_time::section(summary, &palette))
        (lists::categories(summary, &palette))
        (lists::services(summary, options.top, &palette))
        (talkers::section_of(summary, options.talkers))
        (lists::failed(summary, options.top))
        (ports::section(summary, options.top))
        (distributions::section(summary))
        (lists::certainty(summary))
        (lists::not_classified(summary, options.top))
        (inputs(summary, options.top))
    };
    write_page("Traffic by service", &words::headline(summary), &content, out)
}

/// Writes a page: what it is, what it says in one sentence, and that.
pub(super) fn write_page(
    title: &str,
    headline: &str,
    content: &Markup,
    out: &mut dyn Write,
) -> io::Result<()> {
    let headline = printable(headline);
    let generator = concat!("portolan ", env!("CARGO_PKG_VERSION"));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="generator" content=(generator);
                title { (title) ": " (headline) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    p.headline { (headline) }
                    (content)
                }
                footer { (generator) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    out.write_all(page.into_string().as_bytes())
}

/// A part of the page, which its heading names.
pub(super) fn section(id: &str, title: &str, content: &Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-title" } {
            h2 id={ (id) "-title" } { (title) }
            (content)
        }
    }
}

/// What is missing: of each loss a head and what there is to say.
pub(super) fn losses(losses: &[(&str, String)]) -> Markup {
    html! {
        @if losses.is_empty() {
            p.whole { "Nothing was lost, and all input was read whole." }
        } @else {
            ul.losses {
                @for (head, text) in losses { li { strong { (head) } " " (printable(text)) } }
            }
        }
    }
}

/// A number with a name, and what there is to remark.
pub(super) struct Card {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) remarks: Vec<String>,
}

pub(super) fn cards(cards: &[Card]) -> Markup {
    html! {
        dl.totals {
            @for Card { name, value, remarks } in cards {
                div {
                    dt { (name) }
                    dd { (value) }
                    @for remark in remarks { dd.remark { (printable(remark)) } }
                }
            }
        }
    }
}

/// What there is altogether, as a row of numbers.
fn totals(summary: &Summary) -> Markup {
    let capture = &summary.capture;
    let nanos = view::duration_ns(summary);
    let card = |name, value, remarks| Card { name, value, remarks };
    let mut all = vec![
        card("Bytes", bytes(capture.wire_bytes), captured(summary)),
        card("Packets", thousands(capture.packets), Vec::new()),
        card("Flows", thousands(summary.classified().flows), Vec::new()),
    ];
    if nanos > 0 {
        let packets = pace::packet_rate(capture.packets, nanos);
        all.push(card("Average rate", pace::bit_rate(capture.wire_bytes, nanos), vec![packets]));
    }
    if let Some((first, last)) = capture.span {
        all.push(card("Time", duration(nanos), vec![time_span(first, last)]));
    }
    cards(&all)
}

fn captured(summary: &Summary) -> Vec<String> {
    let is_cut = view::is_cut(summary);
    is_cut
        .then(|| format!("{} of them captured", bytes(summary.capture.captured_bytes)))
        .into_iter()
        .collect()
}

/// What was read, the first of many inputs alone; those that were not read whole stand above as well.
fn inputs(summary: &Summary, top: usize) -> Markup {
    let shown = if top == 0 { summary.inputs.len() } else { top };
    let mut table = Table::new("Inputs", &[("Input", false), ("Format", false), ("Packets", true)]).titled();
    for InputReport { path, format, packets, .. } in summary.inputs.iter().take(shown) {
        table.row([Cell::text(path), Cell::text(format), Cell::count(*packets)]);
    }
    let more = summary.inputs.len().saturating_sub(shown);
    if more > 0 {
        table.rest([Cell::text(&format!("… {} more", thousands(more as u128)))]);
    }
    let tables: Vec<&str> = summary.tables.iter().map(String::as_str).collect();
    let content = html! {
        @if !summary.inputs.is_empty() { (table.markup()) }
        @if !tables.is_empty() { p { "Services were decided by port table " (printable(&tables.join(", "))) "." } }
    };
    section("inputs", "Inputs", &content)
}

/// Bytes, packets and flows.
fn count_cells(counts: Counts) -> [Cell; 3] {
    let bytes = Cell::bytes(counts.volume.bytes);
    [bytes, Cell::count(counts.volume.packets), Cell::count(counts.flows)]
}

/// A share of all bytes, as a bar and a number.
fn share_cell(part: u64, whole: u64, class: &str) -> Cell {
    let share = Share { part, whole };
    Cell::marked(u128::from(part), charts::bar(share, &percent(share), class))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::{TalkerCounts, Talkers};

    #[test]
    fn no_byte_of_a_name_is_markup() {
        let mut summary = Summary::default();
        let hostile = "</script><img src=x onerror=alert(1)>\"'&\u{202e}";
        summary.inputs.push(InputReport {
            path: hostile.to_owned(),
            message: hostile.to_owned(),
            ..InputReport::default()
        });
        summary.tables.insert(hostile.to_owned());
        let mut talkers = Talkers::default();
        talkers.hosts.listed.insert([10, 0, 0, 1].into(), TalkerCounts::default());
        summary.talkers.insert(Some(hostile.to_owned()), talkers);
        let mut page = Vec::new();
        write(&summary, &ReportOptions::default(), &mut page).expect("memory takes everything");
        let page = String::from_utf8(page).expect("a page is UTF-8");
        assert!(!page.contains("<img") && !page.contains('\u{202e}'));
        assert_eq!((page.matches("<script>").count(), page.matches("</script>").count()), (1, 1));
    }
}
