//! Categories, services, what failed, how certain all is, and what has no service.

use maud::{Markup, html};

use super::palette::Palette;
use super::table::{Cell, Table};
use super::{count_cells, section, share_cell};
use crate::classify::Confidence;
use crate::report::units::{percent, printable};
use crate::report::view::{self, Ranked, Share};
use crate::report::{rule_proposal, words};
use crate::summary::{Counts, ServiceKey, ServiceTotals, Summary};

/// All categories, and below them what has none, so that they add up to everything.
pub(super) fn categories(summary: &Summary, palette: &Palette) -> Markup {
    let rows = view::categories(summary);
    if rows.is_empty() {
        return html! {};
    }
    let whole = view::everything(summary).bytes;
    let columns = [
        ("Category", false),
        ("Family", false),
        ("Share", true),
        ("Bytes", true),
        ("Packets", true),
        ("Flows", true),
    ];
    let mut table = Table::new("Categories", &columns).titled();
    let cells = |name, family, counts: Counts| {
        let share = share_cell(counts.volume.bytes, whole, palette.class(palette.place(name)));
        [Cell::text(name), Cell::text(family), share].into_iter().chain(count_cells(counts))
    };
    for row in rows {
        table.row(cells(row.name, row.family, row.totals.counts));
    }
    let without_ports = summary.unclassified.total();
    if without_ports.packets > 0 {
        table.rest(cells(words::WITHOUT_PORTS, "", Counts { volume: without_ports, flows: 0 }));
    }
    section("categories", "Categories", &table.markup())
}

pub(super) fn services(summary: &Summary, top: usize, palette: &Palette) -> Markup {
    let ranked = Ranked::new(view::services(summary), top, |(_, totals)| totals.counts);
    if ranked.rows.is_empty() {
        return html! {};
    }
    let whole = view::everything(summary).bytes;
    let columns = [
        ("Service", false),
        ("Port", true),
        ("Category", false),
        ("Share", true),
        ("Bytes", true),
        ("Packets", true),
        ("Flows", true),
        ("RTT p50", true),
        ("RTT p99", true),
        ("Confidence", false),
    ];
    let mut table = Table::new("Services", &columns).titled();
    for (key, totals) in ranked.rows {
        let counts = totals.counts;
        let rtt = totals.handshake_rtt_ns.percentiles([50.0, 99.0]);
        let share = share_cell(counts.volume.bytes, whole, palette.class(palette.place(&key.category)));
        let names = [Cell::text(&words::service(key)), port(key), Cell::text(&key.category), share];
        let others = [
            Cell::duration(rtt.map(|[p50, _]| p50)),
            Cell::duration(rtt.map(|[_, p99]| p99)),
            Cell::text(&confidence(totals)),
        ];
        table.row(names.into_iter().chain(count_cells(counts)).chain(others));
    }
    if !ranked.rest.is_none() {
        let counts = ranked.rest.counts;
        let share = share_cell(counts.volume.bytes, whole, palette.class(usize::MAX));
        let names = [Cell::text(&words::more(ranked.rest)), Cell::text(""), Cell::text(""), share];
        table.rest(names.into_iter().chain(count_cells(counts)));
    }
    section("services", "Services", &table.markup())
}

fn port(key: &ServiceKey) -> Cell {
    Cell::marked(key.port.unwrap_or_default(), html! { (words::port(key)) })
}

/// The band in which most of the flows lie, with its sign.
fn confidence(totals: &ServiceTotals) -> String {
    view::usual_band(totals.confidence)
        .map(|band| format!("{} {band}", words::mark(band)))
        .unwrap_or_default()
}

/// Services whose connections failed, those with most of them first.
pub(super) fn failed(summary: &Summary, top: usize) -> Markup {
    let mut rows: Vec<_> = summary.services.iter().filter(|(_, totals)| totals.unanswered > 0).collect();
    if rows.is_empty() {
        return html! {};
    }
    rows.sort_by_key(|(_, totals)| std::cmp::Reverse(totals.unanswered));
    let ranked = Ranked::new(rows, top, |(_, totals)| totals.counts);
    let columns = [
        ("Service", false),
        ("Port", true),
        ("Flows", true),
        ("Refused", true),
        ("No answer", true),
        ("Failed", true),
    ];
    let mut table = Table::new("Connections that failed", &columns).titled();
    for (key, totals) in ranked.rows {
        let share = Share { part: totals.unanswered, whole: totals.counts.flows };
        table.row([
            Cell::text(&words::service(key)),
            port(key),
            Cell::count(totals.counts.flows),
            Cell::count(totals.refused),
            Cell::count(totals.unanswered.saturating_sub(totals.refused)),
            Cell::marked(share.of(1_000_000), html! { (percent(share)) }),
        ]);
    }
    if !ranked.rest.is_none() {
        table.rest([Cell::text(&words::more(ranked.rest))]);
    }
    section("failed", "Failed connections", &table.markup())
}

