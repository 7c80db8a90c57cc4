use portolan::net::Transport;
use portolan::summary::{Distribution, IntervalTotals, ServiceKey, Volume};

use super::counts::{MOST_CATEGORIES, MOST_SERVICES, OTHER};
use super::*;

/// The number of series that docs/metrics.md promises never to exceed.
const MOST_SERIES: usize = 13_000;

/// Intervals of so many categories, each with as many services, which have everything that makes a series.
fn intervals(categories: usize, services: usize) -> impl Iterator<Item = IntervalSummary> {
    (0..categories).map(move |category| {
        let mut interval = IntervalSummary::default();
        for service in 0..services {
            let key = ServiceKey {
                service: format!("service-{service}"),
                alias: None,
                category: format!("category-{category}"),
                family: String::new(),
                transport: Transport::Tcp,
                port: None,
            };
            let volume = Volume { packets: 1, bytes: 60 };
            let mut totals = IntervalTotals {
                to_service: volume,
                from_service: volume,
                undirected: volume,
                flows: 1,
                ..IntervalTotals::default()
            };
            (totals.begun.flows, totals.begun.answered) = (1, 1);
            totals.begun.handshake_rtt_ns = Distribution::default();
            totals.begun.handshake_rtt_ns.record(1_000_000);
            interval.services.insert(key, totals);
        }
        interval
    })
}

fn metrics() -> Metrics {
    Metrics::new("table".to_owned(), Waiting::default())
}

fn series(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

/// The sum of a metric, of those series that have a label.
fn sum(text: &str, metric: &str, label: &str) -> u64 {
    let of_metric = |line: &&str| line.starts_with(&format!("{metric}{{")) && line.contains(label);
    let values =
        series(text).filter(of_metric).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    values.sum()
}

#[test]
fn series_have_a_bound_and_nothing_is_lost_beyond_it() {
    // Many services in few categories, and the other way round.
    for (categories, services) in [(3, 3000), (300, 30), (2000, 1)] {
        let metrics = metrics();
        intervals(categories, services).for_each(|interval| metrics.interval(&interval));
        let text = metrics.text();
        assert!(series(&text).count() <= MOST_SERIES, "{}", series(&text).count());
        let flows = u64::try_from(categories * services).unwrap_or_default();
        assert_eq!(sum(&text, "portolan_flows_total", ""), flows);
        assert_eq!(sum(&text, "portolan_traffic_bytes_total", ""), 180 * flows);
        assert_eq!(sum(&text, "portolan_handshake_rtt_seconds_count", ""), flows);
        assert!(sum(&text, "portolan_flows_total", &format!("service=\"{OTHER}\"")) > 0);
    }
}

#[test]
fn scans_leave_names_for_services_that_answer() {
    let metrics = metrics();
    for mut interval in intervals(2, 3000) {
        for totals in interval.services.values_mut() {
            // Something came from each, as from made-up addresses, but nowhere in answer to anything.
            totals.begun.answered = 0;
        }
        metrics.interval(&interval);
    }
    intervals(3, 10).skip(2).for_each(|interval| metrics.interval(&interval));
    let text = metrics.text();
    assert_eq!(sum(&text, "portolan_flows_total", r#"service="other""#), 6000 - 499);
    assert_eq!(sum(&text, "portolan_flows_total", r#"category="category-2""#), 10);
    assert_eq!(sum(&text, "portolan_flows_total", r#"category="category-2",service="other""#), 0);
}

#[test]
fn the_bound_is_the_sum_of_what_is_bounded() {
    let rows = MOST_SERVICES + MOST_CATEGORIES + 1;
    let of_row = 3 + 3 + 1 + 2 + 1;
    let distributions =
        (MOST_CATEGORIES + 1) * histogram::HANDSHAKE_RTT.series() + histogram::PACKET_SIZE.series();
    let capture = 2 + 2 * 4;
    let (loss, progress, build) = (3, 4, 1);
    let most = rows * of_row + distributions + capture + loss + progress + build;
    assert!((MOST_SERIES - 100..=MOST_SERIES).contains(&most), "{most}");
}

#[test]
fn what_is_no_name_of_a_rule_is_written_so_that_it_cannot_break_a_line() {
    let metrics = metrics();
    let mut interval = intervals(1, 1).next().unwrap_or_default();
    let (mut key, totals) = interval.services.pop_first().unwrap_or_else(|| unreachable!());
    key.service = "a\"b\\c\nd".to_owned();
    interval.services.insert(key, totals);
    metrics.interval(&interval);
    let text = metrics.text();
    assert!(text.contains(r#"service="a\"b\\c\nd""#), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn active_flows_are_those_of_the_last_interval() {
    let metrics = metrics();
    intervals(2, 2).for_each(|interval| metrics.interval(&interval));
    let text = metrics.text();
    assert_eq!(sum(&text, "portolan_active_flows", "category-0"), 0);
    assert_eq!(sum(&text, "portolan_active_flows", "category-1"), 2);
    assert_eq!(sum(&text, "portolan_flows_total", "category-0"), 2);
}
