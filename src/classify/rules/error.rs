//! What is wrong with a file of rules.

use std::fmt;

use super::{MAX_CLAIMS, MAX_RULES, Rules};
use crate::classify::rows::RowProblem;
use crate::net::{Network, NetworkError, Transport};

/// Rules that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct RulesError {
    /// The file, as it was named.
    pub file: String,
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong there.
    pub problem: RuleProblem,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// The file is too long.
    #[error("more than {} bytes of rules", Rules::MAX_TEXT)]
    TooLong,
    /// Too many rules.
    #[error("more than {MAX_RULES} rules")]
    TooManyRules,
    /// The rules name too many pairs of ports and hosts.
    #[error("more than {MAX_CLAIMS} pairs of ports and hosts in all rules")]
    TooManyClaims,
    /// Not as TOML is written, or not the keys and values of a rule.
    #[error("{0}")]
    Form(String),
    /// A line without what follows the name.
    #[error("no port/protocol after \"{0}\"")]
    NoPort(String),
    /// What the table would not take from a row of its own either.
    #[error(transparent)]
    Row(#[from] RowProblem),
    /// No network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// No name of a category: empty, or with what no service name may have in it.
    #[error("bad category \"{0}\"")]
    Category(String),
    /// `unknown`, which says that a port has no name.
    #[error("\"unknown\" stands for ports without a name: a rule cannot give it")]
    Unknown,
    /// A list of ports, transports or hosts that is there and empty.
    #[error("\"{0}\" is empty")]
    Empty(&'static str),
    /// Another rule that is as specific says something else.
    #[error(transparent)]
    Conflict(Box<Conflict>),
}

/// Two rules of which neither is more specific, with different names or categories for the same ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Conflict {
    /// The line of the other rule, the earlier one.
    pub other_line: u64,
    /// The names, this rule's first.
    pub services: [String; 2],
    /// The categories, this rule's first.
    pub categories: [String; 2],
    /// The transport.
    pub transport: Transport,
    /// The first and the last port that both claim.
    pub ports: (u16, u16),
    /// Where both claim them; `None` if everywhere.
    pub network: Option<Network>,
}

impl fmt::Display for Conflict {
    /// `"orders" and "billing" (line 5) both claim 9000/tcp on 10.20.0.0/16`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([service, other], line) = (&self.services, self.other_line);
        if service == other {
            let [category, other] = &self.categories;
            write!(f, "\"{service}\" in \"{category}\" and in \"{other}\" (line {line})")?;
        } else {
            write!(f, "\"{service}\" and \"{other}\" (line {line})")?;
        }
        let (first, last) = self.ports;
        write!(f, " both claim {first}")?;
        if first != last {
            write!(f, "-{last}")?;
        }
        write!(f, "/{}", self.transport)?;
        self.network.map_or(Ok(()), |network| write!(f, " on {network}"))
    }
}
