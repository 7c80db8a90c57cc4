//! Which ports talk to which: their classes, and the pairs with most bytes.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::charts::heat;
use super::table::{Cell, Table, scroll};
use super::{count_cells, section as part};
use crate::net::PortClass;
use crate::report::units::{bytes, percent};
use crate::report::view::{self, Share};
use crate::report::words;
use crate::summary::Summary;

/// Ports that the heat map has a row for.
const ROWS: usize = 12;
/// Where its columns begin: system ports, low and high user ports, the range that Linux draws client ports from, and the dynamic
/// ports.
const COLUMNS: [(u16, &str); 6] = [
    (0, "0–1023"),
    (1024, "1024–9999"),
    (10_000, "10000–19999"),
    (20_000, "20000–32767"),
    (32_768, "32768–49151"),
    (49_152, "49152–65535"),
];

/// The matrix of classes, the heat map of pairs and the list of pairs; nothing without ports.
pub(super) fn section(summary: &Summary, top: usize) -> Markup {
    if summary.port_classes.is_empty() {
        return html! {};
    }
    part("ports", "Ports", &html! { (classes(summary)) (pairs(summary)) (list(summary, top)) })
}

fn classes(summary: &Summary) -> Markup {
    let whole = summary.classified().volume.bytes;
    let table = html! {
        table {
            caption { "Port classes: of the service, and of its peer" }
            thead { tr {
                th scope="col" { "Service" }
                @for peer in PortClass::ALL { th scope="col" class="number" { (peer.name()) } }
            } }
            tbody {
                @for service in PortClass::ALL {
                    tr {
                        th scope="row" { (service.name()) }
                        @for peer in PortClass::ALL {
                            @let counts = summary.port_classes.get(&(service, peer)).copied().unwrap_or_default();
                            @let share = Share { part: counts.volume.bytes, whole };
                            td.number { (heat(share, &percent(share))) }
                        }
                    }
                }
            }
        }
    };
    scroll("Port classes", &table)
}

/// Bytes by the lower port of a pair and the range of the higher one.
fn pairs(summary: &Summary) -> Markup {
    let mut by_port: BTreeMap<u16, [u64; COLUMNS.len()]> = BTreeMap::new();
    for (pair, counts) in summary.port_pairs.iter() {
        let column = COLUMNS.iter().rposition(|(first, _)| *first <= pair.high).unwrap_or(0);
        let cell = &mut by_port.entry(pair.low).or_default()[column];
        *cell = cell.saturating_add(counts.volume.bytes);
    }
    let weight = |cells: &[u64]| cells.iter().fold(0_u64, |sum, bytes| sum.saturating_add(*bytes));
    let mut rows: Vec<_> = by_port.into_iter().collect();
    rows.sort_by_key(|(port, cells)| (std::cmp::Reverse(weight(cells)), *port));
    rows.truncate(ROWS);
    let whole = rows.iter().flat_map(|(_, cells)| cells).copied().max().unwrap_or(0);
    let table = html! {
        table {
            caption { "Port pairs: bytes by the lower port, and the range of the higher one" }
            thead { tr {
                th scope="col" { "Lower port" }
                @for (_, name) in COLUMNS { th scope="col" class="number" { (name) } }
            } }
            tbody {
                @for (port, cells) in &rows {
                    tr {
                        th scope="row" { (port) }
                        @for part in cells.iter().copied() {
                            td.number {
                                @if part > 0 { (heat(Share { part, whole }, &bytes(part))) }
                            }
                        }
                    }
                }
            }
        }
    };
    scroll("Port pairs", &table)
}

fn list(summary: &Summary, top: usize) -> Markup {
    let columns = [
        ("Lower port", true),
        ("Higher port", true),
        ("Transport", false),
        ("Bytes", true),
        ("Packets", true),
        ("Flows", true),
    ];
    let mut table = Table::new("Port pairs by bytes", &columns);
    let ranked = view::port_pairs(summary, top);
    for (pair, counts) in ranked.rows {
        let port = |port: u16| Cell::marked(port, html! { (port) });
        let names = [port(pair.low), port(pair.high), Cell::text(pair.transport.name())];
        table.row(names.into_iter().chain(count_cells(counts)));
    }
    if !ranked.rest.is_none() {
        let names = [Cell::text(&words::more(ranked.rest)), Cell::text(""), Cell::text("")];
        table.rest(names.into_iter().chain(count_cells(ranked.rest.counts)));
    }
    html! { details { summary { "Port pairs, one by one" } (table.markup()) } }
}
