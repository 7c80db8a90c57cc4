//! What the votes add up to.

use std::fmt::Write as _;

use super::votes::Vote;

/// Side confidences, in permille, that are looked at together.
pub(crate) const SIDE_BANDS: [(u16, u16); 7] =
    [(0, 0), (1, 599), (600, 749), (750, 899), (900, 949), (950, 979), (980, 1000)];

/// Service confidences, in permille, that are looked at together; the borders of `Confidence` are among them.
pub(crate) const NAME_BANDS: [(u16, u16); 6] =
    [(0, 0), (1, 249), (250, 499), (500, 749), (750, 899), (900, 1000)];

/// How a decision came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Right,
    Wrong,
    /// Nothing was decided.
    Unknown,
}

impl Outcome {
    /// Whether what was found is the truth.
    pub(crate) fn of<T: PartialEq + Copy>(found: Option<T>, truth: T) -> Self {
        match found {
            Some(found) if found == truth => Self::Right,
            Some(_) => Self::Wrong,
            None => Self::Unknown,
        }
    }

    /// As tables show it.
    pub(crate) const fn mark(self) -> &'static str {
        match self {
            Self::Right => "✓",
            Self::Wrong => "✗",
            Self::Unknown => "?",
        }
    }
}

/// A decision that came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Judged {
    pub(crate) outcome: Outcome,
    /// What was said, in permille.
    pub(crate) confidence: u16,
}

/// Decisions that a table shows together, with what they have in common.
pub(crate) type Group<'a> = (&'a str, Vec<Judged>);

/// How many of each group came out how, a row each.
pub(crate) fn shares(title: &str, groups: &[Group]) -> String {
    let mut text =
        format!("| {title} | votes | right | wrong | unanswered |\n| --- | ---: | ---: | ---: | ---: |\n");
    for (name, votes) in groups {
        let share = |outcome| percent(count(votes, outcome), votes.len());
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} |",
            votes.len(),
            share(Outcome::Right),
            share(Outcome::Wrong),
            share(Outcome::Unknown)
        );
    }
    text
}

/// What confidence was said, and how often that was right: a row for each band, three columns for each group.
pub(crate) fn bands(title: &str, bands: &[(u16, u16)], groups: &[Group]) -> String {
    let mut text = format!("| {title} |");
    for (name, _) in groups {
        let _ = write!(text, " {name}: votes | said | right |");
    }
    text += "\n| --- |";
    text += &" ---: | ---: | ---: |".repeat(groups.len());
    text.push('\n');
    for &(low, high) in bands {
        let is_in_band = |vote: &&Judged| (low..=high).contains(&vote.confidence);
        let of_band: Vec<Vec<Judged>> =
            groups.iter().map(|(_, votes)| votes.iter().filter(is_in_band).copied().collect()).collect();
        if of_band.iter().any(|votes| !votes.is_empty()) {
            text += &band_row((low, high), &of_band);
        }
    }
    text
}

fn band_row((low, high): (u16, u16), groups: &[Vec<Judged>]) -> String {
    let mut text = match high {
        0 => "| unknown |".to_owned(),
        _ => format!("| {}–{} |", decimal(low), decimal(high)),
    };
    for votes in groups {
        let said: usize = votes.iter().map(|vote| usize::from(vote.confidence)).sum();
        let (said, right) = match high {
            0 => ("–".to_owned(), "–".to_owned()),
            _ => (percent(said, votes.len() * 1000), percent(count(votes, Outcome::Right), votes.len())),
        };
        let _ = write!(text, " {} | {said} | {right} |", votes.len());
    }
    text.push('\n');
    text
}

/// The wrong ones and those without an answer, a line each.
pub(crate) fn wrong<'a>(votes: impl IntoIterator<Item = &'a Vote>) -> String {
    let mut text = String::new();
    for vote in votes.into_iter().filter(|vote| vote.judged().outcome != Outcome::Right) {
        let evidence: Vec<String> = vote
            .evidence
            .iter()
            .map(|piece| format!("{}:{}", vote.ports[piece.side.index()], piece.kind.name()))
            .collect();
        let _ = writeln!(
            text,
            "- {} server {} client {} by {} {}: {}",
            vote.capture,
            vote.ports[vote.server.index()],
            vote.ports[vote.server.other().index()],
            vote.decision.basis,
            decimal(vote.decision.side_confidence),
            evidence.join(" ")
        );
    }
    text
}

pub(crate) fn count(votes: &[Judged], outcome: Outcome) -> usize {
    votes.iter().filter(|vote| vote.outcome == outcome).count()
}

/// A confidence as it is told: two digits.
pub(crate) fn decimal(permille: u16) -> String {
    format!("{:.2}", f64::from(permille) / 1000.0)
}

pub(crate) fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    #[allow(clippy::cast_precision_loss)] // counts of flows in test captures
    let share = 100.0 * part as f64 / whole as f64;
    format!("{share:.1}%")
}
