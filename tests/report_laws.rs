//! What holds for the reports of any summary.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod report_common;
mod validated;

use std::collections::{BTreeMap, BTreeSet};

use std::net::Ipv4Addr;

use portolan::classify::{Basis, Confidence};
use portolan::merge::Merge;
use portolan::net::{PortClass, PortPair, Timestamp, Transport};
use portolan::report::{Format, ReportOptions, read_summary};
use portolan::summary::{
    Counts, InputReport, Series, ServiceKey, ServiceTotals, Summary, UnknownEndpoint, Volume,
};
use proptest::prelude::*;
use report_common::{office, report, small};
use serde_json::Value;
use unicode_width::UnicodeWidthChar as _;

/// Names as people give them, and as nobody should.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z]{1,12}(-[a-z]{1,8})?",
        1 => any::<String>(),
        1 => "[東京都한국🦀é\u{301}\u{200d}\u{fe0f}\u{202e}\u{9b}]{1,60}",
        1 => Just("\u{1b}[2J\u{1b}]0;title\u{7}\r\nnext line\tx".to_owned()),
        1 => "[x|`*]{100,200}",
    ]
}

fn transport() -> impl Strategy<Value = Transport> {
    (0usize..3).prop_map(|number| Transport::ALL[number])
}

fn volume() -> impl Strategy<Value = Volume> {
    let number = || prop_oneof![0u64..1000, 0..1u64 << 50];
    (number(), number()).prop_map(|(packets, bytes)| Volume { packets, bytes })
}

fn counts() -> impl Strategy<Value = Counts> {
    (volume(), 0u64..1 << 40).prop_map(|(volume, flows)| Counts { volume, flows })
}

fn service() -> impl Strategy<Value = (ServiceKey, ServiceTotals)> {
    let key = (name(), prop::option::of(name()), name(), name(), transport(), prop::option::of(any::<u16>()))
        .prop_map(|(service, alias, category, family, transport, port)| {
            let service = if port.is_some() { service } else { "unknown".to_owned() };
            ServiceKey { service, alias, category, family, transport, port }
        });
    let flows = || 0u64..1 << 40;
    let basis = prop::sample::select(Basis::ALL.to_vec());
    let totals = (counts(), flows(), flows(), basis, prop::collection::vec(any::<u64>(), 0..5)).prop_map(
        |(counts, unanswered, refused, basis, times)| {
            let mut totals = ServiceTotals { counts, unanswered, refused, ..ServiceTotals::default() };
            totals.confidence.high = counts.flows;
            totals.bases[basis.index()] = counts.flows;
            for time in times {
                totals.flow_bytes.record(time);
                totals.flow_duration_ns.record(time);
                totals.handshake_rtt_ns.record(time / 1000);
            }
            totals
        },
    );
    (key, totals)
}

fn input() -> impl Strategy<Value = InputReport> {
    (name(), name(), any::<u32>(), any::<bool>(), name()).prop_map(
        |(path, format, packets, complete, message)| InputReport {
            path,
            format,
            packets: packets.into(),
            complete,
            refused: false,
            message,
        },
    )
}

/// A summary whose sums close: all flows of a service lie in one port pair.
fn summary() -> impl Strategy<Value = Summary> {
    let services = prop::collection::btree_map(any::<u16>(), service(), 0..20);
    let inputs = prop::collection::vec(input(), 0..5);
    let other_ip = prop::collection::btree_map(any::<u8>(), volume(), 0..5);
    let buckets = (volume(), volume(), volume(), other_ip);
    let span = prop::option::of((any::<i64>(), any::<i64>()));
    (services, inputs, buckets, span, name(), any::<[u32; 3]>(), counts(), any::<bool>()).prop_map(
        |(services, inputs, buckets, span, table, losses, beyond, full)| {
            let mut summary = Summary { inputs, ..Summary::default() };
            for (peer, (key, totals)) in services {
                let port = key.port.unwrap_or(1);
                add_ports(&mut summary, PortPair::new(key.transport, port, peer), totals.counts);
                summary.services.entry(key).or_default().merge(totals);
            }
            if full {
                add_beyond(&mut summary, beyond);
            }
            let unclassified = &mut summary.unclassified;
            (unclassified.fragment, unclassified.malformed, unclassified.non_ip, unclassified.other_ip) =
                buckets;
            let mut all = summary.unclassified.total();
            all.merge(summary.classified().volume);
            summary.capture.packets = all.packets;
            summary.capture.wire_bytes = all.bytes;
            summary.capture.captured_bytes = all.bytes / 2;
            summary.capture.span = span.map(|(one, other)| {
                (Timestamp::from_nanos(one.min(other)), Timestamp::from_nanos(one.max(other)))
            });
            summary.tables.insert(table);
            let [kernel, interface, evicted] = losses.map(|number| u64::from(number % 3));
            summary.loss.kernel_dropped = kernel;
            summary.loss.interface_dropped = interface;
            summary.loss.evicted_flows = evicted;
            add_series(&mut summary);
            add_certainty(&mut summary);
            // One row for each service, transport and port.
            merged([summary])
        },
    )
}

