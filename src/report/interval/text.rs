//! An interval as one line.

use std::io::{self, Write};

use super::categories;
use crate::report::units::{bit_rate, clock, counted, percent, thousands};
use crate::report::view::Share;
use crate::summary::{IntervalSummary, Loss};

/// Categories that a line names.
const NAMED: usize = 4;

pub(super) fn write_header(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:<12} {:>12} {:>11} {:>7}  categories by bytes", "until", "rate", "packets/s", "flows")
}

pub(super) fn write(interval: &IntervalSummary, out: &mut dyn Write) -> io::Result<()> {
    let nanos = interval.span.map_or(1, |(start, end)| end.nanos_since(start)).max(1);
    let per_second =
        |count: u64| u64::try_from(u128::from(count) * 1_000_000_000 / u128::from(nanos)).unwrap_or(u64::MAX);
    let flows: u64 = interval.services.values().map(|totals| totals.flows).sum();
    write!(
        out,
        "{:<12} {:>12} {:>11} {:>7}  {}",
        clock(interval.span.map(|(_, end)| end)),
        bit_rate(per_second(interval.capture.wire_bytes)),
        thousands(per_second(interval.capture.packets)),
        thousands(flows),
        named(interval),
    )?;
    writeln!(out, "{}{}", failures(interval), loss(interval.loss))
}

fn named(interval: &IntervalSummary) -> String {
    let whole = interval.capture.wire_bytes;
    let share = |bytes: u64| percent(Share { part: bytes, whole });
    let mut shares: Vec<String> = categories(interval)
        .iter()
        .take(NAMED)
        .map(|(name, _, totals)| format!("{name} {}", share(totals.volume().bytes)))
        .collect();
    let without_ports = interval.unclassified.total().bytes;
    if without_ports > 0 {
        shares.push(format!("without ports {}", share(without_ports)));
    }
    if shares.is_empty() { "nothing".to_owned() } else { shares.join(", ") }
}

fn failures(interval: &IntervalSummary) -> String {
    let sum = |which: fn(&crate::summary::Begun) -> u64| -> u64 {
        interval.services.values().map(|totals| which(&totals.begun)).sum()
    };
    match (sum(|begun| begun.refused), sum(|begun| begun.unanswered.saturating_sub(begun.refused))) {
        (0, 0) => String::new(),
        (refused, 0) => format!("; refused {}", thousands(refused)),
        (0, unanswered) => format!("; unanswered {}", thousands(unanswered)),
        (refused, unanswered) => {
            format!("; refused {}, unanswered {}", thousands(refused), thousands(unanswered))
        }
    }
}

fn loss(loss: Loss) -> String {
    let dropped = loss.kernel_dropped + loss.interface_dropped;
    match (dropped, loss.evicted_flows) {
        (0, 0) => String::new(),
        (dropped, 0) => format!("; LOST {}", counted(dropped, "packet")),
        (0, evicted) => format!("; EVICTED {}", counted(evicted, "flow")),
        (dropped, evicted) => {
            format!("; LOST {}, EVICTED {}", counted(dropped, "packet"), counted(evicted, "flow"))
        }
    }
}
