//! The commands of docs/cookbook.md are run, and answer what stands there. `UPDATE_GOLDEN=1` writes the answers anew.
//!
//! Skipped where there is no jq or sqlite3, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(feature = "cli")]
#![cfg(all(feature = "arrow", feature = "capture"))]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

const BEGIN: &str = "```sh\n";
const ANSWER: &str = "\n```text\n";
const END: &str = "```\n";

/// A command of the document, and what stands around its answer if it has one.
struct Recipe<'a> {
    before: &'a str,
    command: &'a str,
    answer: Option<&'a str>,
}

/// All recipes, and what comes behind the last.
fn recipes(document: &str) -> (Vec<Recipe<'_>>, &str) {
    let (mut recipes, mut rest) = (Vec::new(), document);
    while let Some(at) = rest.find(BEGIN) {
        let (before, block) = rest.split_at(at + BEGIN.len());
        let (command, behind) = block.split_once(END).unwrap();
        let answered = behind.strip_prefix(ANSWER).map(|answer| {
            // An empty answer ends where it begins.
            answer
                .strip_prefix(END)
                .map_or_else(|| answer.split_once("\n```\n").unwrap(), |behind| ("", behind))
        });
        let (answer, behind) = answered.map_or((None, behind), |(answer, behind)| (Some(answer), behind));
        recipes.push(Recipe { before, command, answer });
        rest = behind;
    }
    (recipes, rest)
}

fn has_tools() -> bool {
    let is_there = |tool: &&str| Command::new(tool).arg("--version").output().is_ok();
    let missing = ["bash", "jq", "sqlite3"].into_iter().find(|tool| !is_there(tool));
    if let Some(tool) = missing {
        assert!(std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "{tool} is required");
        eprintln!("skipped: no {tool}");
    }
    missing.is_none()
}

fn answer(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_portolan")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-euc", command]).current_dir(folder).env("PATH", path).env("COLUMNS", "80");
    bash.env("XDG_CONFIG_HOME", folder).env("LC_ALL", "C.UTF-8");
    let output = bash.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{command}{told}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_answers_what_stands_there() {
    if !has_tools() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/cookbook.md");
    let document = fs::read_to_string(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    symlink(root.join("testdata"), folder.path().join("testdata")).unwrap();
    let (recipes, rest) = recipes(&document);
    assert!(recipes.len() >= 20);
    let mut found = String::new();
    for Recipe { before, command, answer: expected } in recipes {
        let answer = answer(command, folder.path());
        assert_eq!(answer.is_empty(), expected.is_none(), "{command}");
        found.extend([before, command, END]);
        if expected.is_some() {
            found.extend([ANSWER, answer.trim_end(), "\n", END]);
        }
    }
    found += rest;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(path, found).unwrap();
    }
    let differs = found.lines().zip(document.lines()).find(|(found, expected)| found != expected);
    assert!(found == document, "first difference: {differs:?}");
}
