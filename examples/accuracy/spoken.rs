//! The recorded captures, where it is known what was spoken: decided as they are, and without any SYN.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use super::tables::{Group, Judged, NAME_BANDS, Outcome, SIDE_BANDS, bands, decimal, shares};
use super::votes::{Decided, Hidden, Key, decide_all, vote_once};
use portolan::classify::{Basis, PortTable, ServiceId};
use portolan::net::{Endpoint, Side, Transport};

/// Names that are right although they are not those of what was spoken: trackers and proxies speak HTTP, and the protocol of
/// VNC is RFB.
const ALSO_RIGHT: [(&str, &str); 3] =
    [("http", "bittorrent-tracker"), ("http", "http-proxy"), ("rfb", "vnc")];

/// A server endpoint of a capture.
pub(crate) struct Server {
    capture: String,
    transport: Transport,
    endpoint: Endpoint,
    spoken: String,
    note: String,
    /// What was decided with the handshakes, one vote a client host.
    pub(crate) shown: Vec<Found>,
    /// What was decided without SYN packets.
    pub(crate) hidden: Vec<Found>,
}

/// What was decided for one client host.
pub(crate) struct Found {
    pub(crate) side: Judged,
    /// The name, and how it came out; not if nothing was spoken.
    pub(crate) named: String,
    pub(crate) name: Option<Judged>,
}

/// All rows of the truth in a folder of captures.
pub(crate) fn servers(folder: &Path) -> Result<Vec<Server>, Box<dyn Error>> {
    let table = Arc::new(PortTable::built_in());
    let mut decided: HashMap<String, [HashMap<Key, Decided>; 2]> = HashMap::new();
    let mut servers = Vec::new();
    for row in csv::Reader::from_path(folder.join("services.csv"))?.records() {
        let row = row?;
        let capture = row[0].to_owned();
        if !decided.contains_key(&capture) {
            let path = folder.join(&capture);
            let both = [decide_all(&path, Hidden::None, &table)?, decide_all(&path, Hidden::All, &table)?];
            decided.insert(capture.clone(), both);
        }
        let mut server = Server {
            transport: Transport::from_name(&row[1]).ok_or("no transport")?,
            endpoint: Endpoint::new(row[2].parse::<IpAddr>()?, row[3].parse()?),
            spoken: row[4].to_owned(),
            note: row[6].to_owned(),
            capture,
            shown: Vec::new(),
            hidden: Vec::new(),
        };
        let [shown, hidden] = &decided[&server.capture];
        (server.shown, server.hidden) =
            (server.found(shown, shown, &table), server.found(shown, hidden, &table));
        servers.push(server);
    }
    Ok(servers)
}

impl Server {
    /// How the decisions came out; `shown` tells in which flows the endpoint is a client.
    fn found(
        &self,
        shown: &HashMap<Key, Decided>,
        decided: &HashMap<Key, Decided>,
        table: &PortTable,
    ) -> Vec<Found> {
        let mut votes = BTreeMap::new();
        for (key, flow) in decided {
            let Some(index) = key.1.iter().position(|endpoint| *endpoint == self.endpoint) else { continue };
            let side = Side::BOTH[index];
            let is_call_back = flow.decision.basis == Basis::Callback && self.spoken == "ftp-data";
            let is_client = shown.get(key).is_some_and(|flow| flow.client == Some(side));
            if key.0 != self.transport || (is_client && !is_call_back) {
                continue;
            }
            let is_shown = is_call_back || flow.decision.basis == Basis::Symmetric;
            let decision = &flow.decision;
            let side_outcome =
                if is_shown { Outcome::Right } else { Outcome::of(decision.service_side, side) };
            let named = table.service_name(decision.service);
            let is_right = named == self.spoken || ALSO_RIGHT.contains(&(&*self.spoken, named));
            let found = (decision.service != ServiceId::UNKNOWN).then_some(is_right);
            let found = Found {
                side: Judged { outcome: side_outcome, confidence: decision.side_confidence },
                named: named.to_owned(),
                name: (self.spoken != "none").then(|| Judged {
                    outcome: Outcome::of(found, true),
                    confidence: decision.service_confidence,
                }),
            };
            vote_once(&mut votes, key.1[1 - index].address, *key, found);
        }
        votes.into_values().map(|(_, found)| found).collect()
    }

    fn row(&self) -> String {
        let Self { capture, transport, endpoint, spoken, note, .. } = self;
        let mut text = format!("| {capture} | {}/{transport} {} | {spoken}", endpoint.port, endpoint.address);
        if !note.is_empty() {
            let _ = write!(text, " ({note})");
        }
        for found in [&self.shown, &self.hidden] {
            let (sides, names) = cells(found);
            let _ = write!(text, " | {sides} | {names}");
        }
        text + " |\n"
    }
}

/// The sides and the names for an endpoint: where the clients' differ, each with the number of clients.
fn cells(found: &[Found]) -> (String, String) {
    let side = |found: &Found| format!("{} {}", found.side.outcome.mark(), decimal(found.side.confidence));
    let name = |found: &Found| match found.name {
        Some(Judged { outcome: Outcome::Unknown, .. }) => Outcome::Unknown.mark().to_owned(),
        Some(Judged { outcome, confidence }) => {
            format!("{} {} {}", outcome.mark(), found.named, decimal(confidence))
        }
        None => found.named.clone(),
    };
    (counted(found.iter().map(side)), counted(found.iter().map(name)))
}

fn counted(texts: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    if counts.len() <= 1 {
        return counts.into_keys().next().unwrap_or_else(|| "–".to_owned());
    }
    counts.iter().map(|(text, count)| format!("{text} ×{count}")).collect::<Vec<_>>().join(", ")
}

/// The table of all endpoints.
pub(crate) fn table(servers: &[Server]) -> String {
    let mut text = "| capture | server | spoken | side | name | side, no SYN | name, no SYN |\n\
                    | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for server in servers {
        text += &server.row();
    }
    text
}

/// The sides of all votes, or of those for TCP alone.
pub(crate) fn sides(servers: &[Server], is_hidden: bool, is_tcp_only: bool) -> Vec<Judged> {
    let chosen = servers.iter().filter(|server| !is_tcp_only || server.transport == Transport::Tcp);
    chosen.flat_map(|server| server.votes(is_hidden)).map(|found| found.side).collect()
}

/// The names of all votes for what was spoken.
pub(crate) fn names(servers: &[Server], is_hidden: bool) -> Vec<Judged> {
    servers.iter().flat_map(|server| server.votes(is_hidden)).filter_map(|found| found.name).collect()
}

impl Server {
    fn votes(&self, is_hidden: bool) -> &[Found] {
        if is_hidden { &self.hidden } else { &self.shown }
    }
}

/// How many are right, and how often each confidence is.
pub(crate) fn totals(servers: &[Server]) -> String {
    let with = "with the handshakes";
    let without = "without SYN packets";
    let both = |shown, hidden| -> [Group; 2] { [(with, shown), (without, hidden)] };
    let sides = both(sides(servers, false, false), sides(servers, true, false));
    let names = both(names(servers, false), names(servers, true));
    [
        shares("sides", &sides),
        bands("side confidence", &SIDE_BANDS, &sides),
        shares("names", &names),
        bands("service confidence", &NAME_BANDS, &names),
    ]
    .join("\n")
}
