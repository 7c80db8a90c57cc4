//! How often the service side is right where no handshake shows it.
//!
//! `cargo run --release --example accuracy -- [--half] [--features FILE] CAPTURE...` hides the handshakes of captures (files, or
//! directories of them) and compares what is then decided with what the handshakes say. Captures are parted in two by
//! their names: on one part weights and confidences may be fitted, the other one checks them.
#![allow(clippy::unwrap_used)]

mod fit;
mod tables;
mod votes;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portolan::classify::PortTable;
use votes::{Hidden, Vote, votes_of};

fn main() {
    let mut paths = Vec::new();
    let (mut hidden, mut features, mut wrong) = (Hidden::All, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--half" => hidden = Hidden::Half,
            "--wrong" => wrong = true,
            "--features" => features = arguments.next(),
            _ => paths.extend(captures_in(Path::new(&argument))),
        }
    }
    let table = Arc::new(PortTable::built_in());
    let votes: Vec<Vote> =
        paths.iter().flat_map(|path| votes_of(path, hidden, &table).unwrap_or_default()).collect();
    let (fitting, checking): (Vec<&Vote>, Vec<&Vote>) =
        votes.iter().partition(|vote| is_for_fitting(&vote.capture));
    println!(
        "slope of the confidence: {:.2} on the part to fit on, {:.2} on the other\n",
        fit::slope(&fitting),
        fit::slope(&checking)
    );
    for (name, votes) in [("to fit on", fitting), ("to check on", checking)] {
        println!("{}", tables::report(name, &votes));
        if wrong {
            print!("{}", tables::wrong(&votes));
        }
    }
    if let Some(file) = features {
        let mut out = std::fs::File::create(file).unwrap();
        for vote in &votes {
            writeln!(out, "{}", tables::features(vote, is_for_fitting(&vote.capture))).unwrap();
        }
    }
}

fn captures_in(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() { portolan::source::captures_in(path).unwrap().0 } else { vec![path.to_owned()] }
}

/// Half of all names: those whose letters add up to an even number.
fn is_for_fitting(name: &str) -> bool {
    name.bytes().map(u32::from).sum::<u32>().is_multiple_of(2)
}
