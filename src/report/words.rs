//! Sentences and explanations in plain words.

use super::units::{counted, thousands, whole_percent};
use super::view::{self, Rest, Share};
use crate::classify::{Basis, Confidence};
use crate::summary::{ServiceKey, Summary, Unclassified, Volume};

/// Beside one that most is of, shares below this many in a hundred are not worth a word.
const WORTH_A_WORD: u64 = 1;

/// The row of what no category has, for it has no ports.
pub(super) const WITHOUT_PORTS: &str = "without ports";

/// What the traffic is, in one sentence: `Mostly web-tls (62% of bytes), then database (20%) and time (2%).`
pub(super) fn headline(summary: &Summary) -> String {
    let whole = view::everything(summary);
    if whole.packets == 0 {
        return "No packets.".to_owned();
    }
    let categories = view::categories(summary);
    let mut parts: Vec<(&str, u64)> =
        categories.iter().map(|row| (row.name, row.totals.counts.volume.bytes)).collect();
    parts.push(("packets without ports", summary.unclassified.total().bytes));
    parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let shares = parts.into_iter().map(|(name, bytes)| (name, Share { part: bytes, whole: whole.bytes }));
    let told: Vec<(&str, Share)> = shares.filter(|(_, share)| share.part > 0).take(3).collect();
    tell(&told)
}

fn tell(parts: &[(&str, Share)]) -> String {
    let [(name, share), others @ ..] = parts else { return "Packets of no length.".to_owned() };
    let mostly = share.of(100) >= 50;
    let others: Vec<String> = others
        .iter()
        .filter(|(_, share)| !mostly || share.of(100) >= WORTH_A_WORD)
        .map(|(name, share)| format!("{name} ({})", whole_percent(*share)))
        .collect();
    let others = others.join(" and ");
    let percent = whole_percent(*share);
    match (mostly, others.as_str()) {
        _ if share.part == share.whole => format!("All of it is {name}."),
        (true, "") => format!("Almost all of it is {name}."),
        (true, others) => format!("Mostly {name} ({percent} of bytes), then {others}."),
        (false, others) => format!("A mix: {name} ({percent} of bytes), {others}."),
    }
}

/// Every loss and every input that was not read whole: a head, `INCOMPLETE` or `LOSS`, and what there is to say.
pub(super) fn losses(summary: &Summary) -> Vec<(&'static str, String)> {
    let incomplete = summary.inputs.iter().filter(|input| !input.complete);
    let mut losses: Vec<(&str, String)> = incomplete
        .map(|input| match input.message.as_str() {
            "" => ("INCOMPLETE", input.path.clone()),
            message => ("INCOMPLETE", format!("{}: {message}", input.path)),
        })
        .collect();
    let loss = summary.loss;
    let dropped = [(loss.kernel_dropped, "the kernel"), (loss.interface_dropped, "the interface")];
    for (packets, who) in dropped.into_iter().filter(|(packets, _)| *packets > 0) {
        losses.push(("LOSS", format!("{who} dropped {}, not counted here", counted(packets, "packet"))));
    }
    if loss.evicted_flows > 0 {
        let flows = counted(loss.evicted_flows, "flow");
        let text =
            format!("{flows} left the table early; packets and bytes are exact, flows may count twice");
        losses.push(("LOSS", text));
    }
    losses
}

/// Why flows whose service is unknown are, by the basis of their decision.
pub(super) const fn why_unknown(basis: Basis) -> &'static str {
    match basis {
        Basis::HandshakeSyn | Basis::HandshakeSynAck => "the port that the handshake shows has no name",
        Basis::Symmetric => "the port of both ends has no name",
        Basis::Undecided => "nothing shows which end is a service",
        Basis::Tie => "the evidence for both sides is even",
        Basis::Evidence => "the port that the evidence points at has no name",
        Basis::Callback => "the port has no name",
    }
}

/// That more endpoints were in doubt than fit into memory, if so.
pub(super) fn learned_overflow(summary: &Summary) -> Option<String> {
    let halvings = Some(summary.certainty.learned_halvings.min(63)).filter(|halvings| *halvings > 0)?;
    let kept = thousands(1_u64 << halvings);
    Some(format!(
        "More endpoints were in doubt than fit into memory: what others say of them was kept for one in {kept}."
    ))
}

