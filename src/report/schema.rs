//! JSON Schema of every document, made from the types that write it.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::{changes, explanation, flows, interval, json};

/// A document that programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// The summary of a capture.
    Summary,
    /// A line of the flow records in NDJSON.
    Flow,
    /// A line of the intervals of a live capture in NDJSON.
    Interval,
    /// Why a port pair is decided so.
    Explain,
    /// Why the flows of an endpoint are decided so.
    ExplainEndpoint,
    /// What changed from one summary to another.
    Diff,
    /// What the port table knows.
    Lookup,
    /// What rules change.
    Rules,
}

impl DocumentKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Summary,
        Self::Flow,
        Self::Interval,
        Self::Explain,
        Self::ExplainEndpoint,
        Self::Diff,
        Self::Lookup,
        Self::Rules,
    ];

    /// The name of the schema without its version: `summary` of `portolan.summary/1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Flow => "flow",
            Self::Interval => "interval",
            Self::Explain => "explain",
            Self::ExplainEndpoint => "explain-endpoint",
            Self::Diff => "diff",
            Self::Lookup => "lookup",
            Self::Rules => "rules",
        }
    }

    /// Its JSON Schema (draft 2020-12). Fields may be added to a document, so it does not forbid others.
    pub fn schema(self) -> serde_json::Value {
        let mut schema = match self {
            Self::Summary => json::schema(),
            Self::Flow => flows::schema(),
            Self::Interval => interval::schema(),
            Self::Explain => explanation::schema(),
            Self::ExplainEndpoint => explanation::endpoint_schema(),
            Self::Diff => changes::schema(),
            Self::Lookup => json::lookup_schema(),
            Self::Rules => json::rules_schema(),
        };
        let name = self.name();
        schema.insert("$id".to_owned(), format!("urn:portolan:{name}:1").into());
        schema.insert("title".to_owned(), format!("portolan.{name}/1").into());
        schema.into()
    }
}

/// The schema of what a type is written as.
pub(super) fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
