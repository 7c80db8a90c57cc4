//! How steeply confidence should rise with the gap in the evidence.

use std::collections::HashMap;

use super::votes::Vote;
use portolan::net::Side;

/// Gaps, in hundredths, that get an invented right vote and an invented wrong one each: what was never seen wrong in a
/// few captures is not certain.
const DOUBTS: [f64; 3] = [60.0, 150.0, 300.0];

/// Gaps from here on, in hundredths, are taken for sure anyway.
const SURE: f64 = 390.0;

/// A vote by evidence: the gap in favour of the true side in hundredths, and its weight.
type Weighed = (f64, f64);

/// The slope for which the votes are the likeliest: the confidence of a gap g, in hundredths, is 1 / (1 + e^(-slope g / 100)).
/// Each capture weighs as one vote, whatever it holds, for its connections resemble each other.
pub(crate) fn slope(votes: &[&Vote]) -> f64 {
    let mut of_capture: HashMap<&str, f64> = HashMap::new();
    let is_unsure = |vote: &&&Vote| vote.decision.basis.name() == "evidence" && gap(vote).abs() < SURE;
    let by_evidence = || votes.iter().filter(is_unsure);
    for vote in by_evidence() {
        *of_capture.entry(&vote.capture).or_default() += 1.0;
    }
    let mut weighed: Vec<Weighed> =
        by_evidence().map(|vote| (gap(vote), 1.0 / of_capture[vote.capture.as_str()])).collect();
    weighed.extend(DOUBTS.into_iter().flat_map(|gap| [(gap, 0.5), (-gap, 0.5)]));
    let slopes = (10..=500).map(|hundredths| f64::from(hundredths) / 100.0);
    slopes
        .max_by(|one, other| likelihood(&weighed, *one).total_cmp(&likelihood(&weighed, *other)))
        .unwrap_or(1.0)
}

fn gap(vote: &Vote) -> f64 {
    let sum = |side: Side| -> i32 {
        vote.evidence.iter().filter(|piece| piece.side == side).map(|piece| piece.kind.points()).sum()
    };
    f64::from(sum(vote.server) - sum(vote.server.other()))
}

/// The logarithm of the likelihood of all votes.
fn likelihood(votes: &[Weighed], slope: f64) -> f64 {
    votes.iter().map(|(gap, weight)| -weight * (1.0 + (-slope * gap / 100.0).exp()).ln()).sum()
}
