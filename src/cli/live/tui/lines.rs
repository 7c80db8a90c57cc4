//! The lines of a list, whatever they are about.

use portolan::summary::{Distribution, IntervalTotals, ServiceKey, Volume};

use super::super::detail::{Detail, Id, Row};
use super::history::{History, Rows, Window};

/// What a line is about; it stays selected while lines move.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Category(String),
    Service(ServiceKey),
    /// Packets without ports.
    WithoutPorts,
    AllTraffic,
    Row(Id),
}

/// A line of a list.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) key: Key,
    pub(super) name: String,
    /// Other words that it is found by.
    pub(super) words: String,
    /// Sent either way in the time of the list.
    pub(super) volume: Volume,
    /// Bytes of that to the service's side.
    pub(super) to_service: u64,
    /// Bytes of that from there.
    pub(super) by_service: u64,
    /// Sent either way since the flows began.
    pub(super) total: Volume,
    pub(super) flows: u64,
    /// The percentiles of the handshake's round trip that are shown, in ns.
    pub(super) rtt: Option<[u64; 2]>,
    pub(super) refused: u64,
    /// Without those that were refused.
    pub(super) unanswered: u64,
    pub(super) lasted_ns: u64,
    /// In permille.
    pub(super) sure: u16,
}

/// Lines, and what they have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    /// Nanoseconds in which volumes were sent; unknown before the first interval of a detail is over.
    pub(super) nanos: Option<u64>,
    /// Bytes that shares are of.
    pub(super) whole: u64,
    pub(super) lines: Vec<Line>,
    /// Lines that were too light to be here.
    pub(super) left_out: usize,
}

impl List {
    pub(super) fn of_categories(history: &History, window: Window) -> Self {
        let rows = history.rows(window, |key| Some((key.category.as_str(), key.family.as_str())));
        let line = |((category, family), totals): (&(&str, &str), &IntervalTotals)| {
            Line::of_totals(
                Key::Category((*category).to_owned()),
                (*category).to_owned(),
                (*family).to_owned(),
                totals,
            )
        };
        Self::of_rows(&rows, rows.by.iter().map(line).collect(), true)
    }

    /// The services of a category, or all.
    pub(super) fn of_services(history: &History, window: Window, category: Option<&str>) -> Self {
        let wanted = |key: &ServiceKey| category.is_none_or(|category| key.category == category);
        let rows = history.rows(window, |key| wanted(key).then_some(key));
        let line = |(key, totals): (&&ServiceKey, &IntervalTotals)| {
            let words = format!("{} {} {}", key.service, key.category, key.family);
            Line::of_totals(Key::Service((*key).clone()), service_name(key), words, totals)
        };
        Self::of_rows(&rows, rows.by.iter().map(line).collect(), category.is_none())
    }

    fn of_rows<G: Ord>(rows: &Rows<G>, mut lines: Vec<Line>, is_everything: bool) -> Self {
        if is_everything && rows.without_ports.packets > 0 {
            let name = "(without ports)".to_owned();
            let totals = IntervalTotals { undirected: rows.without_ports, ..IntervalTotals::default() };
            lines.push(Line::of_totals(Key::WithoutPorts, name, String::new(), &totals));
        }
        Self { nanos: Some(rows.nanos), whole: rows.bytes, lines, left_out: 0 }
    }

    pub(super) fn of_detail(detail: &Detail) -> Self {
        let lines: Vec<Line> = detail.rows.iter().map(Line::of_row).collect();
        let whole = lines.iter().map(|line| line.volume.bytes).sum();
        Self { nanos: detail.nanos, whole, lines, left_out: detail.left_out }
    }
}

impl Line {
    /// What `totals` say, all of it within the time of the list.
    pub(super) fn of_totals(key: Key, name: String, words: String, totals: &IntervalTotals) -> Self {
        let volume = totals.volume();
        let begun = &totals.begun;
        Self {
            key,
            name,
            words,
            volume,
            to_service: totals.to_service.bytes,
            by_service: totals.from_service.bytes,
            total: volume,
            flows: totals.flows,
            rtt: percentiles(&begun.handshake_rtt_ns),
            refused: begun.refused,
            unanswered: begun.unanswered.saturating_sub(begun.refused),
            lasted_ns: 0,
            sure: 0,
        }
    }

    fn of_row(row: &Row) -> Self {
        let (Id::Endpoint(endpoint) | Id::Flow { peer: endpoint, .. }) = row.id;
        Self {
            key: Key::Row(row.id.clone()),
            name: endpoint.to_string(),
            words: String::new(),
            volume: row.now,
            to_service: 0,
            by_service: 0,
            total: row.total,
            flows: row.flows,
            rtt: percentiles(&row.handshake_rtt_ns),
            refused: row.refused,
            unanswered: row.unanswered,
            lasted_ns: row.lasted_ns,
            sure: row.sure,
        }
    }

    /// Whether some of its words begin or go on so; `typed` is in small letters.
    pub(super) fn matches(&self, typed: &str) -> bool {
        self.name.to_lowercase().contains(typed) || self.words.to_lowercase().contains(typed)
    }
}

/// Half of the handshakes, and all but one in a hundred, took no longer.
pub(super) fn percentiles(handshakes: &Distribution) -> Option<[u64; 2]> {
    handshakes.percentiles([50.0, 99.0])
}

/// As people call it, with its port: `dns 53/udp`.
pub(super) fn service_name(key: &ServiceKey) -> String {
    let name = key.alias.as_deref().unwrap_or(&key.service);
    match key.port {
        Some(port) => format!("{name} {port}/{}", key.transport),
        None => format!("{name} {}", key.transport),
    }
}
