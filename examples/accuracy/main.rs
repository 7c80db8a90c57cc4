//! How often the service side and the service name are right.
//!
//! `cargo run --release --example accuracy -- [--half] [--wrong] CAPTURE...` hides the handshakes of captures (files, or
//! directories of them) and compares what is then decided with what the handshakes say. `--payload` compares names with what
//! nDPI recognises in the payload instead. `--document [FOLDER]` writes docs/accuracy.md, with the captures of others that
//! examples/accuracy/fetch put into FOLDER.
//!
//! Captures are parted in two by their names: on one part weights and confidences may be fitted, the other one checks them.

pub(crate) mod document;
mod fit;
mod names;
mod sides;
pub(crate) mod spoken;
pub(crate) mod tables;
mod votes;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use portolan::classify::PortTable;
use votes::Hidden;

const USAGE: &str = "usage: accuracy [--half] [--wrong] CAPTURE...
       accuracy --payload [--wrong] CAPTURE...
       accuracy --document [FOLDER]";

/// What to find out.
enum Wanted {
    /// The sides without handshakes.
    Sides { hidden: Hidden, wrong: bool, paths: Vec<PathBuf> },
    /// The names, by payload.
    Names { wrong: bool, paths: Vec<PathBuf> },
    /// The document, with a folder of captures or what was found there before.
    Document { folder: Option<PathBuf> },
}

impl Wanted {
    fn parse(arguments: impl Iterator<Item = String>) -> Option<Self> {
        let (options, paths): (Vec<String>, Vec<String>) =
            arguments.partition(|argument| argument.starts_with('-'));
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let mut paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
        let wrong = options.contains(&"--wrong");
        let is_only = |allowed: &[&str]| options.iter().all(|option| allowed.contains(option));
        if options == ["--document"] {
            let folder = paths.pop();
            paths.is_empty().then_some(Self::Document { folder })
        } else if paths.is_empty() {
            None
        } else if options.contains(&"--payload") {
            is_only(&["--payload", "--wrong"]).then_some(Self::Names { wrong, paths })
        } else {
            let hidden = if options.contains(&"--half") { Hidden::Half } else { Hidden::All };
            is_only(&["--half", "--wrong"]).then_some(Self::Sides { hidden, wrong, paths })
        }
    }

    fn find_out(self) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Sides { hidden, wrong, paths } => {
                let votes = all_votes(&captures_in(&paths)?, hidden);
                print!("{}", sides::report(&votes));
                if wrong {
                    print!("\n{}", tables::wrong(&votes));
                }
            }
            Self::Names { wrong, paths } => {
                let votes = all_names(&captures_in(&paths)?)?;
                print!("{}", names::report(&votes));
                if wrong {
                    print!("\n{}", names::wrong(&votes));
                }
            }
            Self::Document { folder } => document::write(folder.as_deref())?,
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    let Some(wanted) = Wanted::parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match wanted.find_out() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("accuracy: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The votes of all captures. One that cannot be opened has none: test captures are broken on purpose, some of them.
fn all_votes(captures: &[PathBuf], hidden: Hidden) -> Vec<votes::Vote> {
    let table = Arc::new(PortTable::built_in());
    captures.iter().flat_map(|path| votes::votes_of(path, hidden, &table).unwrap_or_default()).collect()
}

fn all_names(captures: &[PathBuf]) -> Result<Vec<names::NameVote>, Box<dyn Error>> {
    let (table, payload_names) = (Arc::new(PortTable::built_in()), names::PayloadNames::built_in());
    let mut votes = Vec::new();
    for path in captures {
        votes.extend(names::votes_of(path, &payload_names, &table)?);
    }
    Ok(votes)
}

/// The captures that were named, and those in directories that were.
fn captures_in(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut captures = Vec::new();
    for path in paths {
        let found = |error| format!("{}: {error}", path.display());
        if path.is_dir() {
            captures.extend(portolan::source::captures_in(path).map_err(|error| found(error.to_string()))?.0);
        } else if Path::exists(path) {
            captures.push(path.clone());
        } else {
            return Err(found("there is no such file".to_owned()).into());
        }
    }
    Ok(captures)
}
