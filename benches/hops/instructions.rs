//! The hops once more, for `benches/check-instructions` to count their instructions.
//!
//! Without arguments it lists them; with the name of one it does that one and prints how many packets or flows there
//! were. It is an example, for benches are not built as the program is: they unwind.
#![allow(clippy::unwrap_used, missing_docs)]

mod capture;
mod hops;

use std::fs::{self, File};

use portolan::source::CaptureReader;

use hops::{Load, Measure};

/// How often a hop is done. Hash seeds are random, so tables are filled a little differently each time.
const TIMES: u64 = 4;

struct Counted {
    /// The hop to do; without it they are listed.
    wanted: Option<String>,
}

impl Measure for Counted {
    /// Out of a file: copying a block is the kernel's work there, and not counted, as the C library's would be, by
    /// other instructions on another processor.
    fn open(capture: &'static [u8]) -> CaptureReader {
        let path = std::env::temp_dir().join(format!("portolan-counted-{}", std::process::id()));
        fs::write(&path, capture).unwrap();
        let file = File::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        CaptureReader::from_reader(file).unwrap()
    }

    fn hop<I, F, O>(
        &mut self,
        name: &str,
        input: impl FnOnce() -> (Load, I),
        fresh: impl Fn(&I) -> F,
        work: impl Fn(&I, F) -> O,
    ) {
        match &self.wanted {
            None => println!("{name}"),
            Some(wanted) if wanted == name => {
                let (load, input) = input();
                for _ in 0..TIMES {
                    let made = fresh(&input);
                    counted(|| work(&input, made));
                }
                match load {
                    Load::Packets(count) => println!("packet,{}", count * TIMES),
                    Load::Flows(count) => println!("flow,{}", count * TIMES),
                }
            }
            Some(_) => {}
        }
    }
}

/// Callgrind is told to count what happens in functions of this name.
#[inline(never)]
fn counted<O>(work: impl FnOnce() -> O) -> O {
    work()
}

fn main() {
    hops::measure(&mut Counted { wanted: std::env::args().nth(1) });
}
