//! The user's rules: which service ports are, everywhere or on some hosts.
//!
//! A file of rules is TOML, or has the form of `/etc/services`; which of them, its content tells. The rule that is more
//! specific wins: one with hosts before one without, the longer prefix, then the narrower range of ports.

mod check;
mod claims;
mod error;
mod services;
mod toml;

pub use check::{Before, CheckedRule};
pub use error::{Conflict, RuleProblem, RulesError};

pub(super) use claims::{Claim, Stretch, claims, stretches};

use super::digest;
use super::listing::Rank;
use super::rows;
use crate::net::{Network, Transport};

/// Rules that a file may have.
const MAX_RULES: usize = 65_536;
/// Pairs of a range of ports and a network that the rules of a file may name, counted once a transport.
const MAX_CLAIMS: usize = 262_144;

/// The rules of one file.
///
/// ```
/// use portolan::classify::{PortTable, Rules};
/// use portolan::net::{Endpoint, Transport};
///
/// let text = r#"
/// [[rule]]
/// name = "orders"
/// category = "database"
/// transport = "tcp"
/// ports = [9000, "9100-9110"]
/// hosts = ["10.20.0.0/16"]
/// "#;
/// let table = PortTable::built_in().with_rules(&Rules::read("rules.toml", text)?)?;
/// let entry = table.entry_at(Transport::Tcp, Endpoint::new([10, 20, 0, 7].into(), 9000));
/// assert_eq!(table.service_name(entry.service), "orders");
/// let entry = table.entry(Transport::Tcp, 9000);
/// assert_eq!(table.service_name(entry.service), "php-fpm");
/// # Ok::<(), portolan::classify::RulesError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    file: String,
    list: Vec<Rule>,
    left_out: u64,
    digest: u32,
}

/// One rule as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The line where it begins, counted from 1.
    pub line: u64,
    /// The name of the service, in lower case.
    pub service: String,
    /// What people say for it.
    pub aliases: Vec<String>,
    /// The category, in lower case; `None` for the one that the table has the service in.
    pub category: Option<String>,
    /// Whether it speaks of a transport, in the order of [`Transport::ALL`].
    pub transports: [bool; Transport::ALL.len()],
    /// Ranges of ports, with both ends.
    pub ports: Vec<(u16, u16)>,
    /// Where it holds; empty if everywhere.
    pub hosts: Vec<Network>,
    /// [`Rank::Rule`]; [`Rank::Alternate`] for a name that comes after the first one of a port in `/etc/services`.
    pub rank: Rank,
}

impl Rule {
    /// The transports that it speaks of.
    pub fn transports(&self) -> impl Iterator<Item = Transport> + Clone {
        let named = self.transports;
        Transport::ALL.into_iter().filter(move |transport| named[*transport as usize])
    }
}

impl Rules {
    /// Bytes that a file of rules may have.
    pub const MAX_TEXT: usize = 16 << 20;

    /// Reads the rules of a text; `file` is what errors call it.
    ///
    /// # Errors
    /// The first line that is not as it has to be. Whether rules clash depends on the categories of the table, so
    /// [`PortTable::with_rules`](super::PortTable::with_rules) says that.
    pub fn read(file: &str, text: &str) -> Result<Self, RulesError> {
        let error = |(line, problem)| RulesError { file: file.to_owned(), line, problem };
        if text.len() > Self::MAX_TEXT {
            return Err(error((1, RuleProblem::TooLong)));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (list, left_out) = if is_toml(text) {
            (toml::read(text).map_err(error)?, 0)
        } else {
            services::read(text).map_err(error)?
        };
        Ok(Self { file: file.to_owned(), list, left_out, digest: digest::fnv_1a(&[text]) })
    }

    /// What the file was called.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The rules, as the file lists them.
    pub fn rules(&self) -> &[Rule] {
        &self.list
    }

    /// How many lines of `/etc/services` were left out, since their protocol is neither TCP, UDP nor SCTP.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Eight hexadecimal digits that change whenever the file does; nothing where there are no rules.
    pub(super) fn digest(&self) -> Option<u32> {
        Some(self.digest).filter(|_| !self.list.is_empty())
    }

    pub(super) fn error(&self, rule: &Rule, problem: impl Into<RuleProblem>) -> RulesError {
        RulesError { file: self.file.clone(), line: rule.line, problem: problem.into() }
    }
}

/// A line and what is wrong with it.
type Problem = (u64, RuleProblem);

/// Whether a text is TOML rather than lines of `/etc/services`: whether its first line that says something is a table
/// or sets a key.
fn is_toml(text: &str) -> bool {
    let says = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    let first = text.lines().map(says).find(|line| !line.is_empty());
    first.is_some_and(|line| line.starts_with('[') || line.contains('='))
}

/// The name of a service in lower case, checked.
fn service(name: &str) -> Result<String, RuleProblem> {
    match rows::service(name)?.to_ascii_lowercase() {
        name if name == "unknown" => Err(RuleProblem::Unknown),
        name => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_says_something_tells_the_form() {
        for text in
            ["[[rule]]", "# rules\n\n  [[ rule ]] # of mine\n", "rule = []", "\r\nrule=[{name='a/b'}]"]
        {
            assert!(is_toml(text), "{text}");
        }
        for text in ["", "# a = b\n", "http 80/tcp # = www\n", "http", "{}"] {
            assert!(!is_toml(text), "{text}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused_unread() {
        let error = Rules::read("long", &" ".repeat(Rules::MAX_TEXT + 1)).expect_err("too long");
        assert_eq!(error.to_string(), "long:1: more than 16777216 bytes of rules");
        let many = "a 1/tcp\n".repeat(MAX_RULES);
        assert_eq!(Rules::read("many", &many).expect("just enough").rules().len(), MAX_RULES);
        let error = Rules::read("many", &(many + "a 2/tcp\n")).expect_err("too many");
        assert_eq!(error.to_string(), "many:65537: more than 65536 rules");
    }

    #[test]
    fn nothing_is_no_rules() {
        let rules = Rules::read("none", "\u{feff}\n# nothing\n").expect("nothing is wrong with nothing");
        assert_eq!((rules.rules(), rules.left_out(), rules.digest()), (&[][..], 0, None));
    }
}
