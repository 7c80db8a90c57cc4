//! The HTML report in a real browser: headless Chromium.
//!
//! Skipped where there is none, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What the browser tells of a page.
fn look(page: &Path) -> Option<Value> {
    let found = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(found) else {
        assert!(std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "Chromium is required");
        eprintln!("skipped: no Chromium");
        return None;
    };
    let script = format!("{ROOT}/tests/browser/look.py");
    let output = Command::new("python3").args([&script, browser]).arg(page).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Runs the program, and tells what the browser makes of the page that it writes.
fn page_of(folder: &Path, arguments: &[&str]) -> Option<Value> {
    let page = folder.join("report.html");
    let status = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(arguments)
        .args(["--format", "html", "-o"])
        .arg(&page)
        .status()
        .unwrap();
    assert!(status.success());
    let found = look(&page)?;
    assert_eq!(texts(&found["requests"]), [format!("file://{}", page.canonicalize().unwrap().display())]);
    Some(found)
}

/// Whatever holds for every page.
fn check(found: &Value) {
    for nothing in ["complaints", "unsorted", "cut_on_paper"] {
        assert_eq!(found[nothing].as_array().map(Vec::len), Some(0), "{nothing}: {}", found[nothing]);
    }
    assert_eq!(found["unnamed"], 0);
    for width in found["at"].as_array().unwrap() {
        // Whatever is wider scrolls within itself, and takes the focus for that alone.
        assert!(width["overflow"].as_i64().unwrap() <= 0, "{width}");
        assert_eq!((texts(&width["idle"]), texts(&width["illegible"])), (vec![], vec![]));
    }
    for (scheme, ground) in [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 24, 29)")] {
        assert_eq!(found["faint"][scheme]["ground"], ground);
        assert_eq!(texts(&found["faint"][scheme]["texts"]), [""; 0], "{scheme}");
    }
    let drawn = found["drawn"].as_array().unwrap();
    assert!(drawn.iter().all(|drawn| drawn == true), "{drawn:?}");
}

/// The categories sort by name, and turn round.
fn check_names(found: &Value) {
    let (names, mut turned) = (texts(&found["names"]), texts(&found["names_turned"]));
    turned.reverse();
    assert!(names.len() > 5 && names.is_sorted() && names == turned, "{names:?}");
}

#[test]
fn the_page_is_drawn_and_sorts_and_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let capture = format!("{ROOT}/testdata/office.pcapng");
    let Some(found) = page_of(folder.path(), &["read", "--no-rules", "--talkers", "10", &capture]) else {
        return;
    };
    check(&found);
    assert!(found["title"].as_str().unwrap().contains("web-tls"), "{}", found["title"]);
    assert_eq!(found["drawn"].as_array().unwrap().len(), 6);
    assert_eq!(texts(&found["bytes"])[..2], ["926 kB", "419 kB"]);
    check_names(&found);
}

#[test]
fn a_page_of_little_and_a_page_of_what_is_cut_short_are_as_good() {
    let folder = tempfile::tempdir().unwrap();
    let capture = format!("{ROOT}/testdata/refused.pcap");
    let Some(found) = page_of(folder.path(), &["read", "--no-rules", &capture]) else { return };
    check(&found);
    // Half a capture: what is missing stands in red.
    let whole = std::fs::read(format!("{ROOT}/testdata/ftp.pcap")).unwrap();
    let half = folder.path().join("half.pcap");
    std::fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    let json = folder.path().join("half.json");
    Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(["read", "-q", "--no-rules", "--interval", "1s", "--format", "json", "-o"])
        .args([&json, &half])
        .status()
        .unwrap();
    check(&page_of(folder.path(), &["report", json.to_str().unwrap()]).unwrap());
}

#[test]
fn the_page_of_changes_sorts_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let [before, after] = ["http.pcap", "office.pcapng"].map(|capture| {
        let document = folder.path().join(format!("{capture}.json"));
        let status = Command::new(env!("CARGO_BIN_EXE_portolan"))
            .args(["read", "--no-rules", "--format", "json", &format!("{ROOT}/testdata/{capture}"), "-o"])
            .arg(&document)
            .status();
        assert!(status.unwrap().success());
        document.into_os_string().into_string().unwrap()
    });
    let Some(found) = page_of(folder.path(), &["diff", &before, &after, "--top", "12"]) else { return };
    check(&found);
    assert!(found["title"].as_str().unwrap().starts_with("What changed"), "{}", found["title"]);
    check_names(&found);
}

#[test]
fn the_page_is_opened_when_it_is_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let [opener, page, seen] = ["xdg-open", "report.html", "opened"].map(|name| folder.path().join(name));
    let script = format!(
        "#!/bin/sh\n/bin/grep -c '</html>' \"$1\" > {0}.part && /bin/mv {0}.part {0}\n",
        seen.display()
    );
    std::fs::write(&opener, script).unwrap();
    std::fs::set_permissions(&opener, PermissionsExt::from_mode(0o755)).unwrap();
    let capture = format!("{ROOT}/testdata/office.pcapng");
    let portolan = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.args(["read", "-q", "--no-rules", "--open", &capture]).args(more).env("PATH", folder.path());
        command.output().unwrap()
    };
    let output = portolan(&["--format", "html", "-o", page.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    // The opener had the whole page.
    assert_eq!(std::fs::read_to_string(&seen).unwrap(), "1\n");
    for wrong in [&["--format", "html"][..], &["-o", page.to_str().unwrap()]] {
        assert_eq!(portolan(wrong).status.code(), Some(2), "{wrong:?}");
    }
}
