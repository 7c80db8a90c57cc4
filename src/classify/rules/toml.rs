//! Rules in the form of TOML: a table `[[rule]]` for each.

use std::fmt;
use std::str::FromStr as _;

use ::toml::Spanned;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::{MAX_RULES, Problem, Rule, RuleProblem, service};
use crate::classify::listing::Rank;
use crate::classify::rows;
use crate::net::{Network, Transport};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    rule: Vec<Spanned<WrittenRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    name: Spanned<String>,
    category: Option<Spanned<String>>,
    transport: Option<Spanned<Words>>,
    ports: Spanned<Words>,
    hosts: Option<Spanned<Words>>,
}

/// Words or numbers, one or a list of them.
enum Words {
    One(String),
    Several(Vec<Spanned<Word>>),
}

/// A word, or a number by its digits: what is wrong with it is to be said in the words of the table's own rows.
struct Word(String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor).map(Self)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Words, E> {
        WordVisitor.visit_i64(number).map(Words::One)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Words, E> {
        WordVisitor.visit_str(text).map(Words::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(word);
        }
        Ok(Words::Several(words))
    }
}

struct WordVisitor;

impl Visitor<'_> for WordVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a string")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

/// The rules of a text.
pub(super) fn read(text: &str) -> Result<Vec<Rule>, Problem> {
    let lines = Lines::of(text);
    let document: Document = ::toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| lines.at(span.start));
        (line, RuleProblem::Form(one_line(error.message())))
    })?;
    if let Some(first_too_many) = document.rule.get(MAX_RULES) {
        return Err((lines.at(first_too_many.span().start), RuleProblem::TooManyRules));
    }
    document.rule.into_iter().map(|rule| lines.rule(&rule)).collect()
}

/// What a parser says in several lines, in one.
fn one_line(message: &str) -> String {
    message.lines().map(str::trim).collect::<Vec<_>>().join(", ")
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(std::iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect())
    }

    /// The line of a place, counted from 1.
    fn at(&self, place: usize) -> u64 {
        self.0.partition_point(|start| *start <= place) as u64
    }

    fn rule(&self, rule: &Spanned<WrittenRule>) -> Result<Rule, Problem> {
        let line = self.at(rule.span().start);
        let rule = rule.get_ref();
        let transports = match &rule.transport {
            Some(written) => self.transports(written)?,
            None => Transport::ALL.map(|transport| matches!(transport, Transport::Tcp | Transport::Udp)),
        };
        let hosts = match &rule.hosts {
            Some(written) => self.each("hosts", written, |host| Ok(Network::from_str(host)?))?,
            None => Vec::new(),
        };
        Ok(Rule {
            line,
            service: self.check(&rule.name, |name| service(name))?,
            aliases: Vec::new(),
            category: rule
                .category
                .as_ref()
                .map(|written| self.check(written, |name| category(name)))
                .transpose()?,
            transports,
            ports: self.each("ports", &rule.ports, ports)?,
            hosts,
            rank: Rank::Rule,
        })
    }

    fn transports(&self, written: &Spanned<Words>) -> Result<[bool; Transport::ALL.len()], Problem> {
        let named = self.each("transport", written, |name| Ok(rows::transports(name)?))?;
        Ok(Transport::ALL.map(|transport| named.iter().any(|named| named[transport as usize])))
    }

    /// What `read` makes of every word of a list, which has to have one.
    fn each<T>(
        &self,
        key: &'static str,
        written: &Spanned<Words>,
        read: impl Fn(&str) -> Result<T, RuleProblem>,
    ) -> Result<Vec<T>, Problem> {
        let line = self.at(written.span().start);
        match written.get_ref() {
            Words::One(word) => read(word).map(|value| vec![value]).map_err(|problem| (line, problem)),
            Words::Several(words) if words.is_empty() => Err((line, RuleProblem::Empty(key))),
            Words::Several(words) => {
                words.iter().map(|word| self.check(word, |word| read(&word.0))).collect()
            }
        }
    }

    fn check<W, T>(
        &self,
        written: &Spanned<W>,
        read: impl Fn(&W) -> Result<T, RuleProblem>,
    ) -> Result<T, Problem> {
        read(written.get_ref()).map_err(|problem| (self.at(written.span().start), problem))
    }
}

/// A port, or two with `-` between them.
fn ports(text: &str) -> Result<(u16, u16), RuleProblem> {
    // A number below 0 is no range.
    let cut = text.split_once('-').filter(|(first, _)| !first.is_empty());
    let (first, last) = cut.map_or((text, text), |(first, last)| (first.trim(), last.trim()));
    Ok(rows::range(first, last)?)
}

