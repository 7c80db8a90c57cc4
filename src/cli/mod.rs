//! The command line: one file a subcommand, each a thin layer over the library.

mod anonymize;
mod collector;
mod completions;
mod diff;
mod documents;
mod duration;
mod exit;
mod explain;
#[cfg(feature = "capture")]
mod interfaces;
mod interrupt;
#[cfg(feature = "live")]
mod live;
mod lookup;
mod man;
mod merge;
mod output;
mod page;
mod progress;
mod read;
mod records;
mod report;
mod rules;
mod say;
mod schema;
#[cfg(feature = "live")]
mod size;
mod talkers;

pub(crate) use exit::Exit;
pub(crate) use say::say;

use clap::{Parser, Subcommand};

/// Which services the traffic is, in numbers that are true to the packet.
#[derive(Debug, Parser)]
#[command(name = "portolan", version, about, propagate_version = true)]
#[command(
    after_help = "Exit status: 0 done · 1 could not do it · 2 usage · 3 the input ended early or was broken: \
    partial result given · 4 --fail-on-loss and there was loss · 5 diff --fail-over and something changed by more"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Read(read::Arguments),
    #[cfg(feature = "live")]
    Live(live::Arguments),
    #[cfg(feature = "capture")]
    Interfaces(interfaces::Arguments),
    Merge(merge::Arguments),
    Diff(diff::Arguments),
    Report(report::Arguments),
    Explain(explain::Arguments),
    Lookup(lookup::Arguments),
    Rules(rules::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// The value, or the end of the program with the status and the help of wrong usage.
fn usage<T>(value: Result<T, impl std::fmt::Display>) -> T {
    use clap::{CommandFactory as _, error::ErrorKind};
    value.unwrap_or_else(|error| Arguments::command().error(ErrorKind::ValueValidation, error).exit())
}

/// Runs the program with the arguments of the process.
///
/// # Errors
/// Why it could not do what it was asked to.
pub(crate) fn run() -> anyhow::Result<Exit> {
    match Arguments::parse().command {
        Command::Read(arguments) => read::run(&arguments),
        #[cfg(feature = "live")]
        Command::Live(arguments) => live::run(&arguments),
        #[cfg(feature = "capture")]
        Command::Interfaces(arguments) => interfaces::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Lookup(arguments) => lookup::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}
