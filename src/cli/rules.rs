//! `portolan rules`, and the options of every command that decides by the port table.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand, ValueHint};
use portolan::classify::{PortTable, Rules};
use portolan::report::{self, RulesReport};

use super::Exit;
use super::output::Output;
use super::page::{self, PageFormat};

/// Which rules of the user there are.
#[derive(Clone, Debug, Args)]
pub(super) struct RulesOptions {
    /// Name ports by the rules of a file; without this, by portolan/rules.toml of the user's configuration if it is there
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "no_rules")]
    rules: Option<PathBuf>,

    /// Name ports by the built-in table alone
    #[arg(long)]
    no_rules: bool,
}

impl RulesOptions {
    /// The port table to use.
    pub(super) fn table(&self) -> anyhow::Result<PortTable> {
        let rules = match &self.rules {
            Some(path) => Some(read(path)?),
            None if self.no_rules => None,
            None => default_rules()?,
        };
        let table = PortTable::built_in();
        match rules {
            Some(rules) => Ok(table.with_rules(&rules)?),
            None => Ok(table),
        }
    }

    /// The file that is read, if there is one.
    #[cfg(feature = "live")]
    pub(super) fn path(&self) -> Option<PathBuf> {
        match &self.rules {
            Some(path) => Some(path.clone()),
            None if self.no_rules => None,
            None => default_path(std::env::var_os("XDG_CONFIG_HOME"), std::env::var_os("HOME")),
        }
    }

    /// The file that was asked for.
    pub(super) fn file(&self) -> Option<&PathBuf> {
        self.rules.as_ref()
    }
}

/// Check a user's own rules for ports
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(CheckArguments),
}

/// Say what the rules of a file change, and whether any are wrong
///
/// The file is TOML, or has the form of /etc/services.
#[derive(Debug, Args)]
struct CheckArguments {
    /// The file of rules
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t = PageFormat::Text)]
    format: PageFormat,
}

/// Runs `portolan rules`.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let Command::Check(arguments) = &arguments.command;
    let (rules, table) = (read(&arguments.file)?, PortTable::built_in());
    let report = RulesReport::new(&rules, &table)?;
    let mut output = Output::create(None)?;
    report::write_rules(arguments.format.into(), &report, &page::options(0, &output), &mut output)
        .context("cannot write the answer")?;
    output.finish()?;
    Ok(Exit::Done)
}

fn read(path: &Path) -> anyhow::Result<Rules> {
    let text = read_text(path).with_context(|| path.display().to_string())?;
    parse(path, text)
}

/// The rules that the user has for all times, if there are any.
fn default_rules() -> anyhow::Result<Option<Rules>> {
    let Some(path) = default_path(std::env::var_os("XDG_CONFIG_HOME"), std::env::var_os("HOME")) else {
        return Ok(None);
    };
    match read_text(&path) {
        Ok(text) => parse(&path, text).map(Some),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// Where the XDG Base Directory Specification puts configuration: a relative `XDG_CONFIG_HOME` is to be ignored.
fn default_path(config: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |path: Option<OsString>| path.map(PathBuf::from).filter(|path| path.is_absolute());
    let config = absolute(config).or_else(|| absolute(home).map(|home| home.join(".config")))?;
    Some(config.join("portolan/rules.toml"))
}

/// The bytes of a file, no more of them than rules may have and one.
fn read_text(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(Rules::MAX_TEXT as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

fn parse(path: &Path, text: Vec<u8>) -> anyhow::Result<Rules> {
    let file = path.display().to_string();
    let text = String::from_utf8(text).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        anyhow!("{file}:{line}: not UTF-8")
    })?;
    Ok(Rules::read(&file, &text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_is_where_the_xdg_specification_says() {
        let path = |config: Option<&str>, home: Option<&str>| {
            default_path(config.map(OsString::from), home.map(OsString::from))
        };
        let of = |folder: &str| Some(PathBuf::from(folder).join("portolan/rules.toml"));
        assert_eq!(path(Some("/c"), Some("/h")), of("/c"));
        assert_eq!(path(None, Some("/h")), of("/h/.config"));
        assert_eq!(path(Some(""), Some("/h")), of("/h/.config"));
        assert_eq!(path(Some("c"), Some("/h")), of("/h/.config"));
        assert_eq!(path(Some("c"), Some("")), None);
        assert_eq!(path(None, None), None);
    }
}
