//! How often the side is right in captures whose handshakes were hidden.

use super::fit;
use super::tables::{Group, Judged, SIDE_BANDS, bands, shares};
use super::votes::{Vote, part_of};

/// Both parts, against the lower-port rule, and by confidence.
pub(crate) fn report(votes: &[Vote]) -> String {
    let parts = [0, 1]
        .map(|part| -> Vec<&Vote> { votes.iter().filter(|vote| part_of(&vote.capture) == part).collect() });
    let judged =
        |part: usize, how: &dyn Fn(&Vote) -> Judged| parts[part].iter().map(|vote| how(vote)).collect();
    let rules: [Group; 4] = [
        ("portolan, to fit on", judged(0, &Vote::judged)),
        ("lower port, to fit on", judged(0, &Vote::by_lower_port)),
        ("portolan, to check on", judged(1, &Vote::judged)),
        ("lower port, to check on", judged(1, &Vote::by_lower_port)),
    ];
    let by_part: [Group; 2] =
        [("to fit on", judged(0, &Vote::judged)), ("to check on", judged(1, &Vote::judged))];
    format!(
        "{}\n{}\nSlope of the confidence that suits best: {:.2} on the part to fit on, {:.2} on the one to check on.\n",
        shares("rule and part", &rules),
        bands("side confidence", &SIDE_BANDS, &by_part),
        fit::slope(&parts[0]),
        fit::slope(&parts[1])
    )
}
