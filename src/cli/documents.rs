//! Summaries that were kept as JSON: read again, and written in any format.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::Context as _;
use portolan::report;
use portolan::summary::Summary;

use super::output::Output;
use super::page::{self, SummaryFormat};

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

/// Whose addresses summaries have that are seen together.
#[derive(Default)]
pub(super) struct Addresses {
    /// By what keys; none are true ones.
    kinds: BTreeSet<BTreeSet<String>>,
    are_there: bool,
}

impl Addresses {
    /// Adds a summary.
    ///
    /// # Errors
    /// If one host would stand there under several names, or one name for several hosts.
    pub(super) fn add(&mut self, path: &Path, summary: &Summary) -> anyhow::Result<()> {
        self.kinds.insert(summary.anonymized.clone());
        self.are_there |= summary.has_addresses();
        anyhow::ensure!(
            self.kinds.len() == 1 || !self.are_there,
            "{}: its addresses do not go with the others: --anonymize had another key, or was not given to all",
            path.display()
        );
        Ok(())
    }
}

/// Writes a summary to a file, or to standard output.
pub(super) fn write(
    summary: &Summary,
    format: SummaryFormat,
    top: usize,
    path: Option<&Path>,
) -> anyhow::Result<()> {
    let mut output = Output::create(path)?;
    report::write(format.into(), summary, &page::options(top, &output), &mut output)
        .context("cannot write the result")?;
    output.finish()
}
