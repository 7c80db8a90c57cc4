//! What the votes add up to.

use std::fmt::Write as _;

use super::votes::Vote;

/// Side confidences, in permille, that are looked at together.
const BANDS: [(u16, u16); 7] =
    [(0, 0), (1, 599), (600, 749), (750, 899), (900, 949), (950, 979), (980, 1000)];

/// Right, wrong and unanswered, and how often a confidence was right.
pub(crate) fn report(name: &str, votes: &[&Vote]) -> String {
    let mut text = format!(
        "## {} votes {name}\n\n| rule | right | wrong | unanswered |\n| --- | ---: | ---: | ---: |\n",
        votes.len()
    );
    let mut row = |rule: &str, right: usize, answered: usize| {
        let share = |part: usize| percent(part, votes.len());
        let _ = writeln!(
            text,
            "| {rule} | {} | {} | {} |",
            share(right),
            share(answered - right),
            share(votes.len() - answered)
        );
    };
    let count = |which: &dyn Fn(&Vote) -> bool| votes.iter().filter(|vote| which(vote)).count();
    row("portolan", count(&Vote::is_right), count(&Vote::is_answered));
    row(
        "lower port",
        count(&|vote| vote.lower() == Some(vote.server)),
        count(&|vote| vote.lower().is_some()),
    );
    text += "\n| side confidence | votes | right | said |\n| --- | ---: | ---: | ---: |\n";
    for (low, high) in BANDS {
        let of_band: Vec<&&Vote> =
            votes.iter().filter(|vote| (low..=high).contains(&vote.decision.side_confidence)).collect();
        let said: usize = of_band.iter().map(|vote| usize::from(vote.decision.side_confidence)).sum();
        let right = of_band.iter().filter(|vote| vote.is_right()).count();
        let _ = writeln!(
            text,
            "| {:.2}-{:.2} | {} | {} | {} |",
            f64::from(low) / 1000.0,
            f64::from(high) / 1000.0,
            of_band.len(),
            percent(right, of_band.len()),
            percent(said, of_band.len() * 1000),
        );
    }
    text
}

/// The wrong ones and those without an answer, a line each.
pub(crate) fn wrong(votes: &[&Vote]) -> String {
    let mut text = String::new();
    for vote in votes.iter().filter(|vote| !vote.is_right()) {
        let evidence: Vec<String> = vote
            .evidence
            .iter()
            .map(|piece| format!("{}:{}", vote.ports[piece.side.index()], piece.kind.name()))
            .collect();
        let _ = writeln!(
            text,
            "{} server {} client {} by {} {}: {}",
            vote.capture,
            vote.ports[vote.server.index()],
            vote.ports[vote.server.other().index()],
            vote.decision.basis,
            vote.decision.side_confidence,
            evidence.join(" ")
        );
    }
    text
}

/// One vote for another program: which part, the capture, which side is right, and the evidence of each side.
pub(crate) fn features(vote: &Vote, for_fitting: bool) -> String {
    let evidence: Vec<String> = vote
        .evidence
        .iter()
        .map(|piece| {
            let is_servers = piece.side == vote.server;
            format!("{}{:?}", if is_servers { '+' } else { '-' }, piece.kind)
        })
        .collect();
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}",
        u8::from(for_fitting),
        vote.capture,
        vote.ports[vote.server.index()],
        vote.ports[vote.server.other().index()],
        vote.decision.basis,
        evidence.join(" ")
    )
}

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    #[allow(clippy::cast_precision_loss)] // counts of flows in test captures
    let share = 100.0 * part as f64 / whole as f64;
    format!("{share:.1}%")
}
