//! How sizes and times are distributed.

use maud::{Markup, html};

use super::charts::tenths;
use super::section as part;
use super::table::{Cell, Table};
use crate::report::units::{measured, thousands};
use crate::report::view::{self, Measure, Share};
use crate::summary::{Distribution, Summary};

/// Of a drawing, in its own units.
const WIDTH: u64 = 360;
const HEIGHT: u64 = 110;
const BELOW: u64 = 20;

/// A chart for each distribution that has anything, and all in one table.
pub(super) fn section(summary: &Summary) -> Markup {
    let flows = view::all_services(summary);
    let found = view::distributions(summary, &flows);
    let measured = || found.iter().filter(|(_, distribution)| distribution.count() > 0);
    if measured().next().is_none() {
        return html! {};
    }
    let charts = html! {
        div.charts { @for (measure, distribution) in measured() { (chart(*measure, distribution)) } }
        (table(measured().copied()))
    };
    part("distributions", "Distributions", &charts)
}

fn table<'a>(found: impl Iterator<Item = (Measure, &'a Distribution)>) -> Markup {
    let columns = [
        ("Of", false),
        ("min", true),
        ("p50", true),
        ("p90", true),
        ("p99", true),
        ("max", true),
        ("mean", true),
        ("Measured", true),
    ];
    let mut table = Table::new("Percentiles", &columns);
    for (measure, distribution) in found {
        let Some([p50, p90, p99]) = distribution.percentiles([50.0, 90.0, 99.0]) else { continue };
        let values = [
            distribution.min(),
            Some(p50),
            Some(p90),
            Some(p99),
            distribution.max(),
            view::mean(distribution),
        ];
        let cell = |value: u64| Cell::marked(value, html! { (measured(measure.unit, value)) });
        let mut row = vec![Cell::text(measure.name)];
        row.extend(values.map(|value| cell(value.unwrap_or_default())));
        row.push(Cell::count(distribution.count()));
        table.row(row);
    }
    table.markup()
}

/// Measurements by their size, each bar twice as far as the one before.
fn chart(measure: Measure, distribution: &Distribution) -> Markup {
    let bins = bins(distribution);
    let highest = bins.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let step = WIDTH * 10 / bins.len().max(1) as u64;
    let last = bins.len().saturating_sub(1);
    let p50 = view::median(distribution).unwrap_or_default();
    let label = format!("{}: half are at most {}", measure.name, measured(measure.unit, p50));
    html! {
        figure {
            figcaption { (measure.name) }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT + BELOW) } role="img" aria-label=(label) {
                @for (place, (from, count)) in bins.iter().enumerate() {
                    @let height = Share { part: *count, whole: highest }.of(HEIGHT * 10);
                    g {
                        title { "from " (measured(measure.unit, *from)) ": " (thousands(*count)) }
                        rect.c0 x=(tenths(place as u64 * step)) y=(tenths(HEIGHT * 10 - height)) width=(tenths(step.saturating_sub(10).max(5))) height=(tenths(height)) {}
                    }
                }
                g.axis {
                    line x1="0" x2=(WIDTH) y1=(HEIGHT) y2=(HEIGHT) {}
                    text x="0" y=(HEIGHT + 15) { (measured(measure.unit, bins[0].0)) }
                    @if last > 0 {
                        text x=(WIDTH) y=(HEIGHT + 15) text-anchor="end" { (measured(measure.unit, bins[last].0)) }
                    }
                }
            }
        }
    }
}

/// Counts by the largest power of two that a value reaches, from the smallest to the largest; zeros go with ones.
fn bins(distribution: &Distribution) -> Vec<(u64, u64)> {
    let power = |value: u64| value.max(1).ilog2();
    let buckets = distribution.buckets();
    let powers = || buckets.iter().map(|(value, _)| power(*value));
    let (first, last) = (powers().min().unwrap_or(0), powers().max().unwrap_or(0));
    let count = |wanted: u32| {
        buckets.iter().filter(|(value, _)| power(*value) == wanted).map(|(_, count)| count).sum()
    };
    (first..=last).map(|power| (1 << power, count(power))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measurement_is_in_one_bar() {
        let mut distribution = Distribution::default();
        for value in [0, 1, 1, 5, 40, 63] {
            distribution.record(value);
        }
        assert_eq!(bins(&distribution), [(1, 3), (2, 0), (4, 1), (8, 0), (16, 0), (32, 2)]);
    }
}
