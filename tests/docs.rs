//! What the documents show has to be true of the program. `UPDATE_GOLDEN=1` writes the README's report anew.
//!
//! Recorded captures and jq are needed; where they are not there this is skipped, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(feature = "cli")]
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, missing_docs)]

mod validated;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const PORTOLAN: &str = env!("CARGO_BIN_EXE_portolan");
const CAPTURE: &str = "testdata/office.pcapng";
/// The README shows the report up to here.
const SHOWN_UNTIL: &str = "\nPort classes\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents with their names.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(|name| root().join(name))
        .into();
    paths.extend(fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// Whether something that is not everywhere is here.
fn is_there(what: &str, found: bool) -> bool {
    assert!(found || std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "there is no {what}");
    if !found {
        eprintln!("SKIPPED: there is no {what}");
    }
    found
}

fn has_captures() -> bool {
    is_there(CAPTURE, root().join(CAPTURE).exists())
}

fn has_jq() -> bool {
    is_there("jq", Command::new("jq").arg("--version").output().is_ok())
}

/// The standard output of the program, which has to succeed.
fn portolan(arguments: &[&str]) -> String {
    let output =
        Command::new(PORTOLAN).args(arguments).current_dir(root()).env("COLUMNS", "80").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The long options in a text, without those that go to cargo or to an example.
fn long_options(text: &str) -> BTreeSet<String> {
    let mut options = BTreeSet::new();
    for piece in text.split(['\n', '`', '|']) {
        let ours = match piece.find("cargo ") {
            Some(start) => {
                let of_program = piece[start..].split_once(" -- ");
                of_program.filter(|(cargo, _)| !cargo.contains(" --example ")).map_or("", |(_, after)| after)
            }
            None => piece,
        };
        let words = ours.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
        let is_option = |word: &&str| {
            word.strip_prefix("--")
                .is_some_and(|name| name.starts_with(|letter: char| letter.is_ascii_alphabetic()))
        };
        options.extend(words.filter(is_option).map(str::to_owned));
    }
    options
}

/// The commands in the README's shell blocks.
fn commands(readme: &str) -> Vec<&str> {
    let blocks = readme.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.flat_map(str::lines).collect()
}

#[test]
fn documents_name_options_that_there_are_and_the_readme_all_of_them() {
    let commands: [&[&str]; 12] = [
        &[],
        &["read"],
        &["live"],
        &["merge"],
        &["diff"],
        &["report"],
        &["explain"],
        &["lookup"],
        &["rules", "check"],
        &["schema"],
        &["completions"],
        &["man"],
    ];
    let helps: String =
        commands.iter().map(|command| portolan(&[command, &["--help"][..]].concat())).collect();
    let known = long_options(&helps);
    // Cargo's, named outside of a command, that of `benches/check-instructions`, and those of other programs in the cookbook.
    let foreign = ["--no-default-features", "--features", "--update", "--csv", "--data-binary", "--query"];
    let foreign = BTreeSet::from(foreign.map(str::to_owned));
    for (path, text) in documents() {
        for option in long_options(&text) {
            let is_known = known.contains(&option) || foreign.contains(&option);
            assert!(is_known, "{} names {option}, which portolan does not have", path.display());
        }
    }
    let ordinary = BTreeSet::from(["--help".to_owned(), "--version".to_owned()]);
    let named = &long_options(&readme()) | &ordinary;
    let missing: Vec<&String> = known.difference(&named).collect();
    assert!(missing.is_empty(), "the README does not name {missing:?}");
}

/// The names of all fields in a document, inside and out.
fn fields(document: &Value, names: &mut BTreeSet<String>) {
    match document {
        Value::Object(object) => {
            for (name, value) in object {
                names.insert(name.clone());
                fields(value, names);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| fields(value, names)),
        _ => {}
    }
}

#[test]
fn every_field_is_documented() {
    if !has_captures() {
        return;
    }
    let mut names = BTreeSet::new();
    let json = portolan(&["read", CAPTURE, "--interval", "10s", "--talkers", "1", "--format", "json"]);
    fields(&validated::json(&json), &mut names);
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.json");
    fs::write(&kept, &json).unwrap();
    let kept = kept.to_str().unwrap();
    fields(&validated::json(&portolan(&["diff", kept, kept, "--format", "json"])), &mut names);
    let flows = folder.path().join("flows.ndjson");
    portolan(&["read", CAPTURE, "--flows", flows.to_str().unwrap()]);
    for line in fs::read_to_string(flows).unwrap().lines() {
        fields(&validated::json(line), &mut names);
    }
    let services = folder.path().join("services");
    fs::write(&services, "orders 9000/tcp\n").unwrap();
    for arguments in [["rules", "check", services.to_str().unwrap()], ["lookup", "50000", "--no-rules"]] {
        let json = portolan(&[&arguments[..], &["--format", "json"]].concat());
        fields(&validated::json(&json), &mut names);
    }
    let csv = portolan(&["read", CAPTURE, "--interval", "10s", "--format", "csv"]);
    names.extend(csv.lines().next().unwrap().split(',').map(str::to_owned));
    // The keys of `by_protocol` are numbers.
    names.retain(|name| name.parse::<u8>().is_err());
    assert!(names.len() > 50);

    let text = fs::read_to_string(root().join("docs/json.md")).unwrap();
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_-@".contains(letter);
    let documented: BTreeSet<String> = code_spans(&text)
        .flat_map(|span| span.split(|letter| !is_letter(letter)))
        .map(str::to_owned)
        .collect();
    let missing: Vec<&String> = names.difference(&documented).collect();
    assert!(missing.is_empty(), "docs/json.md does not tell {missing:?}");
}

/// What stands between backticks.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn files_that_are_named_are_there() {
    for (path, text) in documents() {
        let is_file = |span: &&str| {
            let has_folder = span.contains('/') && !span.contains([' ', '*', '…']);
            let extensions = ["rs", "md", "csv", "pcap", "pcapng"];
            has_folder && span.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
        };
        for span in code_spans(&text).filter(is_file) {
            let found = root().join(span).exists() || root().join("src").join(span).exists();
            let is_elsewhere = span.starts_with("testdata/") && !root().join("testdata").exists();
            assert!(found || is_elsewhere, "{} names {span}", path.display());
        }
    }
}

#[test]
fn links_lead_to_files() {
    for (path, text) in documents() {
        for link in text.split("](").skip(1).map(|rest| rest.split([')', '#']).next().unwrap()) {
            let is_outside = link.is_empty() || link.starts_with("http");
            let target = path.parent().unwrap().join(link);
            assert!(is_outside || target.exists(), "{} links to {link}", path.display());
        }
    }
}

#[test]
fn the_readme_shows_the_report() {
    if !has_captures() {
        return;
    }
    let report = portolan(&["read", CAPTURE]);
    let (shown, _) = report.split_once(SHOWN_UNTIL).unwrap();
    let readme = readme();
    let (before, rest) = readme.split_once("```text\n").unwrap();
    let (found, after) = rest.split_once("```").unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(root().join("README.md"), format!("{before}```text\n{shown}```{after}")).unwrap();
    } else {
        assert!(found == shown, "the README's report differs from:\n{shown}");
    }
}

#[test]
fn the_commands_of_the_readme_work() {
    if !has_captures() || !has_jq() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root().join("testdata"), folder.path().join("testdata")).unwrap();
    let path = std::env::join_paths(
        std::iter::once(Path::new(PORTOLAN).parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )
    .unwrap();
    let readme = readme();
    // Installing, building and capturing is more than a test may do.
    let is_harmless =
        |command: &&str| !["scripts/", "cargo ", "sudo "].iter().any(|word| command.starts_with(word));
    let commands: Vec<&str> = commands(&readme).into_iter().filter(is_harmless).collect();
    assert!(commands.len() > 10);
    for command in commands {
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        let is_silent = [" -o ", "--output", " > "].iter().any(|word| command.contains(word));
        assert!(is_silent || !output.stdout.is_empty(), "{command} says nothing");
    }
}