/// The name of a category in lower case: what may be in it is what may be in that of a service.
fn category(name: &str) -> Result<String, RuleProblem> {
    match service(name) {
        Err(RuleProblem::Row(_)) => Err(RuleProblem::Category(name.to_owned())),
        checked => checked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "[[rule]]\nname = \"orders\"\nports = [9000]\n\n";

    #[test]
    fn a_rule_has_the_keys_that_are_written() {
        let text = "# mine\n[[rule]]\nname = 'Orders'\ncategory = 'Shop'\ntransport = ['UDP', 'sctp']\n\
                    ports = [9000, '9100-9110', '7']\nhosts = ['10.20.0.0/16', '::1']\n\n\
                    [[rule]]\nname = 'b'\ntransport = 'tcp'\nports = 1\nhosts = '10.0.0.5'";
        let rules = read(text).expect("rules");
        let [orders, b] = &rules[..] else { panic!("{rules:?}") };
        assert_eq!((orders.line, &*orders.service, orders.category.as_deref()), (2, "orders", Some("shop")));
        assert_eq!(orders.transports, [false, true, true]);
        assert_eq!(orders.ports, [(9000, 9000), (9100, 9110), (7, 7)]);
        let hosts: Vec<_> = orders.hosts.iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["10.20.0.0/16", "::1"]);
        assert_eq!((b.line, b.category.as_deref(), &b.ports[..]), (9, None, &[(1, 1)][..]));
        assert_eq!((b.transports, b.hosts.len()), ([true, false, false], 1));
        assert_eq!(read(RULE).expect("a rule")[0].transports, [true, true, false]);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, problem) in [
            ("[[rule]]\nname = 'a'\nports = [1,\n 2,\n 70000]", 5, "bad port \"70000\""),
            ("[[rule]]\nname = 'a'\nports = [-1]", 3, "bad port \"-1\""),
            ("[[rule]]\nname = 'a'\nports = -1", 3, "bad port \"-1\""),
            ("[[rule]]\nname = 'a'\nports = ['5-']", 3, "bad port \"\""),
            ("[[rule]]\nname = 'a'\nports = ['1-2-3']", 3, "bad port \"2-3\""),
            ("[[rule]]\nname = 'a'\nports = ['9-8']", 3, "ports 9-8 end before they begin"),
            ("[[rule]]\nname = 'a'\nports = []", 3, "\"ports\" is empty"),
            ("[[rule]]\nname = 'a'\nports = 1\nhosts = []", 4, "\"hosts\" is empty"),
            ("[[rule]]\nname = 'a'\nports = 1\ntransport = []", 4, "\"transport\" is empty"),
            ("[[rule]]\nname = 'a'\nports = 1\ntransport = 'icmp'", 4, "bad transport \"icmp\""),
            (
                "[[rule]]\nname = 'a'\nports = 1\nhosts = ['10.0.0.0/40']",
                4,
                "bad address or network \"10.0.0.0/40\"",
            ),
            (
                "[[rule]]\nname = 'a'\nports = 1\nhosts = [\n'10.20.0.1/16']",
                5,
                "10.20.0.1/16 has bits beyond its prefix: the network would be 10.20.0.0/16",
            ),
            ("[[rule]]\nports = 1\nname = 'a b'", 3, "bad service name \"a b\""),
            ("[[rule]]\nports = 1\nname = 'a'\ncategory = ''", 4, "bad category \"\""),
            (
                "[[rule]]\nports = 1\nname = 'UNKNOWN'",
                3,
                "\"unknown\" stands for ports without a name: a rule cannot give it",
            ),
        ] {
            let (found, error) = read(&format!("{RULE}{text}")).expect_err(text);
            assert_eq!((found - 4, error.to_string().as_str()), (line, problem), "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_told_with_its_line() {
        for (text, line, problem) in [
            ("[[rule]]\nname = 'a'\nport = [1]", 3, "unknown field `port`"),
            ("[[rule]]\nname = 'a'", 1, "missing field `ports`"),
            ("\n[[rule]]\nports = 1", 2, "missing field `name`"),
            ("[[rule]]\nname = 1\nports = 1", 2, "invalid type: integer `1`, expected a string"),
            ("[[rule]]\nname = 'a'\nports = [1.5]", 3, "expected a number or a string"),
            ("[[rule]]\nname = 'a'\nports = {}", 3, "expected a list"),
            ("[rules]", 1, "unknown field `rules`"),
            ("[[rule]]\nname = 'a\nports = 1", 2, ""),
            ("[[rule]]\nname = 'a'\nname = 'b'\n", 3, "duplicate key"),
            ("[[rule]]\nname = 'a'\nports = 99999999999999999999\n", 3, ""),
            ("rule = 1", 1, "expected a sequence"),
        ] {
            let (found, error) = read(text).expect_err(text);
            let told = error.to_string();
            assert!(found == line && told.contains(problem) && !told.contains('\n'), "{found}: {told}");
        }
    }
}
