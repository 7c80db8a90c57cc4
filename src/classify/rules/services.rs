//! Rules in the form of `/etc/services`: `name port/protocol alias… # comment`.

use std::collections::HashSet;

use super::{MAX_RULES, Problem, Rule, RuleProblem, service};
use crate::classify::listing::Rank;
use crate::classify::rows;
use crate::net::Transport;

/// The rules of a text, and how many lines were left out for their protocol.
pub(super) fn read(text: &str) -> Result<(Vec<Rule>, u64), Problem> {
    let (mut rules, mut left_out) = (Vec::new(), 0);
    let mut named = HashSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let Some(name) = words.next() else { continue };
        let read = rule(name, words).map_err(|problem| (number, problem))?;
        let Some((transport, rule)) = read else {
            left_out += 1;
            continue;
        };
        if rules.len() == MAX_RULES {
            return Err((number, RuleProblem::TooManyRules));
        }
        let is_first = named.insert((transport, rule.ports[0]));
        let rank = if is_first { Rank::Rule } else { Rank::Alternate };
        rules.push(Rule { line: number, rank, ..rule });
    }
    Ok((rules, left_out))
}

/// The rule of a line and its transport; `None` if that has no ports that we know of.
fn rule<'t>(
    name: &str,
    mut words: impl Iterator<Item = &'t str>,
) -> Result<Option<(Transport, Rule)>, RuleProblem> {
    let port = words.next().ok_or_else(|| RuleProblem::NoPort(name.to_owned()))?;
    let (port, protocol) = port
        .split_once('/')
        .filter(|(_, protocol)| !protocol.is_empty())
        .ok_or_else(|| RuleProblem::NoPort(name.to_owned()))?;
    let port = rows::port(port)?;
    let Some(transport) = Transport::from_name(protocol) else { return Ok(None) };
    let rule = Rule {
        line: 0,
        service: service(name)?,
        aliases: words.map(service).collect::<Result<_, _>>()?,
        category: None,
        transports: Transport::ALL.map(|other| other == transport),
        ports: vec![(port, port)],
        hosts: Vec::new(),
        rank: Rank::Rule,
    };
    Ok(Some((transport, rule)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_names_ports_and_aliases() {
        let text =
            "# services\n\nHTTP\t80/tcp  www WWW-http # the web\nrtmp 1/ddp\r\nweb 80/TCP\nweb 80/sctp\n";
        let (rules, left_out) = read(text).expect("services");
        let told: Vec<_> =
            rules.iter().map(|rule| (rule.line, &*rule.service, rule.ports[0].0, rule.rank)).collect();
        assert_eq!(
            told,
            [(3, "http", 80, Rank::Rule), (5, "web", 80, Rank::Alternate), (6, "web", 80, Rank::Rule)]
        );
        assert_eq!(rules[0].aliases, ["www", "www-http"]);
        assert_eq!(rules[2].transports().collect::<Vec<_>>(), [Transport::Sctp]);
        assert_eq!(left_out, 1);
    }

    #[test]
    fn a_line_that_is_none_is_told() {
        for (line, problem) in [
            ("http", "no port/protocol after \"http\""),
            ("http 80", "no port/protocol after \"http\""),
            ("http 80/ www", "no port/protocol after \"http\""),
            ("http 65536/tcp", "bad port \"65536\""),
            ("http +80/tcp", "bad port \"+80\""),
            ("http /tcp", "bad port \"\""),
            ("ht\"tp 80/tcp", "bad service name \"ht\"tp\""),
            ("http 80/tcp \"", "bad service name \"\"\""),
            ("Unknown 80/tcp", "\"unknown\" stands for ports without a name: a rule cannot give it"),
        ] {
            let (number, found) = read(&format!("ssh 22/tcp\n{line}\n")).expect_err(line);
            assert_eq!((number, found.to_string().as_str()), (2, problem));
        }
    }
}