fn merged(parts: impl IntoIterator<Item = Summary>) -> Summary {
    parts.into_iter().fold(Summary::default(), |mut sum, part| {
        sum.merge(part);
        sum
    })
}

/// The same by another port table: all that is known of services but their names.
fn by_another_table(mut summary: Summary, alias: &str) -> Summary {
    let rows = std::mem::take(&mut summary.services).into_iter().map(|(key, totals)| {
        let [category, family] = [alias, "family"].map(str::to_owned);
        (ServiceKey { alias: Some(alias.to_owned()), category, family, ..key }, totals)
    });
    summary.services = rows.collect();
    summary
}

fn add_ports(summary: &mut Summary, pair: PortPair, counts: Counts) {
    let classes = (PortClass::of(pair.low), PortClass::of(pair.high));
    summary.port_classes.entry(classes).or_default().merge(counts);
    summary.port_pairs.merge([(pair, counts)].into_iter().collect());
}

/// Everything by evidence, and every second unknown flow without an address.
fn add_certainty(summary: &mut Summary) {
    summary.certainty.bases[Basis::Evidence.index()] = summary.classified();
    summary.certainty.bands[Confidence::Low.index()] = summary.classified();
    for (port, (key, totals)) in
        (1..).zip(summary.services.iter().filter(|(key, _)| key.service == "unknown"))
    {
        let address = (port % 2 == 0).then_some(Ipv4Addr::LOCALHOST.into());
        let endpoint = UnknownEndpoint { transport: key.transport, port, address };
        summary.unknown_endpoints.count(endpoint, totals.counts);
        if port % 3 == 0 {
            summary.unknown_endpoints.suggest(endpoint, &key.category);
        }
    }
}

/// Flows whose port pairs nobody told apart.
fn add_beyond(summary: &mut Summary, counts: Counts) {
    let key = ServiceKey {
        service: "beyond".into(),
        alias: None,
        category: "beyond".into(),
        family: "beyond".into(),
        transport: Transport::Sctp,
        port: Some(9),
    };
    summary.other_port_pairs = counts;
    summary.port_classes.entry((PortClass::WellKnown, PortClass::WellKnown)).or_default().merge(counts);
    summary.services.entry(key).or_default().merge(ServiceTotals { counts, ..ServiceTotals::default() });
}

/// All services' volumes in one interval.
fn add_series(summary: &mut Summary) {
    let mut series = Series { width_ns: 1, ..Series::default() };
    let interval = series.intervals.entry(None).or_default();
    for (key, totals) in &summary.services {
        interval.entry((key.service.clone(), key.category.clone())).or_default().merge(totals.counts.volume);
    }
    summary.series = Some(series);
}

fn without_ansi(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain + rest
}

fn sum<'a>(rows: impl IntoIterator<Item = &'a Value>, field: &str) -> u64 {
    rows.into_iter().map(|row| row[field].as_u64().unwrap_or_default()).sum()
}

