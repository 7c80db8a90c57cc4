//! How often the name of a service is what payload inspection recognises.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::tables::{self, Group, Judged, NAME_BANDS, Outcome};
use super::votes::{Decided, Hidden, Key, decide_all, name_of, part_of, vote_once};
use portolan::classify::{PortTable, Standing};
use portolan::net::{Endpoint, Transport};

/// What portolan may call what nDPI recognises: a name, or any name of a category.
const PAYLOAD_NAMES: &str = include_str!("payload-names.csv");
/// Side confidence, in permille, from which a wrong name is the name's fault.
const SURE_SIDE: u16 = 950;
/// From least to best.
const STANDINGS: [Standing; 7] = [
    Standing::Unlisted,
    Standing::Article,
    Standing::Registry,
    Standing::Alternate,
    Standing::RegistryAndAlternate,
    Standing::CommonPrimary,
    Standing::IanaPrimary,
];

/// A server endpoint whose payload was recognised.
pub(crate) struct NameVote {
    capture: String,
    port: u16,
    /// The protocol that nDPI recognised.
    recognised: String,
    /// The name that portolan says.
    named: String,
    standing: Standing,
    side_confidence: u16,
    judged: Judged,
}

/// Which names are right, by nDPI's protocol.
pub(crate) struct PayloadNames(HashMap<&'static str, [BTreeSet<&'static str>; 2]>);

impl PayloadNames {
    pub(crate) fn built_in() -> Self {
        let mut names: HashMap<_, [BTreeSet<_>; 2]> = HashMap::new();
        for row in PAYLOAD_NAMES.lines().skip(1) {
            let mut fields = row.split(',');
            let allowed = names.entry(fields.next().unwrap_or_default()).or_default();
            for (set, field) in allowed.iter_mut().zip(fields) {
                set.extend(Some(field).filter(|field| !field.is_empty()));
            }
        }
        Self(names)
    }
}

/// The votes of a capture, one for each server endpoint and recognised protocol. A capture that nDPI cannot read has none.
pub(crate) fn votes_of(
    path: &Path,
    allowed: &PayloadNames,
    table: &Arc<PortTable>,
) -> Result<Vec<NameVote>, Box<dyn Error>> {
    let recognised = recognise(path)?;
    if recognised.is_empty() {
        return Ok(Vec::new());
    }
    let mut votes = BTreeMap::new();
    for (key, flow) in decide_all(path, Hidden::None, table)? {
        if let Some(protocol) = recognised.get(&key)
            && let Some([services, categories]) = allowed.0.get(protocol.as_str())
            && let Some(server) = server_of(key, &flow)
        {
            let named = table.service_name(flow.decision.service);
            let is_right =
                services.contains(named) || categories.contains(&*table.category(flow.decision.category).id);
            let standing = table.entry(key.0, server.port).standing;
            let found = (standing != Standing::Unlisted).then_some(is_right);
            let vote = NameVote {
                capture: name_of(path),
                port: server.port,
                recognised: protocol.clone(),
                named: named.to_owned(),
                standing,
                side_confidence: flow.decision.side_confidence,
                judged: Judged {
                    outcome: Outcome::of(found, true),
                    confidence: flow.decision.service_confidence,
                },
            };
            vote_once(&mut votes, (key.0, server, protocol.clone()), key, vote);
        }
    }
    Ok(votes.into_values().map(|(_, vote)| vote).collect())
}

/// The service's endpoint. Where both ends have its port, the larger address: that of a group, if one is.
fn server_of(key: Key, flow: &Decided) -> Option<Endpoint> {
    flow.decision.service_port?;
    Some(flow.decision.service_side.map_or(key.1[1].max(key.1[0]), |side| key.1[side.index()]))
}

/// What nDPI recognises by payload alone, without guessing from ports.
fn recognise(path: &Path) -> Result<HashMap<Key, String>, Box<dyn Error>> {
    let output = Command::new("ndpiReader")
        .args(["-d", "-q", "-C", "/dev/stdout", "-i"])
        .arg(path)
        .stderr(Stdio::null())
        .output()
        .map_err(|error| format!("ndpiReader (libndpi-bin): {error}"))?;
    let mut recognised = HashMap::new();
    // Names of hosts stand there as they were sent, so it may be no UTF-8. The first eleven columns are plain.
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some((key, protocol)) = recognised_flow(line) {
            recognised.entry(key).or_insert(protocol);
        }
    }
    Ok(recognised)
}

/// A line of nDPI's: number, protocol, three times, source and its port, destination and its port, number and name of
/// what was recognised.
fn recognised_flow(line: &str) -> Option<(Key, String)> {
    let fields: Vec<&str> = line.split(',').collect();
    let &[_, protocol, _, _, _, source, source_port, destination, destination_port, _, recognised, ..] =
        fields.as_slice()
    else {
        return None;
    };
    let transport = match protocol {
        "6" => Transport::Tcp,
        "17" => Transport::Udp,
        _ => return None,
    };
    let endpoint =
        |address: &str, port: &str| Some(Endpoint::new(address.parse::<IpAddr>().ok()?, port.parse().ok()?));
    let mut endpoints = [endpoint(source, source_port)?, endpoint(destination, destination_port)?];
    endpoints.sort();
    // Behind the dot stands whose service it is, by the host's name.
    let recognised = recognised.split('.').next()?;
    (recognised != "Unknown").then(|| ((transport, endpoints), recognised.to_owned()))
}

/// How often the names are right: by standing, and by confidence.
pub(crate) fn report(votes: &[NameVote]) -> String {
    let parts = [0, 1].map(|part| -> Vec<&NameVote> {
        votes.iter().filter(|vote| part_of(&vote.capture) == part).collect()
    });
    let group = |votes: &[&NameVote]| votes.iter().map(|vote| vote.judged).collect();
    let groups: [Group; 2] = [("to fit on", group(&parts[0])), ("to check on", group(&parts[1]))];
    format!(
        "{}\n{}\n{}",
        tables::shares("part", &groups),
        tables::bands("service confidence", &NAME_BANDS, &groups),
        by_standing(&parts)
    )
}

/// By what the table says of the port, with the trust that portolan has in such names; where the side is sure.
fn by_standing(parts: &[Vec<&NameVote>; 2]) -> String {
    let mut text =
        "| the table's word on the port | trust | to fit on: votes | right | to check on: votes | right |\n\
                    | --- | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
    for standing in STANDINGS {
        let trust = tables::decimal(standing.trust());
        let _ = write!(text, "| {} | {trust} |", standing.describe());
        for part in parts {
            let of_standing = part.iter().filter(|vote| vote.standing == standing);
            let sure: Vec<Judged> = of_standing
                .filter(|vote| vote.side_confidence >= SURE_SIDE)
                .map(|vote| vote.judged)
                .collect();
            // Without a name there is none to be right.
            let named = if standing == Standing::Unlisted { 0 } else { sure.len() };
            let right = tables::percent(tables::count(&sure, Outcome::Right), named);
            let _ = write!(text, " {} | {right} |", sure.len());
        }
        text.push('\n');
    }
    text
}

/// The wrong ones, a line each.
pub(crate) fn wrong(votes: &[NameVote]) -> String {
    let mut text = String::new();
    for vote in votes.iter().filter(|vote| vote.judged.outcome == Outcome::Wrong) {
        let NameVote { capture, port, recognised, named, standing, .. } = vote;
        let _ = writeln!(text, "- {capture} {recognised} on {port}: {named}, {}", standing.describe());
    }
    text
}
