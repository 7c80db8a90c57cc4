//! What rules change, for people.

use std::fmt::Write as _;
use std::io;

use super::page::{Page, Tone};
use crate::classify::{Before, CheckedRule, PortTable, Rank, Rule};
use crate::net::Transport;
use crate::report::rules::RulesReport;
use crate::report::units::counted;
use crate::report::words;

/// Where the texts beside lines begin.
const MARGIN: usize = 14;
/// Lines on what the ports of a rule were.
const MOST_BEFORE: usize = 8;

/// Writes how many rules there are, each with what it changes, and those that change nothing.
pub(super) fn write(report: &RulesReport<'_>, page: &mut Page<'_>) -> io::Result<()> {
    page.paragraph(0, Tone::Strong, &headline(report))?;
    if report.rows().next().is_some() {
        page.title("Rules")?;
    }
    for (rule, checked) in report.rows() {
        let before = before_in_words(rule, checked, report.table);
        let mut text = rule_in_words(rule, checked);
        if before.is_empty() && rule.rank == Rank::Rule {
            text += ", as it was";
        }
        page.entry(2, &line(rule.line), MARGIN, Tone::Strong, &text)?;
        for text in before.iter().take(MOST_BEFORE) {
            page.entry(2, "", MARGIN, Tone::Plain, text)?;
        }
        if before.len() > MOST_BEFORE {
            let more = format!("… {}", counted((before.len() - MOST_BEFORE) as u64, "more range"));
            page.entry(2, "", MARGIN, Tone::Soft, &more)?;
        }
    }
    let mut covered = report.rows().filter(|(_, checked)| !checked.covered_by.is_empty()).peekable();
    if covered.peek().is_some() {
        page.title("Without effect")?;
    }
    for (rule, checked) in covered {
        page.entry(2, &line(rule.line), MARGIN, Tone::Alarm, &covered_in_words(rule, checked))?;
    }
    Ok(())
}

fn line(number: u64) -> String {
    format!("Line {number}")
}

/// `rules.toml: 3 rules, 1 of them for some hosts alone`.
fn headline(report: &RulesReport<'_>) -> String {
    let rules = report.rules.rules();
    let mut text = format!("{}: {}", report.rules.file(), counted(rules.len() as u64, "rule"));
    let scoped = rules.iter().filter(|rule| !rule.hosts.is_empty()).count();
    if scoped > 0 {
        let _ = write!(text, ", {scoped} of them for some hosts alone");
    }
    if report.rules.left_out() > 0 {
        let left_out = counted(report.rules.left_out(), "line");
        let _ = write!(text, "; {left_out} of other protocols left out");
    }
    text
}

/// `orders, database: 9000, 9100-9110/tcp on 10.20.0.0/16`.
fn rule_in_words(rule: &Rule, checked: &CheckedRule) -> String {
    let ports: Vec<String> = rule.ports.iter().map(|&(first, last)| words::ports(first, last)).collect();
    let transports: Vec<&str> = rule.transports().map(Transport::name).collect();
    let ports = format!("{}/{}", ports.join(", "), transports.join("+"));
    let what = if rule.rank == Rank::Alternate { ", another name" } else { "" };
    let is_new = if checked.is_new_category { " (a new category)" } else { "" };
    let mut text = format!("{}, {}{is_new}{what}: {ports}", rule.service, checked.category);
    if !rule.hosts.is_empty() {
        let hosts: Vec<String> = rule.hosts.iter().map(ToString::to_string).collect();
        let _ = write!(text, " on {}", hosts.join(", "));
    }
    text
}

/// What the rule changes: `9000/tcp was cslistener (application)`, once for all transports that had the same.
fn before_in_words(rule: &Rule, checked: &CheckedRule, table: &PortTable) -> Vec<String> {
    let is_changed = |run: &&Before| {
        let (name, category) = (table.service_name(run.entry.service), table.category(run.entry.category));
        (name, &*category.id) != (rule.service.as_str(), checked.category.as_str())
    };
    let same = |one: &Before, other: &Before| {
        let key = |before: &Before| (before.first, before.last, before.entry.service, before.entry.category);
        key(one) == key(other)
    };
    let mut merged: Vec<(&Before, Vec<&str>)> = Vec::new();
    for run in checked.before.iter().filter(is_changed) {
        // Those of one range follow each other, a transport after the other.
        let near = merged.len().saturating_sub(MOST_BEFORE);
        match merged[near..].iter_mut().find(|(other, _)| same(other, run)) {
            Some((_, transports)) => transports.push(run.transport.name()),
            None => merged.push((run, vec![run.transport.name()])),
        }
    }
    let tell = |(run, transports): (&Before, Vec<&str>)| {
        let ports = format!("{}/{}", words::ports(run.first, run.last), transports.join("+"));
        let entry = run.entry;
        if entry.is_listed() {
            let (name, category) = (table.service_name(entry.service), table.category(entry.category));
            format!("{ports} was {name} ({})", category.id)
        } else {
            format!("{ports} was nothing")
        }
    };
    merged.into_iter().map(tell).collect()
}

fn covered_in_words(rule: &Rule, checked: &CheckedRule) -> String {
    let lines: Vec<String> = checked.covered_by.iter().map(ToString::to_string).collect();
    let (noun, verb) = if lines.len() == 1 { ("line", "wins") } else { ("lines", "win") };
    format!("{} never wins: {noun} {} {verb} wherever it holds", rule.service, lines.join(", "))
}