/// What a basis means.
pub(super) const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::HandshakeSyn => "the SYN went there",
        Basis::HandshakeSynAck => "the SYN/ACK came from there",
        Basis::Symmetric => "both ends use the same port",
        Basis::Callback => "FTP servers open data connections from port 20",
        Basis::Evidence => "table, port ranges, peers, listeners",
        Basis::Tie => "even evidence: the lower port",
        Basis::Undecided => "nothing shows a service",
    }
}

/// The sign of a band of confidence.
pub(super) const fn mark(band: Confidence) -> &'static str {
    match band {
        Confidence::High => "●",
        Confidence::Medium => "◐",
        Confidence::Low => "○",
    }
}

/// Which confidences a band holds.
pub(super) const fn confidence_range(band: Confidence) -> &'static str {
    match band {
        Confidence::High => "nine in ten are right, or more",
        Confidence::Medium => "at least every second is right",
        Confidence::Low => "a hint, or unknown",
    }
}

/// IANA's name of a service with the everyday one: `domain (dns)`.
pub(super) fn service(key: &ServiceKey) -> String {
    with_alias(&key.service, key.alias.as_deref())
}

/// A name with the everyday one, if there is another.
pub(super) fn with_alias(service: &str, alias: Option<&str>) -> String {
    alias.map_or_else(|| service.to_owned(), |alias| format!("{service} ({alias})"))
}

/// `9000`, `9100-9110`.
pub(super) fn ports(first: u16, last: u16) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// The service port: `53/udp`; the transport alone for unknown traffic.
pub(super) fn port(key: &ServiceKey) -> String {
    let transport = key.transport;
    key.port.map_or_else(|| transport.to_string(), |port| format!("{port}/{transport}"))
}

/// The rows that a list leaves out: `… 31 more`.
pub(super) fn more(rest: Rest) -> String {
    rest.rows.map_or_else(|| "… all others".to_owned(), |rows| format!("… {} more", thousands(rows as u128)))
}

/// Packets without ports, with a name and a meaning.
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) volume: Volume,
    pub(super) meaning: &'static str,
}

/// The buckets that have packets, with a bucket for each protocol over IP.
pub(super) fn buckets(unclassified: &Unclassified) -> Vec<Bucket> {
    let named = |name: &str, volume, meaning| Bucket { name: name.to_owned(), volume, meaning };
    let fragments = "later fragments carry no ports";
    let mut buckets = vec![
        named("fragment", unclassified.fragment, fragments),
        named("malformed", unclassified.malformed, "broken or cut off before the ports"),
    ];
    buckets.extend(unclassified.other_ip.iter().map(|(&number, &volume)| Bucket {
        name: protocol(number),
        volume,
        meaning: protocol_meaning(number),
    }));
    buckets.push(named("non-IP", unclassified.non_ip, "no IP: ARP, spanning tree and the like"));
    buckets.retain(|bucket| bucket.volume.packets > 0);
    buckets
}

/// What is sent over IP with this protocol number.
const fn protocol_meaning(number: u8) -> &'static str {
    match number {
        1 | 58 => "ping and error messages",
        2 | 103 => "who wants which multicast",
        47 => "tunnels whose inside is not IP",
        50 => "encrypted by IPsec",
        51 => "authenticated by IPsec",
        88 | 89 => "routers telling each other routes",
        112 => "routers standing in for each other",
        _ => "another protocol over IP",
    }
}

/// The name of a protocol over IP: `ICMP`, `protocol 200`.
pub(super) fn protocol(number: u8) -> String {
    view::protocol_name(number).map_or_else(|| format!("protocol {number}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sentence_names_three_at_most() {
        let part = |name, part| (name, Share { part, whole: 100 });
        let mostly = tell(&[part("web-tls", 62), part("database", 20), part("time", 2)]);
        assert_eq!(mostly, "Mostly web-tls (62% of bytes), then database (20%) and time (2%).");
        assert_eq!(tell(&[part("web", 40), part("time", 30)]), "A mix: web (40% of bytes), time (30%).");
        assert_eq!(tell(&[part("web", 99), part("time", 0)]), "Almost all of it is web.");
        assert_eq!(tell(&[part("web", 100)]), "All of it is web.");
    }

    #[test]
    fn an_empty_summary_has_a_headline_too() {
        assert_eq!(headline(&Summary::default()), "No packets.");
    }
}
