//! What rules change, schema `portolan.rules/1`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::classify::{Before, CheckedRule, PortTable, Rule};
use crate::net::Transport;
use crate::report::rules::RulesReport;

#[derive(JsonSchema, Serialize)]
pub(super) struct Document<'a> {
    #[schemars(extend("const" = "portolan.rules/1"))]
    schema: &'static str,
    /// The version of the table that the rules were compared with.
    table: String,
    file: &'a str,
    rules: Vec<Row<'a>>,
    /// Lines whose protocol has no ports that we know of.
    left_out: u64,
}

#[derive(JsonSchema, Serialize)]
struct Row<'a> {
    line: u64,
    service: &'a str,
    aliases: &'a [String],
    category: &'a str,
    new_category: bool,
    rank: &'static str,
    transports: Vec<&'static str>,
    ports: Vec<Ports>,
    hosts: Vec<String>,
    before: Vec<Was<'a>>,
    /// Lines of the rules that win in its stead; empty if it wins somewhere.
    covered_by: Vec<u64>,
}

#[derive(JsonSchema, Serialize)]
struct Ports {
    first: u16,
    last: u16,
}

/// What ports were without the rules; `null` if they had no name.
#[derive(JsonSchema, Serialize)]
struct Was<'a> {
    transport: &'static str,
    #[serde(flatten)]
    ports: Ports,
    service: Option<&'a str>,
    category: Option<&'a str>,
}

impl<'a> Document<'a> {
    pub(super) fn of(report: &'a RulesReport<'_>) -> Self {
        Self {
            schema: "portolan.rules/1",
            table: report.table.version(),
            file: report.rules.file(),
            rules: report.rows().map(|(rule, checked)| Row::of(rule, checked, report.table)).collect(),
            left_out: report.rules.left_out(),
        }
    }
}

impl<'a> Row<'a> {
    fn of(rule: &'a Rule, checked: &'a CheckedRule, table: &'a PortTable) -> Self {
        Self {
            line: rule.line,
            service: &rule.service,
            aliases: &rule.aliases,
            category: &checked.category,
            new_category: checked.is_new_category,
            rank: rule.rank.name(),
            transports: rule.transports().map(Transport::name).collect(),
            ports: rule.ports.iter().map(|&(first, last)| Ports { first, last }).collect(),
            hosts: rule.hosts.iter().map(ToString::to_string).collect(),
            before: checked.before.iter().map(|before| Was::of(before, table)).collect(),
            covered_by: checked.covered_by.iter().copied().collect(),
        }
    }
}

impl<'a> Was<'a> {
    fn of(before: &Before, table: &'a PortTable) -> Self {
        let entry = before.entry;
        Self {
            transport: before.transport.name(),
            ports: Ports { first: before.first, last: before.last },
            service: entry.is_listed().then(|| table.service_name(entry.service)),
            category: entry.is_listed().then(|| &*table.category(entry.category).id),
        }
    }
}
