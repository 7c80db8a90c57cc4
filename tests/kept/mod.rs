//! The program as a process, and summaries that it made, as files.
#![allow(dead_code)] // not every test needs all of it

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// What the program ends with.
pub fn portolan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portolan")).args(arguments).output().unwrap()
}

/// What it writes, if it succeeds.
pub fn stdout(arguments: &[&str]) -> String {
    let output = portolan(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The path of a capture.
pub fn testdata(name: &str) -> String {
    format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Summaries of captures, as files.
pub struct Kept(TempDir);

impl Kept {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The name of the folder.
    pub fn name(&self) -> &str {
        self.0.path().file_name().unwrap().to_str().unwrap()
    }

    /// How many files there are.
    pub fn count(&self) -> usize {
        fs::read_dir(self.0.path()).unwrap().count()
    }

    pub fn put(&self, name: &str, document: &str) -> String {
        fs::write(self.path(name), document).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// The summary of some captures, in a file.
    pub fn of(&self, name: &str, captures: &[&str]) -> String {
        let captures: Vec<String> = captures.iter().map(|name| testdata(name)).collect();
        let mut arguments = vec!["read", "--no-rules", "--top", "0", "--interval", "1s", "--format", "json"];
        arguments.extend(captures.iter().map(String::as_str));
        self.put(name, &stdout(&arguments))
    }
}