fn rows(document: &Value, list: &str) -> Vec<Value> {
    document[list].as_array().unwrap().clone()
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal(
        summary in summary(),
        width in prop::sample::select(vec![60usize, 80, 100, 120, 200]),
        top in 0usize..30,
    ) {
        let text = report(Format::Text, &summary, ReportOptions { top, talkers: top, width, colour: false });
        for line in text.lines() {
            let columns: usize = line.chars().map(|letter| letter.width().unwrap_or(1000)).sum();
            prop_assert!(columns <= width, "{} columns: {}", columns, line);
            prop_assert!(!line.ends_with(' '), "{:?}", line);
        }
    }

    #[test]
    fn nothing_in_a_name_steers_the_terminal(summary in summary(), top in 0usize..30) {
        for format in [Format::Text, Format::Markdown] {
            let text = report(format, &summary, ReportOptions { top, talkers: top, width: 100, colour: false });
            prop_assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{:?}", text);
        }
    }

    #[test]
    fn colour_changes_nothing_but_colour(summary in summary(), width in 60usize..200) {
        let options = ReportOptions { top: 5, talkers: 5, width, colour: true };
        let coloured = report(Format::Text, &summary, options);
        let plain = report(Format::Text, &summary, ReportOptions { colour: false, ..options });
        prop_assert_eq!(without_ansi(&coloured), plain);
    }

    #[test]
    fn all_sums_of_the_json_close(summary in summary(), top in 0usize..30) {
        let text = report(Format::Json, &summary, ReportOptions { top, ..ReportOptions::default() });
        let document = validated::json(&text);
        let transports: Vec<Value> = document["transports"].as_object().unwrap().values().cloned().collect();
        for field in ["packets", "bytes", "flows"] {
            let total = sum(&transports, field);
            for list in ["services", "categories", "port_classes"] {
                prop_assert_eq!(sum(&rows(&document, list), field), total, "{} of {}", field, list);
            }
            let pairs = sum(&rows(&document, "port_pairs"), field);
            prop_assert_eq!(pairs + sum([&document["other_port_pairs"]], field), total);
            if field != "flows" {
                prop_assert_eq!(sum(&rows(&document, "intervals"), field), total);
                let all = if field == "packets" { "packets" } else { "wire_bytes" };
                let unclassified = sum([&document["unclassified"]], field);
                prop_assert_eq!(total + unclassified, document["capture"][all].as_u64().unwrap());
            }
        }
    }

    #[test]
    fn all_sums_of_the_csv_close(summary in summary(), top in 0usize..30) {
        let text = report(Format::Csv, &summary, ReportOptions { top, ..ReportOptions::default() });
        let mut totals: BTreeMap<String, u64> = BTreeMap::new();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let row: BTreeMap<String, String> = row.unwrap();
            let bytes: u64 = row["bytes"].parse().unwrap();
            *totals.entry(row["table"].clone()).or_default() += bytes;
        }
        let unclassified = totals.remove("unclassified").unwrap();
        prop_assert_eq!(totals["transport"] + unclassified, summary.capture.wire_bytes);
        let unknown = summary.services.iter().filter(|(key, _)| key.service == "unknown");
        let unknown: u64 = unknown.map(|(_, totals)| totals.counts.volume.bytes).sum();
        prop_assert_eq!(totals.remove("unknown_endpoint").unwrap_or_default(), unknown);
        for (table, bytes) in &totals {
            prop_assert_eq!(*bytes, totals["transport"], "{}", table);
        }
    }

    #[test]
    fn no_text_in_the_csv_is_a_formula(mut summary in summary(), sign in prop::sample::select(vec!["=", "+", "-", "@", "\t", "\r"])) {
        let rows = std::mem::take(&mut summary.services).into_iter().map(|(key, totals)| {
            let ServiceKey { service, category, .. } = key;
            let [service, category, alias] = [service, category, "1".to_owned()].map(|name| format!("{sign}{name}"));
            (ServiceKey { service, category, alias: Some(alias), ..key }, totals)
        });
        summary.services = rows.collect();
        add_series(&mut summary);
        let text = report(Format::Csv, &summary, ReportOptions::default());
        for row in csv::Reader::from_reader(text.as_bytes()).records() {
            for cell in &row.unwrap() {
                let is_number = cell.parse::<i64>().is_ok();
                prop_assert!(is_number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{:?}", cell);
            }
        }
        prop_assert!(summary.services.is_empty() || text.contains(&["'", sign].concat()));
    }

    #[test]
    fn a_document_that_is_read_again_is_the_summary(mut summary in summary(), top in 1usize..30) {
        summary.tables = ["2026-02-25-abc".to_owned(), "2026-02-25-def".to_owned()].into();
        summary.anonymized = ["0123456789abcdef".to_owned()].into();
        let document = |summary: &Summary, top| {
            report(Format::Json, summary, ReportOptions { top, ..ReportOptions::default() })
        };
        prop_assert_eq!(&read_summary(document(&summary, 0).as_bytes()).unwrap(), &summary);
        // What was cut is one sum, and stays one.
        let cut = read_summary(document(&summary, top).as_bytes()).unwrap();
        prop_assert!(cut.port_pairs.len() <= top);
        prop_assert_eq!(cut.classified(), summary.classified());
        prop_assert_eq!(&read_summary(document(&cut, 0).as_bytes()).unwrap(), &cut);
    }

    #[test]
    fn summaries_are_merged_in_any_order_and_grouping(
        mut parts in prop::collection::vec((summary(), any::<bool>()), 3..=3),
        alias in name(),
    ) {
        let renamed = by_another_table(parts[0].0.clone(), &alias);
        parts.push((renamed, true));
        let parts: Vec<Summary> = parts
            .into_iter()
            .map(|(summary, has_series)| Summary { series: summary.series.filter(|_| has_series), ..summary })
            .collect();
        let whole = merged(parts.clone());
        prop_assert_eq!(&merged(parts.iter().rev().cloned()), &whole);
        prop_assert_eq!(&merged([merged(parts[..2].to_vec()), merged(parts[2..].to_vec())]), &whole);
        prop_assert_eq!(&merged([whole.clone(), Summary::default()]), &whole);
        let identities: BTreeSet<_> = whole.services.keys().map(ServiceKey::identity).collect();
        prop_assert_eq!(identities.len(), whole.services.len());
        if let Some(series) = &whole.series {
            let volumes = series.intervals.values().flat_map(BTreeMap::values);
            let mut sum = Volume::default();
            volumes.for_each(|volume| sum.merge(*volume));
            prop_assert_eq!(sum, whole.classified().volume);
        }
    }

    #[test]
    fn names_are_no_markup(summary in summary(), top in 0usize..30) {
        let page = report(Format::Html, &summary, ReportOptions { top, ..ReportOptions::default() });
        let (before, after) = page.split_once("<script>").unwrap();
        let (_, after) = after.split_once("</script>").unwrap();
        let (head, body) = before.split_once("<style>").unwrap();
        let (_, body) = body.split_once("</style>").unwrap();
        for piece in [head, body, after] {
            for tag in piece.split('<').skip(1) {
                prop_assert!(is_ours(tag), "<{}", tag);
            }
        }
        let hidden = ['\u{202e}', '\u{9b}', '\u{1b}'];
        prop_assert!(!page.contains(hidden), "{}", page);
    }

    #[test]
    fn the_same_summary_gives_the_same_bytes(summary in summary()) {
        for format in Format::ALL {
            let options = ReportOptions::default();
            prop_assert_eq!(report(format, &summary, options), report(format, &summary.clone(), options));
        }
    }
}

