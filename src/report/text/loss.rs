//! What is missing, before any number is read.

use std::io;

use super::page::{Page, Tone};
use crate::report::words;
use crate::summary::Summary;

/// Writes a line for every loss and every input that was not read whole, and a blank line; nothing if there is none.
pub(in crate::report) fn write(summary: &Summary, page: &mut Page<'_>) -> io::Result<()> {
    let losses = words::losses(summary);
    for (head, text) in &losses {
        page.paragraph(0, Tone::Alarm, &format!("{head}: {text}"))?;
    }
    if losses.is_empty() { Ok(()) } else { page.end_line() }
}
