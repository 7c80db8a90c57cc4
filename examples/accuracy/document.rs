//! docs/accuracy.md.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::spoken::{self, Server};
use super::votes::{Hidden, name_of};
use super::{all_names, all_votes, captures_in, names, sides};
use portolan::classify::PortTable;

/// Between these lies what needs captures that are not in the repository.
const FETCHED_BEGINS: &str = "<!-- fetched captures: begin -->\n";
const FETCHED_ENDS: &str = "<!-- fetched captures: end -->\n";

const INTRODUCTION: &str = include_str!("introduction.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the document lies.
pub(crate) fn path() -> PathBuf {
    root().join("docs/accuracy.md")
}

/// Writes the document. Standard output would not do: a shell empties the file before its old part can be read.
pub(crate) fn write(folder: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let fetched = match folder {
        Some(folder) => of_fetched(folder)?,
        None => fetched_before(),
    };
    let servers = spoken::servers(&root().join("testdata"))?;
    fs::write(path(), document(&servers, &fetched))?;
    Ok(())
}

/// The document from what was found in the recorded captures and in the fetched ones.
pub(crate) fn document(servers: &[Server], fetched: &str) -> String {
    format!(
        "{INTRODUCTION}\n## Recorded captures\n\n{}\n{}\n{}\n## Captures of others\n\n{FETCHED_BEGINS}{fetched}{FETCHED_ENDS}",
        spoken::totals(servers),
        "### Each server\n",
        spoken::table(servers),
    )
}

/// What the document says of the fetched captures now.
pub(crate) fn fetched_before() -> String {
    let text = fs::read_to_string(path()).unwrap_or_default();
    let rest = text.split_once(FETCHED_BEGINS).map_or("", |(_, rest)| rest);
    rest.split_once(FETCHED_ENDS).map_or("", |(fetched, _)| fetched).to_owned()
}

fn of_fetched(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        folders.extend(Some(entry?.path()).filter(|path| path.is_dir()));
    }
    folders.sort();
    let mut text = format!(
        "Measured with version {} and the port table {}. Captures:",
        env!("CARGO_PKG_VERSION"),
        PortTable::built_in().version()
    );
    let mut captures = Vec::new();
    for folder in &folders {
        let found = captures_in(std::slice::from_ref(folder))?;
        let _ = write!(text, " {} of {},", found.len(), name_of(folder));
        captures.extend(found);
    }
    text.truncate(text.trim_end_matches(',').len());
    let _ = write!(
        text,
        ".\n\n### Sides, all handshakes hidden\n\n{}\n### Sides, handshakes of half the connections hidden\n\n{}\n\
         ### Names, against payload inspection\n\n{}",
        sides::report(&all_votes(&captures, Hidden::All)),
        sides::report(&all_votes(&captures, Hidden::Half)),
        names::report(&all_names(&captures)?)
    );
    Ok(text)
}
