//! What is shipped beside the program.
//!
//! Skipped where there is no systemd-analyze, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::process::{Command, Output};

const UNIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/portolan@.service");

/// What systemd-analyze says of the unit of `lo`.
fn analyze(arguments: &[&str]) -> Option<Output> {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("portolan@lo.service");
    // systemd looks whether the program is there.
    let text = fs::read_to_string(UNIT).unwrap().replace("/usr/bin/portolan", "/bin/true");
    fs::write(&unit, text).unwrap();
    match Command::new("systemd-analyze").args(arguments).arg(&unit).output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(
                std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(),
                "systemd-analyze is required: {error}"
            );
            eprintln!("SKIPPED: there is no systemd-analyze");
            None
        }
    }
}

#[test]
fn the_unit_is_understood() {
    let Some(output) = analyze(&["verify", "--man=no"]) else { return };
    let complaints = String::from_utf8_lossy(&output.stderr);
    // Other units of this machine are not our affair.
    let ours: Vec<&str> = complaints.lines().filter(|line| line.contains("portolan")).collect();
    assert!(ours.is_empty(), "{ours:#?}");
}

#[test]
fn the_unit_exposes_little() {
    // Of 100; 0 is nothing at all.
    let Some(output) = analyze(&["security", "--offline=true", "--threshold=20"]) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
