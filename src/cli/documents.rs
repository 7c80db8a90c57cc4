//! Summaries that were kept as JSON.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::Context as _;
use portolan::report;
use portolan::summary::Summary;

/// Reads a summary; `-` is standard input.
pub(super) fn read(path: &Path) -> anyhow::Result<Summary> {
    let document = if path == Path::new("-") {
        let mut document = Vec::new();
        io::stdin().read_to_end(&mut document).map(|_| document)
    } else {
        fs::read(path)
    };
    let document = document.with_context(|| format!("cannot read {}", path.display()))?;
    report::read_summary(&document).with_context(|| path.display().to_string())
}
