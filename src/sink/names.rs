//! What the files of a rotation are called.

use std::path::{Path, PathBuf};

use crate::net::Timestamp;

/// A path with a number and a time before its extension: `capture_00001_20261123125500.pcapng`. The time is UTC.
pub(super) fn numbered(path: &Path, number: u64, time: Timestamp) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    let time = jiff::Timestamp::from_nanosecond(i128::from(time.as_nanos()))
        .expect("the years of a time stamp are years of jiff");
    name.push(format!("_{number:05}_{}", time.strftime("%Y%m%d%H%M%S")));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_time_stand_before_the_extension() {
        let time = Timestamp::from_nanos(1_795_438_500_999_999_999);
        for (path, number, expected) in [
            ("capture.pcapng", 1, "capture_00001_20261123125500.pcapng"),
            ("/var/log/a.b.pcap", 42, "/var/log/a.b_00042_20261123125500.pcap"),
            ("no-extension", 123_456, "no-extension_123456_20261123125500"),
            ("a.dir/.hidden", 7, "a.dir/.hidden_00007_20261123125500"),
        ] {
            assert_eq!(numbered(Path::new(path), number, time), Path::new(expected));
        }
    }
}
