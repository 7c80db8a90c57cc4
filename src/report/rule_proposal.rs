//! Unknown endpoints as rules to paste into a file for `--rules`.

use super::units::{bytes, counted};
use crate::summary::{Counts, UnknownEndpoint};

/// A rule in TOML, line by line. The name is one to fill in.
pub(super) fn lines(endpoint: &UnknownEndpoint, counts: Counts) -> Vec<String> {
    let UnknownEndpoint { transport, port, address } = endpoint;
    let mut lines = vec![
        format!("[[rule]] # {}, {}", counted(counts.flows, "flow"), bytes(counts.volume.bytes)),
        format!("name = \"{transport}-{port}\""),
        format!("transport = \"{transport}\""),
        format!("ports = [{port}]"),
    ];
    lines.extend(address.map(|address| format!("hosts = [\"{address}\"]")));
    lines
}
