//! A document that may be a summary: what is taken can be merged, reported in every format, and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan::merge::Merge;
use portolan::report::{self, Format, ReportOptions, read_summary};

fuzz_target!(|input: &[u8]| {
    let Ok(mut summary) = read_summary(input) else { return };
    summary.merge(summary.clone());
    let mut written = Vec::new();
    for format in Format::ALL {
        written.clear();
        report::write(format, &summary, &ReportOptions::default(), &mut written).expect("a vector takes all");
        if matches!(format, Format::Json) {
            read_summary(&written).expect("what is written can be read");
        }
    }
});