proptest! {
    // Each takes all formats of a large document.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn forged_numbers_break_nothing(
        forgeries in prop::collection::vec((any::<prop::sample::Index>(), forged_number()), 1..4),
    ) {
        let mut document = validated::json(&report(Format::Json, &office(), ReportOptions::default()));
        let mut places = Vec::new();
        add_numbers(&document, String::new(), &mut places);
        for (place, number) in forgeries {
            *document.pointer_mut(&places[place.index(places.len())]).unwrap() = number.into();
        }
        if let Ok(mut summary) = read_summary(document.to_string().as_bytes()) {
            summary.merge(summary.clone());
            for format in Format::ALL {
                report(format, &summary, ReportOptions::default());
            }
        }
    }
}

/// Edges of what counts and times can be.
fn forged_number() -> impl Strategy<Value = i64> {
    prop::sample::select(vec![0, 1, 1 << 32, 1 << 53, 1 << 58, i64::MAX, -1, i64::MIN])
}

/// Where a document has numbers, as JSON pointers (RFC 6901).
fn add_numbers(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Number(_) => places.push(place),
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                add_numbers(value, format!("{place}/{index}"), places);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                add_numbers(value, format!("{place}/{name}"), places);
            }
        }
        _ => {}
    }
}

/// Whether what follows `<` begins with a tag of the page, with attributes of the page, each within quotes.
fn is_ours(tag: &str) -> bool {
    const TAGS: &str = "!DOCTYPE html head meta title style body main h1 h2 p ul li strong dl div dt dd section span svg g line \
        text rect details summary table caption thead tbody tfoot tr th td button figure figcaption pre code footer script";
    const ATTRIBUTES: &str = "lang charset name content http-equiv id class style aria-labelledby aria-label aria-hidden role preserveAspectRatio \
        viewBox x y x1 x2 y1 y2 width height text-anchor scope type tabindex data-sort colspan";
    let Some((inside, _)) = tag.split_once('>') else { return false };
    let mut pieces = inside.trim_start_matches('/').split('"');
    let outside: Vec<&str> = pieces.by_ref().step_by(2).collect();
    let mut words =
        outside.iter().flat_map(|piece| piece.split_whitespace()).map(|word| word.trim_end_matches('='));
    let name = words.next().unwrap_or_default();
    let is_known = |list: &str, word: &str| list.split_whitespace().any(|known| known == word);
    is_known(TAGS, name) && (name == "!DOCTYPE" || words.all(|word| is_known(ATTRIBUTES, word)))
}

fn has_a_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(has_a_float),
        Value::Object(fields) => fields.values().any(has_a_float),
        _ => false,
    }
}

#[test]
fn the_json_has_integers_only() {
    for summary in [office(), small()] {
        let text = report(Format::Json, &summary, ReportOptions::default());
        assert!(!has_a_float(&validated::json(&text)));
    }
}

#[test]
fn the_buckets_of_a_distribution_hold_all_of_it() {
    let document = validated::json(&report(Format::Json, &office(), ReportOptions::default()));
    for (name, distribution) in document["distributions"].as_object().unwrap() {
        let buckets = distribution["buckets"].as_array().unwrap();
        let count: u64 = buckets.iter().map(|bucket| bucket[1].as_u64().unwrap()).sum();
        assert_eq!(Some(count), distribution["count"].as_u64(), "{name}");
    }
}
