//! Why flows were decided as they were, for people and as JSON.

mod document;
mod flows;
mod text;

pub(super) use document::schema;
pub(super) use flows::endpoint_schema;

pub use flows::{ExplainTarget, ExplainedFlows, TargetError};

use std::io::{self, Write};

use super::text::Page;
use super::{AnswerFormat, ReportOptions};
use crate::classify::{Explanation, PortTable};
use crate::net::Side;

/// An explanation, and what it takes to tell it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What was decided, and why.
    pub explanation: &'a Explanation,
    /// The side that stands first: the sender of the packet that the question is about.
    pub source: Side,
    /// The table that the explanation's ids belong to.
    pub table: &'a PortTable,
}

/// Writes an explanation; as JSON, one object of the schema `portolan.explain/1` and a newline.
pub(super) fn write(
    format: AnswerFormat,
    told: &Told<'_>,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        AnswerFormat::Text => text::write(told, &mut Page::new(out, options)),
        AnswerFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &document::Document::of(told))?;
            out.write_all(b"\n")
        }
    }
}
