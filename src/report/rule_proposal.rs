//! Unknown endpoints as rules to paste into a file for `--rules`.

use super::units::{bytes, counted, printable};
use crate::summary::{Counts, Summary, UnknownEndpoint};

/// A rule in TOML, line by line, with what else the endpoint may be. The name is one to fill in.
pub(super) fn lines(summary: &Summary, endpoint: &UnknownEndpoint, counts: Counts) -> Vec<String> {
    let UnknownEndpoint { transport, port, address } = endpoint;
    let candidates = summary.unknown_endpoints.candidates(endpoint);
    let mut lines =
        vec![format!("[[rule]] # {}, {}", counted(counts.flows, "flow"), bytes(counts.volume.bytes))];
    // A summary that was kept may have any name, also one of blanks.
    let named = candidates.map(printable).filter(|service| !service.trim().is_empty());
    lines.extend(named.map(|service| format!("# may be {}", service.trim_end())));
    lines.extend([
        format!("name = \"{transport}-{port}\""),
        format!("transport = \"{transport}\""),
        format!("ports = [{port}]"),
    ]);
    lines.extend(address.map(|address| format!("hosts = [\"{address}\"]")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Transport;

    #[test]
    fn a_candidate_without_a_name_is_none() {
        let endpoint = UnknownEndpoint { transport: Transport::Tcp, port: 7, address: None };
        let mut summary = Summary::default();
        for service in ["", " ", "buoy "] {
            summary.unknown_endpoints.suggest(endpoint, service);
        }
        let lines = lines(&summary, &endpoint, Counts::default());
        assert_eq!(lines[1..3], ["# may be buoy", "name = \"tcp-7\""]);
    }
}
