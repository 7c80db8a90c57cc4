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

#[test]
fn the_page_is_drawn_and_sorts_and_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    let capture = format!("{ROOT}/testdata/office.pcapng");
    let read = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(["read", "--no-rules", "--format", "html", &capture, "-o"])
        .arg(&page)
        .status()
        .unwrap();
    assert!(read.success());
    let Some(found) = look(&page) else { return };
    assert_eq!(found["complaints"].as_array().unwrap().len(), 0, "{}", found["complaints"]);
    assert_eq!(texts(&found["requests"]), [format!("file://{}", page.canonicalize().unwrap().display())]);
    assert!(found["title"].as_str().unwrap().contains("web-tls"), "{}", found["title"]);
    let drawn = found["drawn"].as_array().unwrap();
    assert!(drawn.len() == 6 && drawn.iter().all(|drawn| drawn == true), "{drawn:?}");
    assert_eq!(texts(&found["bytes"])[..2], ["926 kB", "419 kB"]);
    let (names, mut turned) = (texts(&found["names"]), texts(&found["names_turned"]));
    turned.reverse();
    assert!(names.is_sorted() && names == turned, "{names:?}");
    // Whatever is wider scrolls within itself.
    assert!(
        found["overflow"].as_array().unwrap().iter().all(|pixels| pixels.as_i64().unwrap() <= 0),
        "{found}"
    );
    // Paper does not scroll.
    assert_eq!(texts(&found["cut_on_paper"]), [""; 0]);
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
