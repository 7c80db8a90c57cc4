//! The option for pseudonyms.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueHint};
use portolan::pseudonyms::Pseudonyms;

/// Whether addresses are shown under pseudonyms.
#[derive(Debug, Args)]
pub(super) struct AnonymizeOptions {
    /// Show pseudonyms instead of addresses, which keep common prefixes (Crypto-PAn): by a file with a key of 32 bytes or of 64
    /// hexadecimal digits
    #[arg(long, value_name = "KEYFILE", value_hint = ValueHint::FilePath)]
    anonymize: Option<PathBuf>,
}

impl AnonymizeOptions {
    /// The pseudonyms of the key, if there is one.
    pub(super) fn pseudonyms(&self) -> anyhow::Result<Option<Pseudonyms>> {
        let Some(path) = &self.anonymize else { return Ok(None) };
        let content = fs::read(path).with_context(|| format!("cannot read the key {}", path.display()))?;
        let pseudonyms = Pseudonyms::of_key_file(&content).with_context(|| path.display().to_string())?;
        Ok(Some(pseudonyms))
    }

    /// The file with the key.
    pub(super) fn file(&self) -> Option<&PathBuf> {
        self.anonymize.as_ref()
    }
}
