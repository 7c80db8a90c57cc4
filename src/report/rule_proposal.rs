//! Unknown endpoints as rules to paste into a file for `--rules`.

use super::units::{bytes, counted, printable};
use crate::summary::{Counts, Summary, UnknownEndpoint};

/// A rule in TOML, line by line, with what else the endpoint may be. The name is one to fill in.
pub(super) fn lines(summary: &Summary, endpoint: &UnknownEndpoint, counts: Counts) -> Vec<String> {
    let UnknownEndpoint { transport, port, address } = endpoint;
    let candidates = summary.unknown_endpoints.candidates(endpoint);
    let mut lines =
        vec![format!("[[rule]] # {}, {}", counted(counts.flows, "flow"), bytes(counts.volume.bytes))];
    lines.extend(candidates.map(|service| format!("# may be {}", printable(service).trim_end())));
    lines.extend([
        format!("name = \"{transport}-{port}\""),
        format!("transport = \"{transport}\""),
        format!("ports = [{port}]"),
    ]);
    lines.extend(address.map(|address| format!("hosts = [\"{address}\"]")));
    lines
}
