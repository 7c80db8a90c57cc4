//! The command line: one file a subcommand, each a thin layer over the library.

mod duration;
mod exit;
mod explain;
mod interrupt;
mod output;
mod progress;
mod read;

pub(crate) use exit::Exit;

use std::io::{self, IsTerminal};

use clap::{Parser, Subcommand};
use portolan::report::ReportOptions;

use output::Output;

/// Which services the traffic is, in numbers that are true to the packet.
#[derive(Debug, Parser)]
#[command(name = "portolan", version, about, propagate_version = true)]
#[command(
    after_help = "Exit status: 0 done · 1 could not do it · 2 usage · 3 the input ended early or was broken: \
    partial result given · 4 --fail-on-loss and there was loss"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Read(read::Arguments),
    Explain(explain::Arguments),
}

/// The value, or the end of the program with the status and the help of wrong usage.
fn usage<T>(value: Result<T, impl std::fmt::Display>) -> T {
    use clap::{CommandFactory as _, error::ErrorKind};
    value.unwrap_or_else(|error| Arguments::command().error(ErrorKind::ValueValidation, error).exit())
}

/// How a report looks that goes to `output`: as wide as the terminal, and in colour if that is wanted.
fn report_options(top: usize, output: &Output) -> ReportOptions {
    let is_terminal = output.is_stdout() && io::stdout().is_terminal();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let of_environment = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = if is_terminal { of_terminal() } else { of_environment() };
    ReportOptions {
        top,
        width: width.unwrap_or(ReportOptions::default().width),
        colour: is_terminal && !no_colour,
    }
}

/// Runs the program with the arguments of the process.
///
/// # Errors
/// Why it could not do what it was asked to.
pub(crate) fn run() -> anyhow::Result<Exit> {
    match Arguments::parse().command {
        Command::Read(arguments) => read::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
    }
}
