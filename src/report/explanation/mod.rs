//! Why a flow was decided as it was, for people and as JSON.

mod document;
mod flows;
mod text;

pub use flows::{ExplainTarget, ExplainedFlows, TargetError};

use std::io::{self, Write};

use super::ReportOptions;
use super::text::Page;
use crate::classify::{Explanation, PortTable};
use crate::net::Side;

/// Writes an explanation for people. `source` is the side that stands first: the sender of the packet that the user
/// asked about.
///
/// # Errors
///
/// Those of `out`.
pub fn explain_as_text(
    explanation: &Explanation,
    source: Side,
    table: &PortTable,
    options: &ReportOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    text::write(&text::Told { explanation, source, table }, &mut Page::new(out, options))
}

/// Writes an explanation as one JSON object, schema `portolan.explain/1`, and a newline.
///
/// # Errors
///
/// Those of `out`.
pub fn explain_as_json(
    explanation: &Explanation,
    source: Side,
    table: &PortTable,
    out: &mut dyn Write,
) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document::Document::of(explanation, source, table))?;
    out.write_all(b"\n")
}
