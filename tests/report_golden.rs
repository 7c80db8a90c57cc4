//! Reports of hand-made summaries, byte by byte. `UPDATE_GOLDEN=1` writes them anew.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod report_common;

use std::path::PathBuf;

use portolan::report::{Format, ReportOptions};
use portolan::summary::Summary;
use report_common::{office, report, small};

fn check(name: &str, format: Format, summary: &Summary, options: ReportOptions) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let found = report(format, summary, options);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} differs from:\n{found}", path.display());
}

fn columns(width: usize) -> ReportOptions {
    ReportOptions { top: 10, talkers: 10, width, colour: false }
}

#[test]
fn an_office_in_80_columns() {
    check("office-80.txt", Format::Text, &office(), columns(80));
}

#[test]
fn an_office_in_120_columns() {
    check("office-120.txt", Format::Text, &office(), columns(120));
}

#[test]
fn a_small_capture_with_every_loss() {
    check("small.txt", Format::Text, &small(), columns(80));
    check("small.ansi.txt", Format::Text, &small(), ReportOptions { colour: true, ..columns(80) });
}

#[test]
fn nothing_at_all() {
    check("empty.txt", Format::Text, &Summary::default(), columns(80));
    check("empty.json", Format::Json, &Summary::default(), columns(80));
    check("empty.md", Format::Markdown, &Summary::default(), columns(80));
    check("empty.csv", Format::Csv, &Summary::default(), columns(80));
}

#[test]
fn a_small_capture_for_programs() {
    let options = ReportOptions { top: 2, ..columns(80) };
    check("small.json", Format::Json, &small(), options);
    check("small.csv", Format::Csv, &small(), options);
}

#[test]
fn a_small_capture_for_tickets() {
    check("small.md", Format::Markdown, &small(), ReportOptions { top: 2, ..columns(80) });
}
