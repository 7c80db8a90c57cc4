//! Flow records, read by `DuckDB`, pyarrow, pandas and zat: what they add up to is what the summary says.
//!
//! Skipped where `scripts/setup readers` was not run, unless `PORTOLAN_REQUIRE_TOOLS` is set.
#![cfg(all(feature = "cli", feature = "arrow"))]
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(capture: &str, folder: &Path, flows: &str) {
    let [flows, summary] = [flows, "summary.json"].map(|name| folder.join(name));
    let mut portolan = Command::new(env!("CARGO_BIN_EXE_portolan"));
    portolan.args(["read", "-q", "--no-rules", "--format", "json", capture, "-o"]).arg(summary);
    assert!(portolan.arg("--flows").arg(flows).status().unwrap().success());
}

#[test]
fn all_readers_add_up_to_the_summary() {
    let python = Path::new(ROOT).join("target/readers/bin/python");
    if !python.exists() {
        assert!(std::env::var_os("PORTOLAN_REQUIRE_TOOLS").is_none(), "scripts/setup readers is required");
        return eprintln!("skipped: scripts/setup readers was not run");
    }
    for capture in ["office.pcapng", "nfs.pcapng", "mdns.pcapng", "refused.pcap", "fragments.pcapng"] {
        let folder = tempfile::tempdir().unwrap();
        for flows in ["flows.ndjson", "flows.csv", "flows.parquet", "flows.arrow", "conn.log"] {
            read(&format!("{ROOT}/testdata/{capture}"), folder.path(), flows);
        }
        let script = format!("{ROOT}/tests/readers/sums.py");
        let output = Command::new(&python).arg(script).arg(folder.path()).output().unwrap();
        assert!(output.status.success(), "{capture}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