/// Flows by confidence and by basis; nothing without flows.
pub(super) fn certainty(summary: &Summary) -> Markup {
    let whole = summary.classified();
    if whole.flows == 0 {
        return html! {};
    }
    let columns =
        |first| [(first, false), ("Share", true), ("Bytes", true), ("Flows", true), ("Meaning", false)];
    let bands = columns("Confidence");
    let mut by_band = Table::new("Flows by the confidence of their service", &bands);
    for band in Confidence::ALL {
        let name = format!("{} {band}", words::mark(band));
        by_band.row(certain(&name, summary.certainty.band(band), whole, words::confidence_range(band)));
    }
    let bases = columns("Decided by");
    let mut by_basis = Table::new("Flows by what decided their service", &bases);
    for (basis, counts) in view::bases(summary) {
        by_basis.row(certain(basis.name(), counts, whole, words::basis(basis)));
    }
    let content = html! {
        (by_band.markup())
        (by_basis.markup())
        @if let Some(overflow) = words::learned_overflow(summary) { p.losses { (overflow) } }
    };
    section("certainty", "How certain", &content)
}

fn certain(name: &str, counts: Counts, whole: Counts, meaning: &str) -> [Cell; 5] {
    [
        Cell::text(name),
        share_cell(counts.volume.bytes, whole.volume.bytes, "c0"),
        Cell::bytes(counts.volume.bytes),
        Cell::count(counts.flows),
        Cell::text(meaning),
    ]
}

/// Flows of unknown service, with rules to name them by, and packets without ports; nothing if there are none.
pub(super) fn not_classified(summary: &Summary, top: usize) -> Markup {
    let unknown = view::unknown_services(summary);
    let without_ports = summary.unclassified.total();
    if unknown.counts == Counts::default() && without_ports.packets == 0 {
        return html! {};
    }
    let content = html! {
        @if unknown.counts != Counts::default() { (unknown_flows(summary, &unknown, top)) }
        @if without_ports.packets > 0 { (buckets(summary)) }
    };
    section("not-classified", "Not classified", &content)
}

fn unknown_flows(summary: &Summary, unknown: &ServiceTotals, top: usize) -> Markup {
    let columns = [("Basis", false), ("Flows", true), ("Why", false)];
    let mut table = Table::new("Flows of unknown service", &columns);
    for (basis, flows) in view::flows_by_basis(unknown) {
        table.row([Cell::text(basis.name()), Cell::count(flows), Cell::text(words::why_unknown(basis))]);
    }
    let ranked = view::unknown_endpoints(summary, top);
    let rules: Vec<String> = ranked
        .rows
        .iter()
        .map(|(endpoint, counts)| rule_proposal::lines(summary, endpoint, *counts).join("\n"))
        .collect();
    html! {
        (table.markup())
        @if !rules.is_empty() {
            p { "The largest unknown endpoints, as rules to name and put into a file for " code { "--rules" } ":" }
            pre { (plain_lines(&rules.join("\n\n"))) }
        }
    }
}

/// Lines that stay lines.
fn plain_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

fn buckets(summary: &Summary) -> Markup {
    let whole = view::everything(summary).bytes;
    let columns = [("What", false), ("Share", true), ("Bytes", true), ("Packets", true), ("Meaning", false)];
    let mut table = Table::new("Packets without ports", &columns);
    for bucket in words::buckets(&summary.unclassified) {
        table.row([
            Cell::text(&bucket.name),
            share_cell(bucket.volume.bytes, whole, "c6"),
            Cell::bytes(bucket.volume.bytes),
            Cell::count(bucket.volume.packets),
            Cell::text(bucket.meaning),
        ]);
    }
    table.markup()
}
