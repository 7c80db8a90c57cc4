//! How often decisions about the recorded captures are right may not sink, and docs/accuracy.md has to say it.
//! `UPDATE_GOLDEN=1` writes the document anew; its part about captures that are not here stays.
#![cfg(feature = "cli")]
#![cfg(feature = "read")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../examples/accuracy/main.rs"]
#[allow(dead_code)] // its command line
mod accuracy;

use std::fs;
use std::path::Path;

use accuracy::document;
use accuracy::spoken::{self, Server};
use accuracy::tables::{Judged, Outcome, count};

/// Of the answered TCP sides without SYN packets so many are right at least, in permille.
const RIGHT_OF_ANSWERED: usize = 986;
/// Of all TCP sides without SYN packets so many are wrong at most, in permille.
const WRONG: usize = 12;
/// Of all TCP sides without SYN packets so many have no answer at most, in permille: servers on ports without a name.
const UNANSWERED: usize = 61;
/// Of the names with the handshakes so many are right at least, in permille.
const NAMES_RIGHT: usize = 888;
/// Of the names with the handshakes so many are wrong at most, in permille.
const NAMES_WRONG: usize = 14;

fn servers() -> Vec<Server> {
    spoken::servers(Path::new("testdata")).unwrap()
}

fn permille(votes: &[Judged], outcome: Outcome) -> usize {
    count(votes, outcome) * 1000 / votes.len()
}

#[test]
fn the_document_is_up_to_date() {
    let document = document::document(&servers(), &document::fetched_before());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(document::path(), &document).unwrap();
    }
    let found = fs::read_to_string(document::path()).unwrap_or_default();
    assert!(found == document, "docs/accuracy.md differs; UPDATE_GOLDEN=1 writes it anew");
}

#[test]
fn with_the_handshake_every_side_is_right() {
    let sides = spoken::sides(&servers(), false, true);
    assert!(sides.len() > 80);
    assert_eq!(count(&sides, Outcome::Right), sides.len());
}

#[test]
fn without_syn_packets_few_sides_are_wrong() {
    let sides = spoken::sides(&servers(), true, true);
    let [right, wrong] = [Outcome::Right, Outcome::Wrong].map(|outcome| count(&sides, outcome));
    let of_answered = right * 1000 / (right + wrong);
    assert!(of_answered >= RIGHT_OF_ANSWERED, "{of_answered} permille of the answered ones are right");
    let [wrong, unanswered] = [Outcome::Wrong, Outcome::Unknown].map(|outcome| permille(&sides, outcome));
    assert!(wrong <= WRONG && unanswered <= UNANSWERED, "{wrong} permille wrong, {unanswered} unanswered");
}

#[test]
fn few_names_are_wrong() {
    let names = spoken::names(&servers(), false);
    let [right, wrong] = [Outcome::Right, Outcome::Wrong].map(|outcome| permille(&names, outcome));
    assert!(right >= NAMES_RIGHT && wrong <= NAMES_WRONG, "{right} permille right, {wrong} wrong");
}
