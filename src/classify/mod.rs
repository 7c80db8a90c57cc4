//! Which service a flow is: the port table, the evidence, the decision.
//!
//! [`decide`] is a function of one flow, the table, and what was learned of endpoints. It allocates nothing, so that every
//! flow can be decided; [`explain`](fn@explain) and [`candidates`] say on request why, and what else the flow may be.

mod builder;
mod confidence;
mod decision;
mod digest;
mod evidence;
mod explain;
mod learned;
mod listing;
mod names;
mod observed;
mod rows;
mod rules;
mod scopes;
mod table;

pub use confidence::Confidence;
pub use decision::{Basis, Decision, decide};
pub use evidence::{EvidenceKind, is_in_doubt, may_be_in_doubt, weigh};
pub use explain::{Candidate, Evidence, Explanation, candidates, explain};
pub use learned::{Habits, Learned};
pub use listing::{Category, CategoryId, Entry, Listing, Origin, Rank, ServiceId, Standing};
pub use observed::{Observed, Opening};
pub use rows::{RowError, RowProblem};
pub use rules::{Before, CheckedRule, Conflict, Rule, RuleProblem, Rules, RulesError};
pub use scopes::ScopedListing;
pub use table::PortTable;
