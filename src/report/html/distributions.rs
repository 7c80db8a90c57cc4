//! How sizes and times are distributed.

use maud::{Markup, html};

use super::axis::{Axis, FULL, Mark};
use super::charts::Plot;
use super::powers::{Powers, power};
use super::section as part;
use super::table::{Cell, Table};
use crate::report::units::{measured, thousands};
use crate::report::view::{self, Measure};
use crate::summary::{Distribution, Summary};

/// What marks of percentiles have between them at least, so that they do not overlap.
const APART: u64 = FULL / 5;

/// A chart for each distribution that has anything, and all in one table.
pub(super) fn section(summary: &Summary) -> Markup {
    let flows = view::all_services(summary);
    let found = view::distributions(summary, &flows);
    let measured = || found.iter().filter(|(_, distribution)| distribution.count() > 0);
    if measured().next().is_none() {
        return html! {};
    }
    let charts = html! {
        p.note { "Each bar goes as far as to twice its beginning. Lines are percentiles: p90 is what nine in ten do not exceed." }
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

/// Measurements by their size.
fn chart(measure: Measure, distribution: &Distribution) -> Markup {
    let axis = Powers::over(distribution.buckets().into_iter().map(|(value, _)| value));
    let bins = bins(distribution, &axis);
    let counts = Axis::new(bins.iter().map(|bin| bin.count).max().unwrap_or_default().into(), 3);
    let percentiles: Vec<(&str, u64)> = percentiles(distribution);
    let label =
        percentiles.iter().map(|(name, value)| format!(", {name} {}", measured(measure.unit, *value)));
    let plot = Plot {
        label: &(measure.name.to_owned() + &label.collect::<String>()),
        drawing: html! {
            @for bin in &bins {
                @let height = counts.place(bin.count.into());
                g {
                    title { "from " (measured(measure.unit, bin.from)) ": " (thousands(bin.count)) }
                    rect.c0 x=(bin.place) y=(FULL - height) width=(axis.bin_width() * 9 / 10) height=(height) {}
                }
            }
            @for (name, value) in &percentiles {
                line.percentile x1=(axis.place(*value)) x2=(axis.place(*value)) y1="0" y2=(FULL) {
                    title { (name) ": " (measured(measure.unit, *value)) }
                }
            }
        },
        beside: counts.marks(&["", "k", "M", "G", "T", "P", "E"]),
        below: axis.marks(measure.unit),
        above: together(percentiles.iter().map(|(name, value)| (*name, axis.place(*value)))),
    };
    html! { figure { figcaption { (measure.name) } (plot.markup()) } }
}

fn percentiles(distribution: &Distribution) -> Vec<(&'static str, u64)> {
    let values = distribution.percentiles([50.0, 90.0, 99.0]);
    values.map(|values| ["p50", "p90", "p99"].into_iter().zip(values).collect()).unwrap_or_default()
}

/// Marks of rising places, in one where they are close to each other.
fn together<'a>(marks: impl Iterator<Item = (&'a str, u64)>) -> Vec<Mark> {
    let mut groups: Vec<(String, u64, u64)> = Vec::new();
    for (name, place) in marks {
        match groups.last_mut() {
            Some((names, _, last)) if place.saturating_sub(*last) < APART => {
                *names += " ";
                *names += name;
                *last = place;
            }
            _ => groups.push((name.to_owned(), place, place)),
        }
    }
    groups.into_iter().map(|(text, first, last)| Mark { place: first.midpoint(last), text }).collect()
}

/// What lies between a power of two and the next one.
#[derive(Debug, PartialEq, Eq)]
struct Bin {
    from: u64,
    place: u64,
    count: u64,
}

/// From the smallest to the largest; zeros go with ones.
fn bins(distribution: &Distribution, axis: &Powers) -> Vec<Bin> {
    let buckets = distribution.buckets();
    let count = |wanted: u32| {
        buckets.iter().filter(|(value, _)| power(*value) == wanted).map(|(_, count)| count).sum()
    };
    axis.bins().map(|(power, place)| Bin { from: 1 << power, place, count: count(power) }).collect()
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
        let axis = Powers::over([0, 63].into_iter());
        let found: Vec<(u64, u64)> =
            bins(&distribution, &axis).into_iter().map(|bin| (bin.from, bin.count)).collect();
        assert_eq!(found, [(1, 3), (2, 0), (4, 1), (8, 0), (16, 0), (32, 2)]);
    }

    #[test]
    fn marks_that_are_close_are_one() {
        let marks = together([("p50", 0), ("p90", 9_000), ("p99", 10_000)].into_iter());
        let marks: Vec<(&str, u64)> = marks.iter().map(|mark| (&*mark.text, mark.place)).collect();
        assert_eq!(marks, [("p50", 0), ("p90 p99", 9_500)]);
    }
}
